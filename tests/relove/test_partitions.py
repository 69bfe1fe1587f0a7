"""Partitioned tables: what the migrations made, months ahead, and what fell into DEFAULT."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.utils import timezone as clock

from commentators.models import TelegramChannel, TelegramPost
from relove import partitions
from relove.models import OperationLog, Staff, UserActivityLog
from relove.partitions import MONTHLY, MONTHS_AHEAD, Month, ensure_partitions, existing, missing

pytestmark = pytest.mark.django_db


def rows(sql: str, *parameters: Any, **named: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, named or parameters)
        return cursor.fetchall()


def partitioned(strategy: str) -> dict[str, str]:
    """Tables partitioned by a strategy ("r" or "h"), with their key, as the database has them."""
    return dict(
        rows(
            "SELECT c.relname, a.attname FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0] WHERE p.partstrat = %s",
            strategy,
        )
    )


def table_of(row: models.Model) -> str:
    """The partition in which a row lies."""
    [(name,)] = rows(f"SELECT tableoid::regclass::text FROM {row._meta.db_table} WHERE id = %s", row.pk)
    return str(name)


def operation(at: datetime) -> OperationLog:
    return OperationLog.objects.create(operation_type="test", status="success", created_at=at)


# --- what the migrations made -------------------------------------------------------------------


def test_the_monthly_tables_are_the_databases() -> None:
    assert partitioned("r") == MONTHLY
    for table in MONTHLY:
        assert f"{table}_default" in existing(table)


def test_posts_are_spread_by_their_channel() -> None:
    assert partitioned("h") == {"telegram_posts": "channel_id"}
    assert existing("telegram_posts") == {f"telegram_posts_p{number:02}" for number in range(16)}
    channels = [TelegramChannel.objects.create(username=f"kanal{number}") for number in range(12)]
    posts = [TelegramPost.objects.create(channel=c, message_id=1, created_at=clock.now()) for c in channels]
    assert len({table_of(post) for post in posts}) > 3


def test_the_key_is_the_id_and_the_partition_key() -> None:
    for table, key in {**MONTHLY, **partitioned("h")}.items():
        [(columns,)] = rows(
            "SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_index i JOIN pg_attribute a "
            "ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) "
            "WHERE i.indisprimary AND i.indrelid = %s::regclass",
            table,
        )
        assert set(columns) == {"id", key}


def test_ids_count_through_all_partitions_and_may_be_given() -> None:
    first, second = operation(clock.now()), operation(datetime(2020, 1, 1, tzinfo=UTC))
    assert second.pk == first.pk + 1
    [made] = OperationLog.objects.bulk_create(
        [OperationLog(id=10**9, operation_type="x", status="success", created_at=clock.now())]
    )
    assert OperationLog.objects.get(pk=made.pk).operation_type == "x"


def test_every_index_of_the_model_is_on_its_partitions_too() -> None:
    ensure_partitions(clock.now())
    for table, model in (("operation_logs", OperationLog), ("telegram_posts", TelegramPost)):
        partition = sorted(existing(table) - {f"{table}_default"})[0]
        [(count,)] = rows("SELECT count(*) FROM pg_indexes WHERE tablename = %s", table)
        [(there,)] = rows("SELECT count(*) FROM pg_indexes WHERE tablename = %s", partition)
        assert there == count > len(model._meta.indexes)


# --- months -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "first", "end"),
    [
        (date(2027, 12, 31), datetime(2027, 12, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)),
        (date(2028, 2, 29), datetime(2028, 2, 1, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)),
        (date(2027, 1, 1), datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)),
    ],
)
def test_a_month_begins_and_ends(day: date, first: datetime, end: datetime) -> None:
    assert (Month.of(day).first, Month.of(day).end) == (first, end)


def test_months_count_over_the_year() -> None:
    assert Month(2027, 11).plus(3) == Month(2028, 2)
    assert Month(2028, 1).plus(-1) == Month(2027, 12)
    assert Month(2027, 12).plus(0) == Month(2027, 12)
    assert Month(2028, 2).partition("logs") == "logs_2028_02"


# --- upkeep -------------------------------------------------------------------------------------


def test_the_months_ahead_are_made_once() -> None:
    now = datetime(2031, 11, 15, tzinfo=UTC)
    wanted = {f"{table}_{month}" for table in MONTHLY for month in ("2031_11", "2031_12", "2032_01", "2032_02")}
    assert len(wanted) == len(MONTHLY) * (MONTHS_AHEAD + 1)
    assert set(missing(now)) == wanted
    assert set(ensure_partitions(now)) == wanted
    assert missing(now) == ensure_partitions(now) == []
    assert missing(now + timedelta(days=30)), "the next month is missed in time"


def test_the_month_is_counted_in_utc() -> None:
    moscow = timezone(timedelta(hours=3))
    ensure_partitions(datetime(2031, 12, 1, 1, tzinfo=moscow), ahead=0)
    assert "operation_logs_2031_11" in existing("operation_logs")
    assert "operation_logs_2031_12" not in existing("operation_logs")


def test_rows_find_their_month_to_the_microsecond() -> None:
    ensure_partitions(datetime(2032, 2, 1, tzinfo=UTC), ahead=1)
    edge = datetime(2032, 3, 1, tzinfo=UTC)
    assert table_of(operation(edge - timedelta(microseconds=1))) == "operation_logs_2032_02"
    assert table_of(operation(datetime(2032, 2, 29, 12, tzinfo=UTC))) == "operation_logs_2032_02"
    assert table_of(operation(edge)) == "operation_logs_2032_03"
    assert table_of(operation(datetime(2032, 4, 1, tzinfo=UTC))) == "operation_logs_default"


def test_what_fell_into_default_moves_to_its_month() -> None:
    inside, outside = (
        operation(datetime(2033, 5, 31, 23, 59, 59, tzinfo=UTC)),
        operation(datetime(2033, 6, 1, tzinfo=UTC)),
    )
    assert table_of(inside) == table_of(outside) == "operation_logs_default"
    ensure_partitions(datetime(2033, 5, 1, tzinfo=UTC), ahead=0)
    assert table_of(inside) == "operation_logs_2033_05"
    assert table_of(outside) == "operation_logs_default"
    assert OperationLog.objects.get(pk=inside.pk).created_at == inside.created_at
    assert operation(clock.now()).pk > outside.pk, "ids go on"


def test_the_rows_of_an_append_only_log_move_too() -> None:
    staff = Staff.objects.create_user("olga")
    at = datetime(2033, 5, 31, tzinfo=UTC)
    [row] = UserActivityLog.objects.bulk_create([UserActivityLog(staff=staff, activity_type="login")])
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("SET LOCAL relove.erasing = 'on'")
        cursor.execute("UPDATE user_activity_log SET created_at = %s", [at])
        cursor.execute("SET LOCAL relove.erasing = 'off'")
    ensure_partitions(at, ahead=0)
    assert table_of(row) == "user_activity_log_2033_05"


# Checks, foreign keys and triggers; not what PostgreSQL adds for each partition of a referenced table.
RULES = """
SELECT contype::text, count(DISTINCT conkey) FROM pg_constraint
WHERE conrelid = %(table)s::regclass AND contype IN ('c', 'f', 'n') GROUP BY contype
UNION ALL SELECT tgname::text, count(*) FROM pg_trigger
WHERE tgrelid = %(table)s::regclass AND NOT tgisinternal GROUP BY tgname
"""


@pytest.mark.parametrize("table", MONTHLY)
def test_a_new_month_keeps_the_tables_rules(table: str) -> None:
    [name] = [
        name for name in ensure_partitions(datetime(2034, 1, 1, tzinfo=UTC), ahead=0) if name.startswith(table)
    ]
    own = dict(rows(RULES, table=name))
    parents = dict(rows(RULES, table=table))
    assert all(own[kind] >= count for kind, count in parents.items()), (own, parents)


def test_a_rule_holds_in_a_new_month() -> None:
    """A log row has one actor, also where its partition was made later."""
    ensure_partitions(clock.now())
    with pytest.raises(IntegrityError, match="activity_one_actor"), transaction.atomic():
        UserActivityLog.objects.create(activity_type="nobody")


@pytest.mark.django_db(transaction=True)
def test_a_busy_table_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gives up within its lock time-out and leaves everything as it was: tomorrow is another day."""
    busy = connection.copy()
    try:
        busy.set_autocommit(False)
        with busy.cursor() as cursor:
            cursor.execute("LOCK TABLE operation_logs IN ROW EXCLUSIVE MODE")
        now = datetime(2035, 1, 1, tzinfo=UTC)
        monkeypatch.setattr(partitions, "MONTHLY", {"operation_logs": "created_at"})
        monkeypatch.setattr(partitions, "LOCK_TIMEOUT", "50ms")
        with pytest.raises(OperationalError, match="lock timeout"):
            ensure_partitions(now, ahead=0)
        assert "operation_logs_2035_01" not in existing("operation_logs")
    finally:
        busy.close()
