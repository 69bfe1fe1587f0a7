"""Partitioned tables: the migration operation that makes one, and the upkeep of monthly partitions.

Django sees `id` as the primary key; in SQL it is (id, partition key), because PostgreSQL wants the
partition key in every unique index. Monthly tables keep a DEFAULT partition, so a row is never
refused for want of a month; `ensure_partitions` makes the months ahead and moves out of DEFAULT what
fell into it. `relove.archive` takes old months out.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.utils import CursorWrapper
from django.db.migrations.state import ProjectState

MONTHS_AHEAD = 3
LOCK_TIMEOUT = "3s"
# Tables partitioned by month, with their key. A test compares this with the database.
MONTHLY = {
    "generated_comments": "created_at",
    "user_activity_log": "created_at",
    "operation_logs": "created_at",
}
# Of each page that is filled by new rows, in per cent: the rest is for the next states of those that change.
FILLED = {"generated_comments": 70}


class CreatePartitionedModel(migrations.CreateModel):
    """CreateModel whose table is partitioned by `key`, by month or by hash into `parts`."""

    def __init__(self, *args: Any, key: str, parts: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = key
        self.parts = parts

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        table = model._meta.db_table
        sql, params = schema_editor.table_sql(model)
        sql = re.sub(r'("id" bigint NOT NULL) PRIMARY KEY', r"\1", sql, count=1)
        head, _, tail = sql.rpartition(")")
        method = "HASH" if self.parts else "RANGE"
        sql = f'{head}, PRIMARY KEY ("id", "{self.key}")){tail} PARTITION BY {method} ("{self.key}")'
        schema_editor.execute(sql, params or None)
        for number in range(self.parts):
            schema_editor.execute(
                f'CREATE TABLE "{table}_p{number:02}" PARTITION OF "{table}" '
                f"FOR VALUES WITH (MODULUS {self.parts}, REMAINDER {number})"
            )
        if not self.parts:
            schema_editor.execute(f'CREATE TABLE "{table}_default" PARTITION OF "{table}" DEFAULT')
        schema_editor.deferred_sql.extend(schema_editor._model_indexes_sql(model))  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month in UTC."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> "Month":
        return cls(day.year, day.month)

    def plus(self, months: int) -> "Month":
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    @property
    def first(self) -> datetime:
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return self.plus(1).first

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    def partition(self, table: str) -> str:
        return f"{table}_{self.year:04}_{self.number:02}"


def existing(table: str) -> set[str]:
    """Names of the partitions of a table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = to_regclass(%s)",
            [table],
        )
        return {name for (name,) in cursor.fetchall()}


def missing(now: datetime, ahead: int = MONTHS_AHEAD) -> list[str]:
    """Partitions that should exist for this month and `ahead` more, and do not."""
    wanted = []
    for table in MONTHLY:
        names = existing(table)
        months = [Month.of(now.astimezone(UTC)).plus(n) for n in range(ahead + 1)]
        wanted += [month.partition(table) for month in months if month.partition(table) not in names]
    return wanted


def ensure_partitions(now: datetime, ahead: int = MONTHS_AHEAD) -> list[str]:
    """Make this month's and the next `ahead` months' partitions; returns the names made. Repeatable."""
    made = []
    for table in MONTHLY:
        start = Month.of(now.astimezone(UTC))
        names = existing(table)
        for month in (start.plus(n) for n in range(ahead + 1)):
            if month.partition(table) not in names:
                make(table, month)
                made.append(month.partition(table))
    return made


def months(table: str) -> list[Month]:
    """Which months have a partition, the oldest first."""
    found = (re.fullmatch(rf"{table}_(\d{{4}})_(\d{{2}})", name) for name in existing(table))
    return sorted(Month(int(match[1]), int(match[2])) for match in found if match)


def months_in_default(table: str, before: datetime) -> list[Month]:
    """Which months have rows in DEFAULT for want of a partition."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT date_trunc('month', \"{MONTHLY[table]}\", 'UTC') "
            f'FROM "{table}_default" WHERE "{MONTHLY[table]}" < %s',
            [before],
        )
        return sorted(Month.of(first.astimezone(UTC)) for (first,) in cursor.fetchall())


def detach(table: str, month: Month) -> None:
    """Make a month's partition a table of its own: nobody reads or writes it through its parent any more."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        cursor.execute(f'ALTER TABLE "{table}" DETACH PARTITION "{month.partition(table)}"')


def detached(table: str) -> list[Month]:
    """Months whose table is there and is no partition."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND NOT relispartition "
            "AND relnamespace = current_schema()::regnamespace AND relname ~ %s",
            [rf"^{table}_\d{{4}}_\d{{2}}$"],
        )
        return [Month(*map(int, name[-7:].split("_"))) for (name,) in cursor.fetchall()]


def attach(table: str, month: Month) -> None:
    """The way back from `detach`."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        _attach(cursor, table, month)


def make(table: str, month: Month) -> None:
    """One month's partition, with what of it had fallen into DEFAULT.

    1. The new table is filled while it is still a table of its own. 2. Its rows leave DEFAULT.
    3. It is attached. All in one transaction under a short lock time-out: a busy table makes this
    fail and be tried again the next day, never wait in front of the senders.
    """
    name, key = month.partition(table), MONTHLY[table]
    bounds = [month.first, month.end]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        cursor.execute(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE')
        # a log's rows may move, though not change: nobody else is let in until the transaction ends. Checks
        # that wait for its end are made first, as the table cannot be altered before
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f'ALTER TABLE "{table}_default" DISABLE TRIGGER USER')
        cursor.execute(
            f'CREATE TABLE "{name}" (LIKE "{table}" INCLUDING DEFAULTS INCLUDING CONSTRAINTS) '
            f"WITH (fillfactor = {FILLED.get(table, 100)})"
        )
        cursor.execute(
            f'WITH moved AS (DELETE FROM "{table}_default" WHERE "{key}" >= %s AND "{key}" < %s RETURNING *) '
            f'INSERT INTO "{name}" SELECT * FROM moved',
            bounds,
        )
        cursor.execute(f'ALTER TABLE "{table}_default" ENABLE TRIGGER USER')
        _attach(cursor, table, month)


def _attach(cursor: CursorWrapper, table: str, month: Month) -> None:
    cursor.execute(
        f'ALTER TABLE "{table}" ATTACH PARTITION "{month.partition(table)}" FOR VALUES FROM (%s) TO (%s)',
        [month.first, month.end],
    )
