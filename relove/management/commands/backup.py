"""Back the whole database up."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from relove import backups, suppression


class Command(BaseCommand):
    help = (
        "Writes the whole database into a file (pg_dump), reads it back, keeps the newest RELOVE_BACKUPS_KEPT. "
        "Runs beside a working system. Keep the keys too, elsewhere: what is sealed opens only with them."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, default=settings.BACKUP_DIR, metavar="FOLDER")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["to"]
        try:
            made = backups.back_up(folder, timezone.now())
            suppression.copy_to(folder)
        except (backups.BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made} ({made.stat().st_size / 1e6:.1f} MB)")
        for old in backups.thin_out(folder, settings.BACKUPS_KEPT):
            self.stdout.write(f"{old.name} deleted: {settings.BACKUPS_KEPT} newer ones are kept.")
