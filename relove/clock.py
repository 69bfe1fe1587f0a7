"""What time it is: the database's clock decides, whatever the machine's own says.

Machines' clocks differ and jump, and times that a process writes are compared with the database's now(): a
message planned by a clock that runs two hours fast would leave two hours late. A process therefore asks the
database now and then, and counts on from there by a clock that nobody sets. `install` makes Django's
`timezone.now` such a clock, so that libraries (django-q2's queues, sessions, auto_now) follow it too.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.utils import timezone

from relove.host import boottime

ASK_AGAIN_SECONDS = 30.0
own_clock = timezone.now


@dataclass(frozen=True, slots=True)
class Reading:
    """The database's time, and what the counting clock said then, in seconds."""

    moment: datetime
    counted: float


_last: Reading | None = None


def install() -> None:
    """From now on `timezone.now()` is `now()`."""
    timezone.now = now
    connection_created.connect(_connected)


def now() -> datetime:
    """Aware, in UTC; this machine's own time until the process has asked the database."""
    if _last is None:
        return own_clock()
    return _last.moment + timedelta(seconds=boottime() - _last.counted)


def follow(connection: BaseDatabaseWrapper, *, afresh: bool = False) -> None:
    """Ask the database over an open connection, unless it was asked a moment ago (and need not be afresh)."""
    global _last
    before = boottime()
    is_known = _last is not None and not afresh and before - _last.counted < ASK_AGAIN_SECONDS
    if connection.connection is None or is_known:
        return
    with connection.cursor() as cursor, connection.wrap_database_errors:
        # by the driver itself: it is nobody's statement
        cursor.cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        found = cursor.cursor.fetchone()
    counted = (before + boottime()) / 2
    _last = Reading(datetime.fromtimestamp(found[0], UTC), counted)


def _connected(connection: BaseDatabaseWrapper, **_kwargs: Any) -> None:
    follow(connection)
