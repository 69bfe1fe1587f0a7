"""Bring a backup back; nothing leaves the restored database until a person confirms."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from accounts_mgmt import freezing
from relove import backups, suppression
from relove.management.upkeep import bring_up_to_date


class Command(BaseCommand):
    help = (
        "Loads a backup into a database of its own (--into NAME), or puts it in the place of the present one "
        "(--replace), which is kept under another name. Sending is frozen there until a person confirms."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path)
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--into", metavar="NAME", help="a database of this server, empty or yet to be made")
        where.add_argument("--replace", action="store_true", help="asks for --yes")
        parser.add_argument("--yes", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["replace"] and not options["yes"]:
            raise CommandError("The system would run on the backup from now on. Add --yes.")
        try:
            if options["into"]:
                self._load(options["backup"], options["into"])
            else:
                self._replace(options["backup"])
        except (backups.BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Sending is frozen: look at the first page and confirm there that it may go on.")

    def _load(self, backup: Path, database: str) -> None:
        backups.restore(backup, database, freezing.restore_mark(timezone.now()))
        suppression.take_from(backup.parent)
        with backups.inside(database):
            # tables of a newer release; people who were erased after the backup was made
            bring_up_to_date()
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        self.stdout.write(f"{backup.name} is in the database {database}.")

    def _replace(self, backup: Path) -> None:
        usual = connection.settings_dict["NAME"]
        now = timezone.now()
        aside, kept_as = f"{usual}_restored_{now:%Y%m%d%H%M%S}", f"{usual}_before_{now:%Y%m%d%H%M%S}"
        self._load(backup, aside)
        backups.replace(usual, aside, kept_as)
        self.stdout.write(f"It has taken the place of {usual}, which is kept as {kept_as}.")
