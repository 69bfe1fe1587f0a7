"""Use cases of scripts: save, publish, go back, switch on. One transaction each.

Every version comes from `save` (a person, an import) or `roll_back`; nothing else writes content.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from relove import live, oplog
from relove.models import Staff
from sales import kinds, reading, trials
from sales.kinds import ScriptKind
from sales.models import SalesScript, ScriptTrigger, ScriptVersion
from sales.models.scripts import Running, VersionState
from sales.trials import Trial

TABLE = "sales_scripts"
# pages that show scripts and versions
TOPIC = live.topic("scripts", "sales.view_salesscript")


class ReasonMissing(ValueError):
    """A step that is kept needs a word why."""

    def __init__(self) -> None:
        super().__init__(_("Say in a few words what has changed and why."))


class Conflict(ValueError):
    """Somebody has saved since the version a person started from; `latest` is what they saved."""

    def __init__(self, latest: ScriptVersion) -> None:
        self.latest = latest
        who = str(latest.history_user or _("somebody"))
        super().__init__(
            _("Meanwhile %(who)s has saved version %(number)s.") % {"who": who, "number": latest.number}
        )


class Blocked(ValueError):
    """Saved dialogues that no longer go as they should; `trials` holds all that were played."""

    def __init__(self, played: list[Trial]) -> None:
        self.trials = played
        names = ", ".join(f"«{trial.test.name}»" for trial in played if not trial.passed)
        super().__init__(_("Saved dialogues no longer go as they should: %(names)s.") % {"names": names})


@dataclass(frozen=True, slots=True)
class Published:
    """A version that is live now, and how the saved dialogues went with it."""

    version: ScriptVersion
    trials: list[Trial]


@transaction.atomic
def create(
    kind: str,
    name: str,
    data: Any,
    *,
    reason: str,
    who: Staff | None,
    now: datetime,
    description: str = "",
) -> SalesScript:
    """A new script with its first version, not published. Raises Refused, ReasonMissing, UnknownKind."""
    found = reading.validated(kinds.get(kind), data)
    script = SalesScript(kind=kind, name=name, description=description, created_by=who)
    write(script, found.data, reason, who, now)
    return script


@transaction.atomic
def save(
    script_id: int,
    data: Any,
    *,
    started_from: int,
    reason: str,
    who: Staff | None,
    now: datetime,
    name: str | None = None,
    description: str | None = None,
) -> ScriptVersion:
    """A new version, not published. `started_from` is the number of the version that was edited.

    Raises Conflict when a newer one is there, Refused for a document with mistakes, ReasonMissing.
    """
    script = locked(script_id)
    if script.number != started_from:
        raise Conflict(script.latest())
    found = reading.validated(kinds.get(script.kind), data)
    script.name = script.name if name is None else name
    script.description = script.description if description is None else description
    return write(script, found.data, reason, who, now)


def publish(
    script_id: int,
    number: int,
    *,
    who: Staff | None,
    now: datetime,
    running: Running = Running.STAY,
    override: str = "",
) -> Published:
    """Make a version live. Its saved dialogues are played before: red ones raise Blocked.

    `override` is a reason to publish nevertheless; it is logged. Raises Refused where the version's
    document is right no longer (an action has gone).
    """
    version = SalesScript.objects.get(id=script_id).version(number)
    played = _played(version, now)
    if any(not trial.passed for trial in played) and not override.strip():
        raise Blocked(played)
    with transaction.atomic():
        _go_live(locked(script_id), version, who, now, running, reason=override.strip())
    return Published(version, played)


def roll_back(
    script_id: int,
    number: int,
    *,
    reason: str,
    who: Staff | None,
    now: datetime,
    running: Running = Running.STAY,
) -> Published:
    """A new version with the content of an old one, live at once; saved dialogues warn and do not block."""
    with transaction.atomic():
        script = locked(script_id)
        old = script.version(number)
        found = reading.validated(kinds.get(script.kind), old.content)
        script.name, script.description = old.name, old.description
        version = write(script, found.data, reason, who, now)
        _go_live(script, version, who, now, running, reason=reason.strip())
    return Published(version, _played(version, now))


@transaction.atomic
def set_mode(script_id: int, mode: str, *, reason: str, who: Staff, now: datetime) -> None:
    """Let the script answer by itself, or as drafts for a person. Raises ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
    script = locked(script_id)
    SalesScript.objects.filter(id=script_id).update(mode=SalesScript.Mode(mode), updated_at=now)
    _log("set_script_mode", script, who, old=script.mode, new=mode, reason=reason.strip())


