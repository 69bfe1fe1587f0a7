"""Bring archived months back into the database."""

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from relove import archive, archive_return
from relove import archive_files as files
from relove.archive_files import ArchiveError
from relove.partitions import MONTHLY, Month

LINE = "{table} {month}: {done.back} of {done.rows} rows are back."


class Command(BaseCommand):
    help = (
        "Loads archived months back into their tables and deletes their files; without a month it lists what is "
        "archived. Words about people who were erased do not come back. May be interrupted and run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("months", nargs="*", metavar="YYYY-MM")
        parser.add_argument("--table", choices=sorted(MONTHLY), help="only of this one")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {_month(words) for words in options["months"]}
        try:
            with archive.locked():
                archive.settle()
                self._walk(wanted, options["table"])
        except archive.Busy as error:
            raise CommandError("Somebody else is at work on the archive.") from error
        except (ArchiveError, OSError) as error:
            raise CommandError(str(error)) from error
        except Error as error:
            raise CommandError(f"The database did not answer as it should: {error} Run it again.") from error

    def _walk(self, wanted: set[Month], table: str | None) -> None:
        found = {(one.of, one.table) for one in files.manifests(archive.folder()) if table in (None, one.table)}
        if missing := wanted - {month for month, _table in found}:
            raise ArchiveError(f"Not in the archive: {', '.join(map(str, sorted(missing)))}.")
        for month, name in sorted(found):
            if not wanted:
                self.stdout.write(f"{name} {month}")
            elif month in wanted:
                self._bring_back(name, month)

    def _bring_back(self, table: str, month: Month) -> None:
        done = archive_return.bring_back(table, month)
        self.stdout.write(LINE.format(table=table, month=month, done=done))
        if done.left_out:
            self.stdout.write(f"{done.left_out} were left out: what they belong to is gone.")


def _month(words: str) -> Month:
    match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", words)
    if not match:
        raise CommandError(f"{words} is no month: write 2026-01.")
    return Month(int(match[1]), int(match[2]))
