"""Rehearsals as rows: asked for by a page or a command, begun by one process, told of, ended.

What a rehearsal is stands in relove.management.rehearsal. Nothing here or there can send anything: the rows
are words about messages.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from relove import live, oplog
from relove.models import Rehearsal, RehearsalItem, Staff

State = Rehearsal.State
TASK = "relove.tasks.rehearse"
TOPIC = live.topic("rehearsals", "relove.view_rehearsal")
# a process that carries one out says so every second
SILENT = timedelta(seconds=60)
# the task that begins it may find its cluster busy
LATE = timedelta(minutes=10)


class UnderWay(Exception):
    """Another rehearsal has not ended yet."""


def ask(
    staff: Staff | None, now: datetime, *, length: timedelta, approval: str = "all", speed: int = 60
) -> Rehearsal:
    """Write the wish down. Raises UnderWay."""
    try:
        with transaction.atomic():
            rehearsal = Rehearsal.objects.create(
                asked_by=staff, since=now - length, until=now, approval=approval, speed=speed
            )
            # a hint: the regular task of the same name finds it, too
            async_task(TASK)
    except IntegrityError as error:
        raise UnderWay from error
    if staff:
        oplog.log_activity("ask_rehearsal", staff_id=staff.pk, subject=("rehearsals", rehearsal.pk))
    live.publish(TOPIC)
    return rehearsal


def begin(rehearsal_id: int, now: datetime) -> Rehearsal | None:
    """Take a waiting one, which is then ours alone; None where another process was first."""
    rows = Rehearsal.objects.filter(pk=rehearsal_id, state=State.WAITING)
    if not rows.update(state=State.RUNNING, started_at=now, beat_at=now):
        return None
    live.publish(TOPIC)
    return Rehearsal.objects.get(pk=rehearsal_id)


@transaction.atomic
def keep(rehearsal: Rehearsal, told: dict[str, Any], now: datetime) -> bool:
    """Keep what the inside tells: {"reached", "items", "figures"}, each optional. False: it is to stop."""
    if "reached" in told:
        rehearsal.reached = datetime.fromisoformat(told["reached"])
    rehearsal.figures |= told.get("figures", {})
    rows = Rehearsal.objects.filter(pk=rehearsal.pk, state=State.RUNNING)
    if not rows.update(beat_at=now, reached=rehearsal.reached, figures=rehearsal.figures):
        return False
    RehearsalItem.objects.bulk_create(
        RehearsalItem(rehearsal=rehearsal, **{**item, "at": datetime.fromisoformat(item["at"])})
        for item in told.get("items", ())
    )
    if told:
        live.publish(TOPIC)
    return True


def end(rehearsal: Rehearsal, state: str, now: datetime, problem: str = "") -> None:
    rows = Rehearsal.objects.filter(pk=rehearsal.pk, state__in=Rehearsal.OPEN)
    rows.update(state=state, finished_at=now, problem=problem[:255])
    rehearsal.refresh_from_db()
    live.publish(TOPIC)


def cancel(rehearsal: Rehearsal, staff: Staff, now: datetime) -> bool:
    """Stop it: at once where nobody has begun it, else its process does. False: it has ended already."""
    rows = Rehearsal.objects.filter(pk=rehearsal.pk)
    waiting = rows.filter(state=State.WAITING).update(state=State.CANCELLED, finished_at=now)
    stopped = waiting or rows.filter(state=State.RUNNING).update(state=State.STOPPING)
    if stopped:
        oplog.log_activity("cancel_rehearsal", staff_id=staff.pk, subject=("rehearsals", rehearsal.pk))
        live.publish(TOPIC)
    return bool(stopped)


def end_silent(now: datetime) -> int:
    """End what nobody carries out any more (its process died), or has begun in time; says how many."""
    lost = Rehearsal.objects.filter(state__in=(State.RUNNING, State.STOPPING), beat_at__lt=now - SILENT)
    late = Rehearsal.objects.filter(state=State.WAITING, created_at__lt=now - LATE)
    ended = lost.update(state=State.FAILED, finished_at=now, problem=_("Its process has died."))
    ended += late.update(state=State.FAILED, finished_at=now, problem=_("Nobody began it in time."))
    if ended:
        live.publish(TOPIC)
    return ended


def counts(rehearsal: Rehearsal) -> dict[str, int]:
    """How many items have each verdict; 0 where none has."""
    found = dict(rehearsal.items.order_by().values_list("verdict").annotate(n=Count("pk")))
    return {verdict: found.get(verdict, 0) for verdict in RehearsalItem.Verdict.values}