@transaction.atomic
def activate(script_id: int, is_active: bool, *, who: Staff | None, now: datetime) -> None:
    """Switch a script on or off; of a kind that is single the others go off."""
    script = locked(script_id)
    if is_active and kinds.get(script.kind).is_single:
        for other in SalesScript.objects.in_use(script.kind).exclude(id=script_id).select_for_update():
            _switch(other, False, who, now)
    _switch(script, is_active, who, now)


def _switch(script: SalesScript, is_active: bool, who: Staff | None, now: datetime) -> None:
    SalesScript.objects.filter(id=script.id).update(is_active=is_active, updated_at=now)
    _log("switch_script", script, who, is_active=is_active)


def locked(script_id: int) -> SalesScript:
    script: SalesScript = SalesScript.objects.select_for_update().get(id=script_id)
    return script


def write(
    script: SalesScript, data: dict[str, Any], reason: str, who: Staff | None, now: datetime
) -> ScriptVersion:
    """The one place that writes a version: the draft's row, and its history with the next number."""
    if not reason.strip():
        raise ReasonMissing
    script.content = data
    script.number += 1
    script._change_reason = reason.strip()
    script._history_user = who
    script._history_date = now
    script.save()
    live.publish(TOPIC)
    return script.latest()


def _played(version: ScriptVersion, now: datetime) -> list[Trial]:
    """The script's saved dialogues, played with this version. Outside of transactions: a model may be asked."""
    kind = kinds.get(version.kind)
    document = reading.validated(kind, version.content).document
    tests = list(SalesScript.objects.get(id=version.script_id).tests.order_by("id"))
    return trials.play(kind, document, tests, now)


def _go_live(
    script: SalesScript, version: ScriptVersion, who: Staff | None, now: datetime, running: Running, reason: str
) -> None:
    """Move the pointer: whoever reads it after this transaction commits answers by the version."""
    versions = script.history
    versions.filter(state=VersionState.LIVE).update(state=VersionState.RETIRED)
    versions.filter(number=version.number).update(
        state=VersionState.LIVE, published_at=now, published_by=who, running=running
    )
    SalesScript.objects.filter(id=script.id).update(live=version.history_id, updated_at=now)
    project_triggers(kinds.get(script.kind), script.id, version.document())
    _log("publish_script", script, who, number=version.number, running=str(running), reason=reason)


def project_triggers(kind: ScriptKind, script_id: int, document: Any) -> None:
    """Let script_triggers follow a document: rows by key, so that hits stay; what is gone is switched off."""
    if kind.triggers is None:
        return
    rows = [
        ScriptTrigger(
            script_id=script_id,
            key=trigger.key,
            title=trigger.title,
            kind=trigger.kind,
            priority=trigger.priority,
            definition=reading.dumped(trigger),
        )
        for trigger in kind.triggers(document)
    ]
    mine = ScriptTrigger.objects.filter(script_id=script_id)
    mine.exclude(key__in=[row.key for row in rows]).update(is_active=False)
    ScriptTrigger.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["script", "key"],
        update_fields=["title", "kind", "priority", "definition", "is_active"],
    )


def _log(what: str, script: SalesScript, who: Staff | None, **details: Any) -> None:
    """Keep who did it, and let pages that show the script fetch it afresh."""
    live.publish(TOPIC)
    if who is not None:
        oplog.log_activity(what, staff_id=who.id, subject=(TABLE, script.id), **details)
