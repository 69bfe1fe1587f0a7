"""Reading scripts to answer by: the live version of a script in use, at once after it was published.

The pointer is read from the database for every answer, a fraction of a millisecond, so that no process can be
behind another. What a version says never changes: it is kept for a day in the cache and, parsed, in memory,
both under keys that carry the version. Synchronous; event loops go through relove.db.in_thread.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from relove.kept import Shelf
from sales import kinds
from sales.models import SalesScript, ScriptVersion

CONTENTS = Shelf("scripts", seconds=24 * 3600)
POINTER = ("id", "kind", "name", "mode", "live_id", "live__number", "live__history_date")


@dataclass(frozen=True, slots=True)
class LiveScript:
    """A script as it answers now. `version_id` names the version for good, `number` names it to people."""

    script_id: int
    kind: str
    name: str
    mode: str
    version_id: int
    number: int
    document: Any

    @property
    def is_automatic(self) -> bool:
        return self.mode == SalesScript.Mode.AUTOMATIC


def in_use(kind: str) -> LiveScript | None:
    """The script of this kind that is in use; of several the oldest."""
    return _live(SalesScript.objects.in_use(kind).order_by("id"))


def get(script_id: int) -> LiveScript | None:
    """A script by its live version, in use or not; None before its first publishing."""
    return _live(SalesScript.objects.filter(id=script_id, live__isnull=False))


def document_of(version: ScriptVersion) -> Any:
    """The document of any version, for dialogues that stay on theirs; its `content` may be deferred."""
    return _document(version.kind, version.history_id, version.history_date)


def _live(scripts: Any) -> LiveScript | None:
    row = scripts.values_list(*POINTER).first()
    if row is None:
        return None
    script_id, kind, name, mode, version_id, number, saved_at = row
    return LiveScript(script_id, kind, name, mode, version_id, number, _document(kind, version_id, saved_at))


@lru_cache(maxsize=64)
def _document(kind: str, version_id: int, saved_at: datetime) -> Any:
    """`saved_at` tells a version from one of the same id in a database that was restored.

    Checked when it was published: an action that has gone since must not silence everything else it says.
    """
    content = CONTENTS.get(version_id, saved_at.isoformat(), lambda: _content(version_id))
    return kinds.get(kind).model.model_validate(content)


def _content(version_id: int) -> Any:
    return ScriptVersion.objects.values_list("content", flat=True).get(history_id=version_id)
