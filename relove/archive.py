"""Old months of the monthly tables go into files, and come back from them.

A month leaves like this, and at whatever point that ends nothing is lost:

    archive_written    its rows are in a file, read back and compared; the month is in the database
    archive_detached   the month is a table of its own, which nobody writes to any more; compared once more
    archive_dropped    the table is dropped and `archived_months` knows the file, in one transaction
                       the manifest gets its name

`settle` puts right what an interruption has left: a month that is detached goes back to its table, a file
that counts gets its manifest's name, any other is deleted. Whoever touches the archive holds its lock, so an
erasure finds every month either in the database or in a finished file.

What refers to archived rows: no foreign key does. `comment_keys` stays, so a post is not commented twice by
an account; sums of operations stay, pages of what comments bring count from the oldest month that is here.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Max, Model

from relove import archive_files as files
from relove import partitions
from relove.archive_files import ArchiveError, Manifest
from relove.faultpoints import reach
from relove.models import ArchivedMonth, OperationLog, RollupMark
from relove.partitions import MONTHLY, Month

# of the advisory lock; any number that nobody else uses
LOCK = 7_208_113
# A process that was killed holds the lock until its server notices, which ends what it is at first.
LOCK_SECONDS = 5.0
ROWS_AT_ONCE = 2_000
# Why rows keep their month in the database, in a sentence; "" when nothing does.
Hold = Callable[[str, Month], str]


class Busy(Exception):
    """Somebody else is at work on the archive."""


def folder() -> Path:
    place: Path = settings.ARCHIVE_DIR
    return place


def due(now: datetime) -> list[tuple[str, Month]]:
    """The months that are old enough, the oldest first; what lies in DEFAULT gets its month for it."""
    limit = Month.of(now).plus(-settings.ARCHIVE_AFTER_MONTHS)
    for table in MONTHLY:
        for month in partitions.months_in_default(table, limit.first):
            partitions.make(table, month)
    found = [(table, month) for table in MONTHLY for month in partitions.months(table) if month < limit]
    return sorted(found, key=lambda one: (one[1], one[0]))


@contextmanager
def locked() -> Iterator[None]:
    """Be the only one at the archive. Raises Busy."""
    _take("SELECT pg_try_advisory_lock(%s)")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def lock_until_commit() -> None:
    """Be the only one at the archive until the transaction ends, and find it put right. Raises Busy."""
    _take("SELECT pg_try_advisory_xact_lock(%s)")
    settle()


def _take(attempt: str) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    with connection.cursor() as cursor:
        while True:
            cursor.execute(attempt, [LOCK])
            if cursor.fetchone()[0]:
                return
            if time.monotonic() > deadline:
                raise Busy
            time.sleep(0.1)


def settle() -> None:
    """Put right what an interruption has left. Under the lock."""
    for table in MONTHLY:
        for month in partitions.detached(table):
            partitions.attach(table, month)
    if folder().is_dir():
        files.tidy(folder(), _known())


def why_not(table: str, month: Month, hold: Hold) -> str:
    """Why the month stays, in a sentence; "" when it may go."""
    if table == OperationLog._meta.db_table:
        newest = OperationLog.objects.filter(created_at__gte=month.first, created_at__lt=month.end)
        folded = RollupMark.objects.values_list("folded_to", flat=True).first() or 0
        if (newest.aggregate(last=Max("id"))["last"] or 0) > folded:
            return "not all of its operations are summed up yet"
    return hold(table, month)


def take_out(table: str, month: Month, now: datetime) -> Manifest | None:
    """Move a month into the archive; None for an empty one, which is dropped. Under the lock.

    Raises ArchiveError: it was changed meanwhile, or the file is not what was written; the month stays.
    """
    manifest = _write(table, month, now)
    reach("archive_written")
    try:
        partitions.detach(table, month)
    except OperationalError as error:
        raise ArchiveError(f"{table} {month} is in use ({error}): it stays until the next time.") from error
    reach("archive_detached")
    if _digest(month.partition(table)) != (manifest.rows, manifest.sha256):
        partitions.attach(table, month)
        raise ArchiveError(f"{table} {month} was changed meanwhile: it stays until the next time.")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'DROP TABLE "{month.partition(table)}"')
        if manifest.rows:
            ArchivedMonth.objects.create(table=table, month=month.first, part=manifest.part, rows=manifest.rows)
    reach("archive_dropped")
    files.tidy(folder(), _known())
    return manifest if manifest.rows else None


def check() -> str:
    """For doctor: whether every file that the database knows is there. Raises ArchiveError."""
    known, there = _known(), {manifest.name for manifest in files.manifests(folder())}
    if known - there:
        names = ", ".join(sorted(known - there))
        raise ArchiveError(f"not in {folder()}: {names}. Bring the files back from a backup, or run doctor there")
    return f"{len(known)} files in {folder()}" if known else "nothing is archived"


def model_of(table: str) -> type[Model]:
    return next(model for model in apps.get_models() if model._meta.db_table == table)


def _write(table: str, month: Month, now: datetime) -> Manifest:
    place = files.make_folder(folder())
    part = _free_part(table, month)
    name = files.name_of(table, month, part)
    unfinished, count, digest = files.write_rows(place, name, _rows(month.partition(table)))
    columns = [str(field.column) for field in model_of(table)._meta.concrete_fields]
    manifest = Manifest(table, month.year, month.number, part, count, digest, columns, now.isoformat())
    unfinished.rename(place / manifest.file)
    files.verify(place, manifest)
    files.write_manifest(place, manifest)
    return manifest


def _free_part(table: str, month: Month) -> int:
    """No file is ever written over, not even one of another database in the same folder."""
    used = {manifest.name for manifest in files.manifests(folder())} | _known()
    return next(part for part in range(1, 10_000) if files.name_of(table, month, part) not in used)


def _known() -> set[str]:
    rows = ArchivedMonth.objects.values_list("table", "month", "part")
    return {files.name_of(table, Month.of(month), part) for table, month, part in rows}


def _rows(name: str) -> Iterator[str]:
    """A table's rows as JSON, as PostgreSQL itself writes it: sealed columns stay sealed."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(f'SELECT row_to_json(t)::text FROM "{name}" t ORDER BY id')
        while found := cursor.fetchmany(ROWS_AT_ONCE):
            for (line,) in found:
                yield line


def _digest(name: str) -> tuple[int, str]:
    return files.digest_of(_rows(name))
