"""From a text somebody wrote to a document that may be used: everything wrong is said at once, with its place."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sales.kinds import ScriptKind
from sales.nodes import READERS, WRITERS, Node, first_comment
from sales.parts import KEY_PATTERN
from sales.problems import Path, Problem, Refused, one_of

MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Reading:
    """A document that is right: the model, the same as JSON values, and what deserves a second look."""

    document: Any
    data: dict[str, Any]
    warnings: list[Problem]


def read(kind: ScriptKind, source: str | bytes, form: str) -> Reading:
    """Read and check a document. `form` is "yaml" or "json". Raises Refused with every problem there is."""
    text = _text(source)
    node = READERS[form](text)
    try:
        found = validated(kind, node.value)
    except Refused as refused:
        raise Refused(_placed(problem, node) for problem in refused.problems) from None
    warnings = [_placed(problem, node) for problem in found.warnings]
    return replace(found, warnings=[*warnings, *(_lost(text) if form == "yaml" else [])])


def _lost(text: str) -> list[Problem]:
    """A warning where comments stand, which are not part of the document."""
    spot = first_comment(text)
    said = _("Comments are not stored: when the text is opened again, they are gone.")
    return [Problem(said, line=spot[0], column=spot[1], is_warning=True)] if spot else []


def problems(kind: ScriptKind, source: str | bytes, form: str) -> list[Problem]:
    """Mistakes and warnings of a text, with their places; none for a good one."""
    try:
        return read(kind, source, form).warnings
    except Refused as refused:
        return refused.problems


def validated(kind: ScriptKind, data: Any) -> Reading:
    """Check values that have no text (an import, a stored version). Raises Refused."""
    try:
        document = kind.model.model_validate(data)
    except ValidationError as error:
        raise Refused(_problem(details, data, kind.model) for details in error.errors()) from None
    found = kind.check(document)
    if any(not problem.is_warning for problem in found):
        raise Refused(found)
    return Reading(document, dumped(document), found)


def dumped(document: BaseModel) -> dict[str, Any]:
    """A document as JSON values: what its author wrote, in the order of the model's fields."""
    return document.model_dump(mode="json", exclude_unset=True)


def written(kind: ScriptKind, data: dict[str, Any], form: str) -> str:
    """The text of a stored document: YAML or JSON, both say the same.

    PostgreSQL forgets the order of an object's fields; the model restores it, where the document still is one.
    """
    with suppress(ValidationError):  # a version of an older shape, or from a file: shown as it is stored
        data = dumped(kind.model.model_validate(data))
    return WRITERS[form](data)


def converted(source: str | bytes, form: str, into: str) -> str:
    """The same values in the other form, also while the document is not right yet. Raises Refused."""
    return WRITERS[into](READERS[form](_text(source)).value)


def _text(source: str | bytes) -> str:
    data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    if len(data) > MAX_BYTES:
        raise Refused([Problem(_("The document is larger than 1 MB."))])
    try:
        return source.removeprefix("\ufeff") if isinstance(source, str) else source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise Refused([Problem(_("The file is not in UTF-8."), line=line, column=column)]) from None


def _placed(problem: Problem, root: Node) -> Problem:
    node = place(root, problem.path)
    return replace(problem, line=node.line, column=node.column)


def place(root: Node, path: Path) -> Node:
    """The node at a path of the document, or the nearest part around it."""
    node = root
    for part in path:
        if part not in node.inside:
            break
        node = node.inside[part]
    return node


def _problem(details: ErrorDetails, data: Any, model: type[BaseModel]) -> Problem:
    path = _path(details["loc"], data)
    say = SAYINGS.get(details["type"], _own)
    message, expected = say(details, path)
    if details["type"] == "union_tag_invalid":
        path = (*path, "kind")
    if details["type"] == "extra_forbidden":
        expected = one_of(_fields_beside(details["loc"], model), str(path[-1]))
    return Problem(message, path, expected)


def _path(location: tuple[int | str, ...], data: Any) -> Path:
    """Where it is in the document: pydantic's own path names the kind of a trigger too, which is no field."""
    path: list[str | int] = []
    at = data
    for i, part in enumerate(location):
        is_tag = isinstance(at, dict) and at.get("kind") == part and i and isinstance(location[i - 1], int)
        if is_tag:
            continue
        path.append(part)
        try:
            at = at[part]
        except (KeyError, IndexError, TypeError):
            at = None
    return tuple(path)


