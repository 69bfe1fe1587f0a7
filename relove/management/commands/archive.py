"""Move old months of logs and comments into files."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils import timezone

from accounts_mgmt.outbox import Status, outgoing_models
from relove import archive
from relove.archive_files import ArchiveError
from relove.partitions import Month

UNSETTLED = (Status.DRAFT, Status.PENDING, Status.SENDING, Status.UNKNOWN)


class Command(BaseCommand):
    help = (
        "Moves months older than RELOVE_ARCHIVE_AFTER_MONTHS into compressed files in RELOVE_ARCHIVE_DIR, reads "
        "them back, and drops them from the database. May be interrupted and run again; beside a working system."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be moved")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with archive.locked():
                archive.settle()
                self._move(dry=options["dry_run"])
        except archive.Busy as error:
            raise CommandError("Somebody else is at work on the archive.") from error
        except Error as error:
            raise CommandError(f"The database did not answer as it should: {error} Run it again.") from error

    def _move(self, *, dry: bool) -> None:
        failed = 0
        for table, month in archive.due(timezone.now()):
            if reason := archive.why_not(table, month, unsettled):
                self.stdout.write(f"{table} {month} stays: {reason}.")
            elif dry:
                self.stdout.write(f"{table} {month} would be moved.")
            else:
                failed += not self._take_out(table, month)
        if failed:
            raise CommandError(f"{failed} months stay for now; nothing is lost.")

    def _take_out(self, table: str, month: Month) -> bool:
        try:
            manifest = archive.take_out(table, month, timezone.now())
        except (ArchiveError, OSError) as error:
            self.stderr.write(f"{table} {month}: {error}")
            archive.settle()
            return False
        self.stdout.write(f"{manifest.file}: {manifest.rows} rows" if manifest else f"{table} {month} was empty.")
        return True


def unsettled(table: str, month: Month) -> str:
    """Messages that may still leave keep their month."""
    for kind in outgoing_models():
        if kind._meta.db_table == table:
            rows = kind._default_manager.filter(created_at__gte=month.first, created_at__lt=month.end)
            count = rows.filter(status__in=UNSETTLED).count()
            return f"{count} messages in it are not settled (drafts, queued, unclear)" if count else ""
    return ""
