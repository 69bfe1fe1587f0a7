"""Pausing and going on, at every level; asked of by the outbox at the moment of sending."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts_mgmt import health, outbox
from accounts_mgmt.claims import GUARD
from accounts_mgmt.models import AccountSecurityLog
from accounts_mgmt.pause_models import Pause, PauseQuerySet, RunnerBeat
from relove import desk, live, oplog
from relove.db import notify
from relove.models import Staff

Level = Pause.Level
TOPIC = live.topic("pauses", "accounts_mgmt.view_pause")
COUNT = "everything_paused"


@dataclass(frozen=True, slots=True)
class Obeyed:
    """How many of the runners that live have stopped sending."""

    stopped: int
    runners: int

    @property
    def by_all(self) -> bool:
        return self.stopped == self.runners


def set_pause(
    level: str, target_id: int | None, staff: Staff, *, until: datetime | None = None, reason: str = ""
) -> Pause:
    """Hold back whatever it concerns, from the commit on. A pause that stands already is replaced."""
    with transaction.atomic():
        _end(Pause.objects.in_force().of(level, target_id), staff, "")
        pause = Pause.objects.create(level=level, target_id=target_id, until=until, reason=reason, paused_by=staff)
        _log(pause, staff, AccountSecurityLog.Event.PAUSED, reason)
        tell()
    return pause


def lift(level: str, target_id: int | None, staff: Staff, reason: str = "") -> bool:
    """End the pause, if one stands: what waited leaves at its pace, what has become too late is marked."""
    return end(Pause.objects.in_force().of(level, target_id), staff, reason)


@transaction.atomic
def end(standing: PauseQuerySet, staff: Staff, reason: str) -> bool:
    """End these pauses; says whether there were any."""
    ended = _end(standing, staff, reason)
    for pause in ended:
        _log(pause, staff, AccountSecurityLog.Event.RESUMED, reason)
    _look_again()
    tell()
    return bool(ended)


def _look_again() -> None:
    """What a guard held back would be looked at within a minute: now it is at once, and by every guard anew."""
    for kind in outbox.outgoing_models():
        held = kind._default_manager.filter(status=outbox.Status.PENDING, failed_code=GUARD)
        held.filter(next_retry__gt=timezone.now()).update(next_retry=None)


def standing(level: str, target_id: int | None = None) -> Pause | None:
    found: Pause | None = Pause.objects.in_force().of(level, target_id).order_by("-id").first()
    return found


def obeyed(pause: Pause) -> Obeyed:
    """Who of the runners that live has obeyed a pause of everything."""
    lives = timezone.now() - timedelta(seconds=settings.LEASE_SECONDS)
    seen = list(RunnerBeat.objects.filter(beat_at__gt=lives).values_list("pause_seen", flat=True))
    return Obeyed(sum(number >= pause.pk for number in seen), len(seen))


@desk.count(COUNT)
def everything_paused(now: datetime) -> int:
    return Pause.objects.in_force().filter(level=Level.EVERYTHING).count()


def _end(open_pauses: PauseQuerySet, staff: Staff, reason: str) -> list[Pause]:
    ended: list[Pause] = list(open_pauses.select_for_update())
    for pause in ended:
        pause.lifted_at, pause.lifted_by, pause.lift_reason = timezone.now(), staff, reason
        pause.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
    return ended


def _log(pause: Pause, staff: Staff, event: AccountSecurityLog.Event, reason: str) -> None:
    details: dict[str, Any] = {"reason": reason}
    if event == AccountSecurityLog.Event.PAUSED and pause.until:
        details["until"] = pause.until.isoformat()
    what = "frozen" if pause.frozen else pause.level
    oplog.log_activity(f"{event}_{what}", staff_id=staff.pk, subject=("pauses", pause.pk), **details)
    if pause.level == Level.ACCOUNT and pause.target_id:
        health.log_event(pause.target_id, event, staff=staff, **details)


def tell() -> None:
    """Wake the runners, and the pages that show pauses."""
    notify(outbox.CHANNEL)
    live.publish(TOPIC)
