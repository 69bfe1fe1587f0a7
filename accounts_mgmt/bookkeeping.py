"""What a runner writes besides the rows themselves, and how its batches become columns."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts_mgmt import health, reasons, sign_in_steps
from accounts_mgmt.claims import GUARD, Claimed, Settlement
from accounts_mgmt.models import AccountSecurityLog, TelegramAccountSession
from accounts_mgmt.outbox import OutgoingMessage, Status
from accounts_mgmt.sessions import open_session
from relove import oplog
from relove.fields import KeyMissing
from relove.models import SessionLog
from relove.telegram.client import belongs_here
from relove.telegram.gateway import Profile
from relove.telegram.session import SessionData

T = TypeVar("T", Claimed, Settlement)


def by_kind(items: Iterable[T]) -> list[tuple[type[OutgoingMessage], list[T]]]:
    """Grouped by kind of message: each kind is a table of its own."""
    groups: dict[type[OutgoingMessage], list[T]] = defaultdict(list)
    for item in items:
        groups[item.kind if isinstance(item, Claimed) else item.row.kind].append(item)
    return list(groups.items())


def settle_columns(group: list[Settlement]) -> list[list[Any]]:
    """The parameters of SETTLE."""
    rows = [
        (
            s.row.id,
            s.row.created_at,
            s.row.token,
            str(s.status),
            s.message_id,
            s.sent_at,
            int(s.failed),
            s.delay,
            s.unclear,
            s.code[:64],
            s.reason[:255],
            s.set_aside,
            s.row.account,
            s.duration_ms,
            is_news(s),
        )
        for s in group
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def is_news(settlement: Settlement) -> bool:
    """Whether it belongs into the operation log: not that a row waits on, every minute anew, for a guard."""
    waits = settlement.code == GUARD and settlement.status in (Status.PENDING, Status.UNKNOWN)
    return bool(settlement.code or settlement.message_id) and not waits


def operation(settlement: Settlement) -> oplog.Operation:
    row = settlement.row
    return oplog.Operation(
        "send_message",
        "success" if settlement.status == Status.SENT else "failed",
        settlement.duration_ms,
        settlement.reason,
        account_id=row.account,
        subject=(row.table, row.id),
    )


def unexpected(row: Claimed) -> Settlement:
    """A fault of our own: the row waits for a person, whose log has the traceback."""
    return Settlement(
        row, Status.UNKNOWN, unclear=True, code="UNEXPECTED", reason=_(reasons.FAULT), set_aside=True
    )


class Unusable(Exception):
    """No connection is tried with the account's session; the message says why."""


def session_of(account_id: int) -> SessionData:
    """Raises Unusable."""
    with _opening():
        data = open_session(account_id)
    if not belongs_here(data):
        raise Unusable(_("The session is of the other Telegram, sandbox or real, than the one in force."))
    return data


def half_session_of(account_id: int) -> SessionData | None:
    """Of an account that is being signed in. Raises Unusable."""
    with _opening():
        return sign_in_steps.session_of(account_id)


@contextmanager
def _opening() -> Iterator[None]:
    try:
        yield
    except (KeyMissing, ValueError, KeyError) as error:
        raise Unusable(_("The session cannot be opened: its key is missing, or it is damaged.")) from error


def set_apart(account_id: int, token: int, reason: str) -> None:
    """Say at the account why it is not connected; the security log is told once."""
    held = TelegramAccountSession.objects.filter(id=account_id, lease_token=token)
    if held.exclude(state_reason=reason).update(state_reason=reason):
        health.log_event(account_id, AccountSecurityLog.Event.RELEASED, reason=reason)
        health.alert(held.get(), "unusable", health.STOPPED, timezone.now(), reason=reason)


def taken(account_id: int, profile: Profile) -> int:
    """An account is connected: keep what Telegram shows of it, open its work session.

    A session still open is that of a holder that died.
    """
    now = timezone.now()
    health.saw_profile(account_id, profile)
    active = TelegramAccountSession.objects.filter(id=account_id, state=TelegramAccountSession.State.ACTIVE)
    active.exclude(state_reason="").update(state_reason="")
    health.log_event(account_id, AccountSecurityLog.Event.LEASED)
    # those of dialogues and groups go on, whoever holds the account
    work = SessionLog.objects.filter(session_type=SessionLog.Type.COMMENT)
    left_open = work.filter(account_id=account_id, end_time=None)
    for session_id in left_open.values_list("id", flat=True):
        oplog.log_session_end(session_id, SessionLog.Status.FAILED, now=now)
    return oplog.log_session_start(SessionLog.Type.COMMENT, now=now, account_id=account_id).id


def given_up(account_id: int, session_log: int | None, lost: bool) -> None:
    event = AccountSecurityLog.Event.LEASE_LOST if lost else AccountSecurityLog.Event.RELEASED
    health.log_event(account_id, event)
    if session_log is not None:
        status = SessionLog.Status.FAILED if lost else SessionLog.Status.COMPLETED
        oplog.log_session_end(session_log, status, now=timezone.now())
