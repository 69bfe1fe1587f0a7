"""The one writer of the logs (the LoggingService of the customer's document).

Synchronous code calls the five functions. The runner, which must not wait, writes operations in the statement
that settles a batch of rows.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.db import connection
from django.db.models import Avg, Count, Q
from django.utils import timezone

from relove.db import array
from relove.models import OperationLog, SessionLog, UserActivityLog

logger = structlog.get_logger(__name__)
_level = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as it will stand in operation_logs. `duration_ms` in milliseconds."""

    operation_type: str
    status: str
    duration_ms: int = 0
    error: str = ""
    account_id: int | None = None
    user_id: int | None = None
    subject: tuple[str, int] | None = None
    at: datetime = field(default_factory=timezone.now)


# What a statement begins with that writes operations beside its own rows, as the runner's settling does.
INSERT_INTO = """INSERT INTO operation_logs
    (operation_type, status, duration_ms, error_message, account_id, subject_table, subject_id, created_at)"""


def say(operations: Sequence[Operation]) -> None:
    """Tell the programs' logs of these operations; why one failed stands in its row alone."""
    for one in operations:
        level = logging.WARNING if one.status == OperationLog.Status.FAILED else logging.INFO
        if _level.isEnabledFor(level):
            about = {"task": ":".join(map(str, one.subject))} if one.subject else {}
            values = {"status": one.status, "ms": one.duration_ms, "account": one.account_id, **about}
            logger.log(level, one.operation_type, **values)


def log_operations(operations: Sequence[Operation]) -> None:
    say(operations)
    OperationLog.objects.bulk_create(
        OperationLog(
            operation_type=o.operation_type,
            status=o.status,
            duration_ms=o.duration_ms,
            error_message=o.error,
            account_id=o.account_id,
            user_id=o.user_id,
            subject_table=o.subject[0] if o.subject else "",
            subject_id=o.subject[1] if o.subject else None,
            created_at=o.at,
        )
        for o in operations
    )


# One operation about each of many rows.
EACH_INSERT = (
    INSERT_INTO  # noqa: S608  (constants of our own)
    + " SELECT %s, 'success', 0, '', %s, %s, subject_id, %s FROM unnest(%s::bigint[]) AS subject_id"
)


def log_each(operation_type: str, table: str, ids: Sequence[int], account_id: int | None = None) -> None:
    """The same operation, well ended, about each of these rows: one statement, however many they are."""
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(EACH_INSERT, [operation_type, account_id, table, timezone.now(), array(ids)])
        logger.info(operation_type, status="success", table=table, rows=len(ids), account=account_id)


def log_operation(
    operation_type: str,
    status: str,
    duration_ms: int = 0,
    error: str = "",
    *,
    account_id: int | None = None,
    user_id: int | None = None,
    subject: tuple[str, int] | None = None,
) -> None:
    """One operation; `subject` is the table and id of the row it was about."""
    log_operations([Operation(operation_type, status, duration_ms, error, account_id, user_id, subject)])


def log_session_start(
    session_type: str, *, now: datetime, user_id: int | None = None, account_id: int | None = None
) -> SessionLog:
    return SessionLog.objects.create(
        session_type=session_type, start_time=now, user_id=user_id, account_id=account_id
    )


def log_session_end(session_id: int, status: str, *, now: datetime, **metadata: Any) -> None:
    """Close a session; closing it twice keeps the first end."""
    SessionLog.objects.filter(id=session_id, end_time__isnull=True).update(
        status=status, end_time=now, metadata=metadata
    )


def get_session_stats(user_id: int) -> dict[str, int]:
    """How many sessions of each status a person has had."""
    counts = SessionLog.objects.filter(user_id=user_id).values_list("status").annotate(n=Count("id"))
    return dict(counts)


def get_operation_stats(since: datetime) -> dict[str, dict[str, Any]]:
    """By operation since then: how many, how many failed, mean milliseconds."""
    rows = (
        OperationLog.objects.filter(created_at__gte=since)
        .values("operation_type")
        .annotate(total=Count("id"), failed=Count("id", filter=Q(status="failed")), mean_ms=Avg("duration_ms"))
    )
    return {row["operation_type"]: {name: row[name] for name in ("total", "failed", "mean_ms")} for row in rows}


def log_activity(
    activity_type: str,
    *,
    user_id: int | None = None,
    staff_id: int | None = None,
    chat_id: int | None = None,
    subject: tuple[str, int] | None = None,
    **details: Any,
) -> None:
    """What a person did; exactly one of `user_id` (Telegram) and `staff_id` is given."""
    UserActivityLog.objects.create(
        activity_type=activity_type,
        user_id=user_id,
        staff_id=staff_id,
        chat_id=chat_id,
        subject_table=subject[0] if subject else "",
        subject_id=subject[1] if subject else None,
        details=details,
    )
