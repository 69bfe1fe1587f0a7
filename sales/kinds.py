"""The kinds of scripts: what a document of a kind looks like, how it is checked, compared, shown and played.

Apps register their kinds in `ready()`; versions, the editor, import and hot reload are the same for all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext
from pydantic import BaseModel

from relove.models import TelegramUser
from sales.problems import Path, Problem


class UnknownKind(KeyError):
    """No app has registered this kind of script."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference by meaning: a sentence, and where it stands in the newer document (the older if gone).

    `step` is the key of the step it is about: dialogues that stand there feel it.
    """

    text: str
    path: Path = ()
    step: str = ""
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What a script says to one message. `state` is JSON, handed in again with the next message.

    `reply` is "" when nothing is said by itself; `why` is a sentence for the person who looks on.
    """

    state: dict[str, Any]
    reply: str
    strategy: str = ""
    trigger: str = ""
    step: str = ""
    action: str = ""
    why: str = ""
    score: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


class Player(Protocol):
    """Talks as the document says: an empty state begins a dialogue."""

    def __call__(
        self, document: Any, state: dict[str, Any], message: str, client: TelegramUser | None
    ) -> Turn: ...


@dataclass(frozen=True, slots=True)
class Sample:
    """A text as people would receive it: a title and the text."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a document as a box of its graph. `kind` is how it looks: start, step, lost (nothing leads
    there) or action; `path` is where it stands in the document, () where it does not."""

    key: str
    title: str
    note: str = ""
    kind: str = "step"
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from one node to another, by their keys. `kind`: way, limit or action."""

    origin: str
    to: str
    label: str = ""
    kind: str = "way"


@dataclass(frozen=True, slots=True)
class Graph:
    """How the parts of a document lead to one another. `names`: what the fields of these names may hold."""

    nodes: list[Node]
    edges: list[Edge]
    names: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScriptKind:
    """A kind of script by its name in sales_scripts.kind.

    `check` finds what the model alone cannot, `difference` compares (old, new), `example` is a document in
    YAML to begin with. A kind without dialogues has no player; its preview shows texts instead. A kind whose
    parts lead to one another has a graph. Of a kind that is single one script at most is in use. `triggers`
    are the parts that script_triggers shows.
    """

    name: str
    title: Promise | str
    model: type[BaseModel]
    check: Callable[[Any], list[Problem]]
    difference: Callable[[Any, Any], list[Change]]
    example: str
    preview: Callable[[Any, TelegramUser | None], list[Sample]] | None = None
    player: Player | None = None
    graph: Callable[[Any], Graph] | None = None
    triggers: Callable[[Any], Sequence[Any]] | None = None
    is_single: bool = False


_kinds: dict[str, ScriptKind] = {}


def register(kind: ScriptKind) -> None:
    _kinds[kind.name] = kind


def get(name: str) -> ScriptKind:
    """Raises UnknownKind."""
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKind(name) from None


def every() -> list[ScriptKind]:
    return list(_kinds.values())


def json_schema(kind: ScriptKind) -> dict[str, Any]:
    """The JSON Schema of the kind's documents, its descriptions in the language of the reader."""
    return _translated(kind.model.model_json_schema())  # type: ignore[no-any-return]


def _translated(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_translated(item) for item in schema]
    if isinstance(schema, dict):
        return {
            name: gettext(value) if name == "description" and isinstance(value, str) else _translated(value)
            for name, value in schema.items()
        }
    return schema