def _fields_beside(location: tuple[int | str, ...], model: type[BaseModel]) -> set[str]:
    """Names of the fields that the object with an unknown field may have."""
    schema: Any = model.model_json_schema()
    parts = schema.get("$defs", {})
    at: Any = schema
    for part in location[:-1]:
        at = _resolved(at, parts)
        if isinstance(part, int):
            at = at.get("items", {})
        elif "discriminator" in at:
            at = {"$ref": at["discriminator"]["mapping"].get(part, "")}
        else:
            at = at.get("properties", {}).get(part, {})
    return set(_resolved(at, parts).get("properties", {}))


def _resolved(schema: Any, parts: dict[str, Any]) -> Any:
    """The schema itself behind a reference, and behind "or null"."""
    for option in schema.get("anyOf", []):
        if "$ref" in option:
            schema = option
    return parts.get(schema["$ref"].rpartition("/")[2], {}) if "$ref" in schema else schema


Saying = Callable[[ErrorDetails, Path], tuple[str, str]]


def _missing(details: ErrorDetails, path: Path) -> tuple[str, str]:
    return _("The field “%(name)s” is missing.") % {"name": path[-1] if path else ""}, ""


def _unknown_field(details: ErrorDetails, path: Path) -> tuple[str, str]:
    return _("There is no field “%(name)s” here.") % {"name": path[-1] if path else ""}, ""


def _short(details: ErrorDetails, path: Path) -> tuple[str, str]:
    least = details["ctx"]["min_length"]
    return _("This is empty or too short."), _("at least %(count)s") % {"count": least}


def _long(details: ErrorDetails, path: Path) -> tuple[str, str]:
    return _("This is too long."), _("at most %(count)s") % {"count": details["ctx"]["max_length"]}


def _pattern(details: ErrorDetails, path: Path) -> tuple[str, str]:
    if details["ctx"]["pattern"] == KEY_PATTERN:
        return _("This is no key."), _("small letters, digits, - and _, begun by a letter")
    return _("This text is empty."), _("a text with words in it")


def _range(details: ErrorDetails, path: Path) -> tuple[str, str]:
    least = details["ctx"].get("ge")
    if least is not None:
        return _("This number is too small."), _("at least %(count)s") % {"count": least}
    return _("This number is too large."), _("at most %(count)s") % {"count": details["ctx"].get("le")}


def _choice(details: ErrorDetails, path: Path) -> tuple[str, str]:
    known = re.findall(r"'([^']*)'", str(details["ctx"].get("expected_tags") or details["ctx"].get("expected")))
    written = str(details["ctx"].get("tag", details["input"]))
    return _("“%(name)s” is not known here.") % {"name": written}, one_of(known, written)


def _no_kind(details: ErrorDetails, path: Path) -> tuple[str, str]:
    return _("The field “%(name)s” is missing.") % {"name": "kind"}, ""


def _own(details: ErrorDetails, path: Path) -> tuple[str, str]:
    """An error of our own models, said in the reader's language already; others have no better words."""
    said = details["msg"] if details["type"] in OWN else _("this value is not allowed here")
    return f"{said[:1].upper()}{said[1:]}.", ""


def _typed(expected: str) -> Saying:
    def say(details: ErrorDetails, path: Path) -> tuple[str, str]:
        return _("A value of another type stands here."), _(expected)

    return say


OWN = {"harmful_text", "one_target", "bad_pattern", "slow_pattern", "wrong_text"}
SAYINGS: dict[str, Saying] = {
    "missing": _missing,
    "extra_forbidden": _unknown_field,
    "too_short": _short,
    "string_too_short": _short,
    "too_long": _long,
    "string_too_long": _long,
    "string_pattern_mismatch": _pattern,
    "greater_than_equal": _range,
    "less_than_equal": _range,
    "literal_error": _choice,
    "union_tag_invalid": _choice,
    "union_tag_not_found": _no_kind,
    "string_type": _typed(noop("a text; numbers and yes or no need quotation marks")),
    "list_type": _typed(noop("a list")),
    "int_type": _typed(noop("a whole number")),
    "int_from_float": _typed(noop("a whole number")),
    "float_type": _typed(noop("a number")),
    "bool_type": _typed(noop("true or false")),
    "model_type": _typed(noop("an object with fields")),
    "dict_type": _typed(noop("an object with fields")),
    "model_attributes_type": _typed(noop("an object with fields")),
}
