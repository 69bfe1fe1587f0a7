"""Scripts as files: what one holds, and how what was read from one is taken over.

A file never publishes and never overwrites: its content becomes a new version that nobody is answered by, as if
a person had saved it. Saved dialogues are taken by their names. With its versions ("everything") a script that
is not here yet comes with its whole history; one that is here goes on with the versions it lacks, as long as
both histories are one up to there. Where they part, ours stays, and only the file's content is taken.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pydantic import BaseModel, ConfigDict, Field

from relove.models import Staff
from sales import kinds, reading, services
from sales.models import SalesScript, ScriptTest, ScriptVersion
from sales.problems import Refused
from sales.trials import SavedDialogue


class TestRecord(BaseModel):
    name: str = Field(min_length=1, max_length=128)
    dialogue: SavedDialogue


class VersionRecord(BaseModel):
    """A version as it was: its author is found again by the user name."""

    number: int = Field(ge=1)
    author: str = ""
    time: datetime
    reason: str = Field(min_length=1)
    name: str = Field(min_length=1, max_length=128)
    description: str = ""
    content: dict[str, Any]


class Record(BaseModel):
    """One script in a file. `number` is the version the file was taken from; `versions` only in "everything"."""

    model_config = ConfigDict(extra="ignore")

    kind: str
    name: str = Field(min_length=1, max_length=128)
    description: str = ""
    mode: SalesScript.Mode = SalesScript.Mode.DRAFT
    number: int = 0
    content: dict[str, Any]
    tests: list[TestRecord] = Field(default_factory=list)
    versions: list[VersionRecord] = Field(default_factory=list)


@dataclass(slots=True)
class Taken:
    """What has become of a record: the script, and sentences for the person who looks at a dry run."""

    script: SalesScript
    notes: list[str] = field(default_factory=list)


def versions_of(script: SalesScript) -> list[dict[str, Any]]:
    """The script's whole history as VersionRecords, oldest first."""
    rows = script.history.select_related("history_user").order_by("number")
    return [
        VersionRecord(
            number=row.number,
            author=row.history_user.username if row.history_user else "",
            time=row.history_date,
            reason=row.history_change_reason,
            name=row.name,
            description=row.description,
            content=row.content,
        ).model_dump(mode="json")
        for row in rows
    ]


def tests_of(script: SalesScript) -> list[dict[str, Any]]:
    return [{"name": test.name, "dialogue": test.dialogue} for test in script.tests.order_by("id")]


def is_same(script: SalesScript, record: Record) -> bool:
    """Whether the record says nothing that the script does not."""
    if _later(script, record):
        return False
    tests = {test["name"]: test["dialogue"] for test in tests_of(script)}
    return (
        (script.content, script.description, script.mode) == (record.content, record.description, record.mode)
        and all(tests.get(test.name) == reading.dumped(test.dialogue) for test in record.tests)
    )  # fmt: skip


@transaction.atomic
def take(record: Record, *, source: str, who: Staff, now: datetime) -> Taken:
    """Take a script over from the file `source`. Raises Refused for a wrong document, UnknownKind."""
    reason = _("import of %(file)s") % {"file": source}
    script = SalesScript.objects.select_for_update().filter(kind=record.kind, name=record.name).first()
    taken = _renewed(script, record, reason, who, now) if script else _created(record, reason, who, now)
    if taken.script.mode != record.mode:
        services.set_mode(taken.script.id, record.mode, reason=reason, who=who, now=now)
        mode = SalesScript.Mode(record.mode).label
        taken.notes.append(_("The mode becomes “%(mode)s”.") % {"mode": mode})
    for test in record.tests:
        ScriptTest.objects.update_or_create(
            script=taken.script,
            name=test.name,
            defaults={"dialogue": reading.dumped(test.dialogue)},
            create_defaults={"dialogue": reading.dumped(test.dialogue), "created_by": who},
        )
    return taken


def _renewed(script: SalesScript, record: Record, reason: str, who: Staff, now: datetime) -> Taken:
    """A new version of a script that is here; a file taken from an older one is a conflict to be looked at."""
    taken = Taken(script, _continued(script, record))
    if record.number and record.number != script.number:
        said = _("Conflict: the file was taken from version %(theirs)s, version %(ours)s is here.")
        taken.notes.append(said % {"theirs": record.number, "ours": script.number})
    if record.versions and not _shares(script, record):
        taken.notes.append(_("The histories part: ours stays, and of the file only what it says now is taken."))
    if (script.content, script.description) != (record.content, record.description):
        taken.notes += _changes(script, record.content)
        version = services.save(
            script.id,
            record.content,
            started_from=script.number,
            reason=reason,
            who=who,
            now=now,
            description=record.description,
        )
        taken.notes.append(_("It becomes version %(number)s, not published.") % {"number": version.number})
    return taken


def _continued(script: SalesScript, record: Record) -> list[str]:
    """Add the versions that only the file has, each under its number, author and time."""
    if not (later := _later(script, record)):
        return []
    reading.validated(kinds.get(script.kind), record.content)
    for version in later:
        _restore(script, version)
    said = _("Versions %(first)s to %(last)s of the file are added, not published.")
    return [said % {"first": later[0].number, "last": later[-1].number}]


def _later(script: SalesScript, record: Record) -> list[VersionRecord]:
    """The file's versions after our newest one, where the file has that too."""
    later = [version for version in record.versions if version.number > script.number]
    return sorted(later, key=lambda version: version.number) if _shares(script, record) else []


def _shares(script: SalesScript, record: Record) -> bool:
    """Whether our newest version stands in the file just so: then both histories are one up to there."""
    ours = script.latest()
    told = [(one.content, one.time) for one in record.versions if one.number == ours.number]
    return told == [(ours.content, ours.history_date)]


def _changes(script: SalesScript, content: dict[str, Any]) -> list[str]:
    kind = kinds.get(script.kind)
    new = reading.validated(kind, content).document
    try:
        old = reading.validated(kind, script.content).document
    except Refused:
        # an action has gone since it was saved: there is nothing to compare with
        return []
    return [change.text for change in kind.difference(old, new)]


def _created(record: Record, reason: str, who: Staff, now: datetime) -> Taken:
    found = reading.validated(kinds.get(record.kind), record.content)
    script = SalesScript(kind=record.kind, created_by=who)
    for version in sorted(record.versions, key=lambda version: version.number):
        _restore(script, version)
    script.name, script.description = record.name, record.description
    if not record.versions or script.content != found.data:
        services.write(script, found.data, reason, who, now)
    count = script.history.count()
    said = ngettext(
        "A new script with %(count)s version, not published.",
        "A new script with %(count)s versions, not published.",
        count,
    )
    return Taken(script, [said % {"count": count}])


def _restore(script: SalesScript, version: VersionRecord) -> ScriptVersion:
    """A version under its own number; an author nobody knows here is kept in its reason."""
    author = Staff.objects.filter(username=version.author).first() if version.author else None
    reason = version.reason if author or not version.author else f"{version.reason} · {version.author}"
    script.name, script.description, script.number = version.name, version.description, version.number - 1
    return services.write(script, version.content, reason, author, version.time)
