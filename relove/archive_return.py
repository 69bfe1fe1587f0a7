"""Archived months come back into their table; people who were erased do not come back with them.

A month's files are loaded in one transaction, which also takes them off `archived_months`; then they are
deleted. What the rows refer to may be gone by now: a reference that may be empty is emptied, a row that
cannot be without it is left out and counted. Words about somebody who was erased are left out whatever the
file says: an erasure has rewritten the files it found, but a file may come from an older copy.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import NOT_PROVIDED, ForeignKey, Model

from relove import archive, partitions, people
from relove import archive_files as files
from relove.archive_files import ArchiveError, Manifest
from relove.faultpoints import reach
from relove.models import ArchivedMonth, TelegramUser
from relove.partitions import Month

ROWS_AT_ONCE = 1_000
Row = dict[str, Any]
# Columns with words about people, and what stands there instead.
WORDS: dict[str, tuple[str, Any]] = {"user_activity_log": ("details", {}), "operation_logs": ("error_message", "")}
# Columns of which exactly one has to be set: a row that loses one could not stand.
ONE_OF = {"user_activity_log": ("user_id", "staff_id")}
INSERT = """
INSERT INTO "{table}"
SELECT r.* FROM unnest(%s::jsonb[]) AS line, jsonb_populate_record(NULL::"{table}", line) AS r
ON CONFLICT DO NOTHING
"""


@dataclass(slots=True)
class Returned:
    """How many rows a month's files held, how many came back, and how many nothing could hold any more."""

    rows: int = 0
    back: int = 0
    left_out: int = 0


def bring_back(table: str, month: Month) -> Returned:
    """Load a month from its files and delete them. Under the archive's lock. Raises ArchiveError."""
    place = archive.folder()
    found = [one for one in files.manifests(place) if (one.table, one.of) == (table, month)]
    if not found:
        raise ArchiveError(f"No file of {table} {month} is in {place}.")
    if month not in partitions.months(table):
        partitions.make(table, month)
    done = Returned()
    with transaction.atomic():
        # the newest part first: where two of them have a row it is the one that counts
        for manifest in found:
            _load(manifest, done)
        ArchivedMonth.objects.filter(table=table, month=month.first).delete()
        reach("return_loaded")
    reach("return_committed")
    for manifest in found:
        files.remove(place, manifest)
    return done


def forget(person: int, subjects: list[tuple[str, int]]) -> int:
    """Take the words about a person out of all files that are here; says how many were rewritten.

    Under the archive's lock. Raises ArchiveError.
    """
    about = set(subjects)
    found = [one for one in files.manifests(archive.folder()) if one.table in WORDS]
    return sum(files.rewrite(archive.folder(), one, _silence(one.table, person, about)) for one in found)


def _silence(table: str, person: int, about: set[tuple[str, int]]) -> Callable[[str], str]:
    column, nothing = WORDS[table]

    def change(line: str) -> str:
        row: Row = json.loads(line)
        concerned = row["user_id"] == person or (row["subject_table"], row["subject_id"]) in about
        if not concerned or row[column] == nothing:
            return line
        return json.dumps(row | {column: nothing}, ensure_ascii=False, separators=(",", ":"))

    return change


def _load(manifest: Manifest, done: Returned) -> None:
    packed = files.lines(archive.folder(), manifest)
    while lines := list(islice(packed, ROWS_AT_ONCE)):
        rows = [json.loads(line) for line in lines]
        standing = [row for row in _with_what_is_there(manifest.table, rows) if _can_stand(manifest.table, row)]
        _leave_words_out(manifest.table, standing)
        done.rows += len(rows)
        done.left_out += len(rows) - len(standing)
        done.back += _insert(manifest.table, standing)


def _insert(table: str, rows: list[Row]) -> int:
    given = [json.dumps(_defaults(table) | row, cls=DjangoJSONEncoder) for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(table=table), [given])
        return int(cursor.rowcount)


@lru_cache(maxsize=8)
def _defaults(table: str) -> Row:
    """For columns that are newer than the file."""
    known = [field for field in archive.model_of(table)._meta.concrete_fields if field.default is not NOT_PROVIDED]
    return {str(field.column): field.get_default() for field in known}


def _keys(table: str) -> list["ForeignKey[Any, Any]"]:
    return [field for field in archive.model_of(table)._meta.concrete_fields if isinstance(field, ForeignKey)]


def _with_what_is_there(table: str, rows: list[Row]) -> list[Row]:
    """The rows with references to what is gone taken out."""
    for field in _keys(table):
        asked = {key for row in rows if (key := row.get(field.column)) is not None}
        there = _there(field.related_model, asked)
        for row in rows:
            if row.get(field.column) not in there:
                row[field.column] = None
    return rows


def _can_stand(table: str, row: Row) -> bool:
    needed = [field.column for field in _keys(table) if not field.null]
    one_of = ONE_OF.get(table)
    return all(row[column] for column in needed) and (one_of is None or any(row[column] for column in one_of))


def _leave_words_out(table: str, rows: list[Row]) -> None:
    """Those about erased people: their row of users has no Telegram id, rows about them are gone."""
    if table not in WORDS:
        return
    column, nothing = WORDS[table]
    known = {row["user_id"] for row in rows if row["user_id"]}
    erased = set(TelegramUser.objects.filter(pk__in=known, telegram_id__lt=0).values_list("pk", flat=True))
    gone = _gone(rows)
    for row in rows:
        if row["user_id"] in erased or (row["subject_table"], row["subject_id"]) in gone:
            row[column] = nothing


def _gone(rows: list[Row]) -> set[tuple[str, int]]:
    """Which rows that are about people the logs still name, though they are no more."""
    gone: set[tuple[str, int]] = set()
    for model in people.covered():
        table = model._meta.db_table
        named = {row["subject_id"] for row in rows if row["subject_table"] == table and row["subject_id"]}
        gone |= {(table, key) for key in named - _there(model, named)}
    return gone


def _there(model: type[Model], keys: set[int]) -> set[int]:
    return set(model._default_manager.filter(pk__in=keys).values_list("pk", flat=True)) if keys else set()
