"""Sums of operation_logs by minute, hour and day, so that a page never counts the log itself.

`fold` adds what the log has gained, each row exactly once. A row's id is drawn before its transaction
commits, so ids become visible out of order: rows up to an id are added only when every transaction that
wrote into the log as that id was drawn has ended. `totals` and `series` read the sums and the few rows not
folded yet in one statement, so their figures are those of the log at this moment, also while nobody folds.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from relove.models import OperationRollup, RollupMark

# Upper ends of the slots of durations, in milliseconds; above the last one there is one slot more.
SLOTS = (10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000, 30_000)
# Sums by minute serve the last hour's page; those by hour and day are kept for ever.
MINUTES_KEPT = timedelta(days=2)
ROWS_AT_ONCE = 500_000

SUMS = """
SELECT span, date_trunc(span, created_at, %(zone)s) AS at, operation_type, subject_table, status AS outcome,
       width_bucket(duration_ms - 1, %(slots)s::int[]) AS slot, count(*) AS count, sum(duration_ms) AS total_ms
FROM operation_logs CROSS JOIN unnest(%(spans)s::text[]) AS span
WHERE id > {after} {until} AND (span <> 'minute' OR created_at >= %(minutes_from)s)
GROUP BY 1, 2, 3, 4, 5, 6
"""
FOLD = (
    "INSERT INTO operation_rollups AS known "
    "(span, at, operation_type, subject_table, outcome, slot, count, total_ms) "
    + SUMS.format(after="%(after)s", until="AND id <= %(until)s")
    # those of one length stand together, so that a page reads few blocks
    + "ORDER BY 1, 2 "
    + "ON CONFLICT (span, at, operation_type, subject_table, outcome, slot) DO UPDATE "
    "SET count = known.count + EXCLUDED.count, total_ms = known.total_ms + EXCLUDED.total_ms"
)
# `known` is the mark as it was a moment ago: the planner sees that little lies behind it. The mark itself
# belongs to the statement's own view, so that nothing is counted twice.
FRESH = SUMS.format(after="%(known)s", until="AND id > (SELECT coalesce(max(folded_to), 0) FROM rollup_marks)")
READ = f"""
SELECT at, operation_type, subject_table, outcome, slot, sum(count)::bigint, sum(total_ms)::bigint
FROM (SELECT span, at, operation_type, subject_table, outcome, slot, count, total_ms FROM operation_rollups
      WHERE span = %(span)s AND at >= %(start)s AND at < %(end)s
      UNION ALL SELECT * FROM ({FRESH}) AS fresh WHERE at >= %(start)s AND at < %(end)s) AS rows
GROUP BY at, operation_type, subject_table, outcome, slot
"""  # noqa: S608  (constants of our own)
DRAWN = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('operation_logs', 'id')::regclass), 0)"
WRITERS = """
SELECT coalesce(array_agg(DISTINCT virtualtransaction), '{}') FROM pg_locks
WHERE relation = 'operation_logs'::regclass AND mode = 'RowExclusiveLock' AND pid <> pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass(slots=True)
class Sums:
    """Operations counted; `slots` are counts of durations by SLOTS, of those that ended well."""

    done: int = 0
    failed: int = 0
    total_ms: int = 0
    slots: list[int] = field(default_factory=lambda: [0] * (len(SLOTS) + 1))

    @property
    def count(self) -> int:
        return self.done + self.failed

    @property
    def success(self) -> float | None:
        """The share that ended well, in percent; None without operations."""
        return 100 * self.done / self.count if self.count else None

    def percentile(self, share: float) -> int | None:
        """Milliseconds within which this share (0…1) of them ended: the upper end of the slot it falls into.

        None without operations. Above the last slot's end its end is the answer: "at least".
        """
        if not sum(self.slots):
            return None
        wanted = share * sum(self.slots)
        reached = next(number for number, sofar in enumerate(accumulate(self.slots)) if sofar >= wanted)
        return SLOTS[min(reached, len(SLOTS) - 1)]

    def add(self, status: str, slot: int, count: int, total_ms: int) -> None:
        if status == "success":
            self.done += count
            self.total_ms += total_ms
            self.slots[slot] += count
        else:
            self.failed += count


@dataclass(frozen=True, slots=True)
class Kind:
    """An operation, and the table of the rows it was about."""

    operation: str
    table: str = ""


# The sums of one kind at one time, of a span that begins there.
Series = dict[tuple[datetime, Kind], Sums]


def fold(now: datetime) -> int:
    """Add what may be added, forget old sums by minute; says how many ids were passed. Repeatable."""
    passed = 0
    while (step := _step(now - MINUTES_KEPT)) is not None:
        passed += step
    OperationRollup.objects.filter(span="minute", at__lt=now - MINUTES_KEPT).delete()
    return passed


def _step(minutes_from: datetime) -> int | None:
    """Fold what an earlier step has marked, unless somebody who wrote then still writes; mark the next.

    Says how many ids were folded; None where there is nothing to be done for now.

    1. The mark is locked: one folds at a time. 2. The last id drawn, and only then who is writing: whoever
    drew an id up to it holds the table's lock by now, or has ended.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        RollupMark.objects.bulk_create([RollupMark(pk=1)], ignore_conflicts=True)
        mark = RollupMark.objects.select_for_update().get(pk=1)
        cursor.execute(DRAWN)
        drawn = int(cursor.fetchone()[0])
        cursor.execute(WRITERS)
        writers = list(cursor.fetchone()[0])
        if set(mark.waits_for) & set(writers):
            return None
        before, mark.folded_to = mark.folded_to, mark.target
        if mark.folded_to > before:
            limits = {"after": before, "until": mark.folded_to, "minutes_from": minutes_from}
            cursor.execute(FOLD, _values(*OperationRollup.Span.values) | limits)
        mark.target, mark.waits_for = min(drawn, mark.folded_to + ROWS_AT_ONCE), writers
        mark.save()
        # a new mark may be folded at once, where nobody was writing
        return mark.folded_to - before if mark.target > before else None


def series(span: str, start: datetime, end: datetime) -> Series:
    """Sums by time and operation; `span` is minute, hour or day (of settings.TIME_ZONE), `end` not included."""
    found: Series = {}
    known = RollupMark.objects.values_list("folded_to", flat=True).first() or 0
    with connection.cursor() as cursor:
        limits = {"known": known, "span": span, "start": start, "end": end, "minutes_from": start}
        cursor.execute(READ, _values(span) | limits)
        for at, operation, table, *sums in cursor.fetchall():
            found.setdefault((at, Kind(operation, table)), Sums()).add(*sums)
    return found


def total(rows: Iterable[Sums]) -> Sums:
    """All of it together."""
    found = Sums()
    for sums in rows:
        found.done += sums.done
        found.failed += sums.failed
        found.total_ms += sums.total_ms
        found.slots = [a + b for a, b in zip(found.slots, sums.slots, strict=True)]
    return found


def _values(*spans: str) -> dict[str, Any]:
    # width_bucket counts a value that equals a bound into the slot above it: hence `duration_ms - 1`
    return {"zone": settings.TIME_ZONE, "slots": list(SLOTS), "spans": list(spans)}
