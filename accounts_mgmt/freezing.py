"""The outbox stands still until a person confirms, where the database may know less than has been sent.

Twice that is so: it was restored from a backup (the restore mark), or no runner was alive on it for an hour
while messages wait, as in an older copy that somebody has brought back by other means. The freeze is a row
of `pauses`, so claims, guards and pages honour it like the red button. What may have left since is marked
as unclear: it is looked for in the chat's history before it is sent, also if a person approves or repeats
it later on. A comment is dropped where its account has answered the post in another wording meanwhile.
Messages to staff pass pauses, so the old ones among them are dropped.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Least, Now
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from psycopg import sql

from accounts_mgmt import pauses
from accounts_mgmt.models import OutboxWatch, Pause
from accounts_mgmt.outbox import OutgoingMessage, Status, outgoing_models
from relove import desk
from relove.checkup import Trouble, first_line
from relove.models import Staff

SILENCE = timedelta(hours=1)
# What `manage.py restore` runs in the transaction that loads a backup: from its first moment on nothing of
# that database leaves.
RESTORED = """
INSERT INTO outbox_watch (id, restored_at) VALUES (1, now())
ON CONFLICT (id) DO UPDATE SET
    restored_at = now(), unsure_since = LEAST(outbox_watch.unsure_since, outbox_watch.beat_at);
INSERT INTO pauses (level, frozen, reason, paused_at, lift_reason)
VALUES ('everything', true, {reason}, now(), '');
"""
PASSED_BY = (
    "UPDATE {table} SET status = 'expired', claimed_by = NULL WHERE status IN ('pending', 'sending', 'unknown');"
)
# What may leave, by itself or because a person wants it to.
MAY_LEAVE = (Status.DRAFT, Status.PENDING, Status.SENDING, Status.UNKNOWN, Status.FAILED)


@transaction.atomic
def begin() -> None:
    """A runner starts: freeze the outbox if there is reason to, and note that somebody is alive."""
    now = timezone.now()
    OutboxWatch.objects.bulk_create([OutboxWatch(beat_at=now)], ignore_conflicts=True)
    # two runners that start at once ask one after the other
    watch = OutboxWatch.objects.select_for_update().get()
    silent = watch.beat_at is None or watch.beat_at <= now - SILENCE
    if watch.restored_at or silent:
        _look_back(watch)
    watch.beat_at, watch.restored_at = now, None
    watch.save()


def standing() -> Pause | None:
    """The freeze in force."""
    found: Pause | None = Pause.objects.in_force().freezes().order_by("-id").first()
    return found


def restore_mark(now: datetime) -> str:
    """SQL that freezes the outbox of a database just loaded from a backup."""
    reason = sql.Literal(_("The database was restored from a backup on %(when)s.") % {"when": _shown(now)})
    passing = [kind._meta.db_table for kind in outgoing_models() if kind.passes_pauses]
    frozen = sql.SQL(RESTORED).format(reason=reason).as_string(None)
    return frozen + "".join(PASSED_BY.format(table=table) for table in passing)


@transaction.atomic
def confirm(staff: Staff, reason: str) -> bool:
    """Let sending go on; False where somebody else was quicker. What waited leaves at its pace."""
    watch = OutboxWatch.objects.select_for_update().get()
    if standing() is None:
        return False
    # what was written meanwhile may answer what was answered already
    _mark(watch.unsure_since)
    watch.beat_at, watch.restored_at, watch.unsure_since = timezone.now(), None, None
    watch.save()
    return pauses.end(Pause.objects.in_force().freezes(), staff, reason)


def waiting() -> list[tuple[str, int]]:
    """How many messages of each kind the freeze holds back."""
    counts = [(kind, _on_their_way(kind).count()) for kind in _held()]
    return [(str(kind._meta.verbose_name_plural), count) for kind, count in counts if count]


def check() -> str:
    """For doctor. Raises Trouble."""
    try:
        freeze = standing()
        beat = OutboxWatch.objects.values_list("beat_at", flat=True).first()
    except DatabaseError as error:
        raise Trouble(f"unknown, the database does not answer ({first_line(error)})") from error
    if freeze:
        since = f"{freeze.paused_at:%Y-%m-%d %H:%M} UTC"
        raise Trouble(f"frozen since {since}: nothing leaves until somebody confirms it on the first page")
    return f"not frozen, last heartbeat {beat:%Y-%m-%d %H:%M} UTC" if beat else "not frozen, nothing was sent yet"


def _look_back(watch: OutboxWatch) -> None:
    """Between its last heartbeat and now this database may have missed what was sent."""
    watch.unsure_since = min(filter(None, (watch.unsure_since, watch.beat_at)), default=None)
    if watch.restored_at or any(_on_their_way(kind).exists() for kind in _held()):
        _freeze(watch)
    _mark(watch.unsure_since)
    for kind in outgoing_models():
        if kind.passes_pauses:
            late = kind._default_manager.unsettled()
            late.update(
                status=Status.EXPIRED, failed_reason=_("It is too late."), claimed_by=None, updated_at=Now()
            )


def _freeze(watch: OutboxWatch) -> None:
    if standing() is None:
        Pause.objects.create(level=Pause.Level.EVERYTHING, frozen=True, reason=_why(watch))
    pauses.tell()
    transaction.on_commit(desk.forget_counts)


def _why(watch: OutboxWatch) -> str:
    if watch.restored_at:
        return _("The database was restored from a backup on %(when)s.") % {"when": _shown(watch.restored_at)}
    since = _shown(watch.beat_at) if watch.beat_at else "—"
    return _("Nobody had sent anything from this database since %(since)s, and messages wait.") % {"since": since}


def _shown(moment: datetime) -> str:
    return formats.date_format(timezone.localtime(moment), "d.m.Y H:i")


def _held() -> list[type[OutgoingMessage]]:
    return [kind for kind in outgoing_models() if not kind.passes_pauses]


def _on_their_way(kind: type[OutgoingMessage]) -> Any:
    return kind._default_manager.unsettled()


def _mark(since: datetime | None) -> None:
    """Have what may have left since then looked for in its chat before it is sent.

    None: nobody knows since when, so it is since the row was made.
    """
    start: Any = F("created_at") if since is None else Value(since)
    possible: Any = Least(start, Now() - timedelta(seconds=settings.RECONCILE_AFTER_SECONDS))
    queued = Q(status__in=(Status.PENDING, Status.SENDING))
    for kind in _held():
        kind._default_manager.filter(status__in=MAY_LEAVE).update(
            status=Case(When(queued, then=Value(Status.UNKNOWN)), default=F("status")),
            first_attempt_at=Least(Coalesce("first_attempt_at", possible), possible),
            claimed_by=None,
            updated_at=Now(),
        )
