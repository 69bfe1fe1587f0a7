"""Sums of the operation log: each row once, whoever commits late, at a cost that does not grow with the log."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from relove import oplog, rollups
from relove.models import OperationLog, OperationRollup
from relove.oplog import Operation

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 12, 30, 40, tzinfo=UTC)
START, END = NOW - timedelta(days=1), NOW + timedelta(days=1)


def sent(*milliseconds: int, status: str = "success", at: datetime = NOW) -> None:
    oplog.log_operations([Operation("send_message", status, ms, at=at) for ms in milliseconds])


def all_sums(span: str = "hour") -> rollups.Sums:
    return rollups.total(rollups.series(span, START, END).values())


def test_each_row_is_counted_once_before_and_after_folding() -> None:
    # rows that an earlier test of this database has committed
    rollups.fold(NOW)
    sent(40, 60)
    sent(9, status="failed")
    assert (all_sums().done, all_sums().failed) == (2, 1)
    assert rollups.fold(NOW) == 3
    assert rollups.fold(NOW) == 0
    sent(40)
    # a sum and a row that is not in it yet
    assert (all_sums().done, all_sums().failed, all_sums().total_ms) == (3, 1, 140)
    rollups.fold(NOW)
    assert (all_sums().done, all_sums().failed, all_sums().total_ms) == (3, 1, 140)
    assert all_sums().success == 75


def test_times_are_cut_where_pages_cut_them(settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Kathmandu"
    sent(1)
    rollups.fold(NOW)
    found = {span: next(iter(rollups.series(span, START, END)))[0] for span in ("minute", "hour", "day")}
    # 18:15:40 there, a quarter to the hour away from UTC
    assert found == {
        "minute": NOW.replace(second=0),
        "hour": NOW.replace(minute=15, second=0),
        "day": (NOW - timedelta(days=1)).replace(hour=18, minute=15, second=0),
    }


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_percentiles_are_the_end_of_the_slot_they_fall_into(share: float) -> None:
    values = [3, 10, 11, 20, 29, 30, 31, 250, 300, 301, 900, 999, 1000, 1001, 4000]
    sent(*values)
    exact = sorted(values)[round(share * len(values) + 0.499) - 1]
    found = all_sums().percentile(share)
    assert found == min(end for end in rollups.SLOTS if end >= exact)


def test_what_takes_longest_is_at_least_the_last_end() -> None:
    assert all_sums().percentile(0.5) is None
    sent(0, 500_000)
    assert (all_sums().percentile(0.5), all_sums().percentile(0.95)) == (10, 30_000)


def test_sums_by_minute_are_forgotten_and_others_stay() -> None:
    sent(1)
    rollups.fold(NOW + rollups.MINUTES_KEPT + timedelta(minutes=1))
    assert set(OperationRollup.objects.values_list("span", flat=True)) == {"hour", "day"}


@pytest.mark.django_db(transaction=True)
def test_a_row_that_commits_late_is_waited_for_and_counted_once() -> None:
    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as late:
        late.execute(oplog.EACH_INSERT, ["send_message", None, "", NOW, "{1}"])
        sent(1, 2)
        rollups.fold(NOW)
        # its id is the lowest, and others with higher ids are visible: none is passed over it
        assert OperationRollup.objects.count() == 0
        assert all_sums().done == 2, "pages count what is committed meanwhile"
        sent(3)
        rollups.fold(NOW)
        assert OperationRollup.objects.count() == 0
        other.commit()
    other.close()
    rollups.fold(NOW)
    assert all_sums().done == 4
    assert sum(OperationRollup.objects.filter(span="day").values_list("count", flat=True)) == 4


GENERATE = """
INSERT INTO operation_logs (operation_type, status, duration_ms, error_message, subject_table, created_at)
SELECT (ARRAY['send_message', 'store_post', 'summarise_post', 'generate_comment'])[1 + n %% 4],
       CASE WHEN n %% 50 = 0 THEN 'failed' ELSE 'success' END, (n * 7919) %% 4000, '', '',
       %s::timestamptz - (n::float / %s) * interval '30 days'
FROM generate_series(1, %s) AS n
"""


def blocks(count: int) -> int:
    """How many blocks a month's figures read after so many rows were logged."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE operation_logs, operation_rollups, rollup_marks RESTART IDENTITY")
        cursor.execute(GENERATE, [NOW, count, count])
        rollups.fold(timezone.now())
        cursor.execute("ANALYZE operation_logs, operation_rollups")
        start = NOW - timedelta(days=60)
        limits = {"known": count, "span": "day", "start": start, "end": NOW, "minutes_from": start}
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + rollups.READ, rollups._values("day") | limits)
        found = cursor.fetchone()[0]
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    assert OperationLog.objects.count() == count
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.mark.django_db(transaction=True)
def test_a_long_log_costs_no_more_than_a_short_one() -> None:
    """The log grows tenfold; what a page reads is bounded by times, operations and slots."""
    short, long = blocks(20_000), blocks(200_000)
    assert long <= short * 1.5, (short, long)
