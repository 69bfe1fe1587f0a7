"""Posts become delivered comments, without a browser: the whole system on a fresh database, then gone."""

import json
import sys
from argparse import SUPPRESS
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from relove.management import demo
from relove.management.surroundings import Surroundings, refuse_real_telegram, surroundings
from relove.management.upkeep import bring_up_to_date
from relove.sandbox.export import read_export
from relove.sandbox.samples import shipped_export
from relove.supervision import SupervisionError

COLUMNS = ("posts", "summarised", "drafted", "approved", "refused", "sent", "with_metrics", "lost", "duplicated")
# as fast as the ceiling lets it
PACE = {"RELOVE_PACE_PER_SECOND": "30", "RELOVE_PACE_PER_MINUTE": "1800"}


class Command(BaseCommand):
    help = "Publishes the posts of a Telegram Desktop export in the sandbox and comments them to the end."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--export", type=Path, default=shipped_export(), help="path of a result.json")
        parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
        parser.add_argument("--stage", choices=["set-up", "drive"], help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_real_telegram("The demonstration")
        export: Path = options["export"].absolute()
        if options["stage"] == "set-up":
            self._set_up()
        elif options["stage"] == "drive":
            self._drive(export, options["json"])
        else:
            refuse_other_files(export)
            sys.exit(self._everything(export, options["json"]))

    def _everything(self, export: Path, as_json: bool) -> int:
        """Servers, sandbox and clusters around the inside; its exit status."""
        self.stdout.write("Starting a database, the sandbox and the clusters …")
        # the inside writes to the same place: what stands in our buffer would come after it
        self.stdout.flush()
        inside = [f"--export={export}", *(["--json"] if as_json else [])]
        with surroundings("demo", PACE) as system:
            status = system.manage("demo", *inside, "--stage=set-up")
            if not status:
                system.start_clusters()
                status = system.manage("demo", *inside, "--stage=drive")
            if status:
                self._complain(system)
            for line in system.errors():
                self.stderr.write(line)
        return status

    def _complain(self, system: Surroundings) -> None:
        """What the programs said last: their logs go with the demonstration."""
        self.stderr.write("The demonstration did not succeed. The programs' last words:")
        try:
            for words in system.last_words():
                self.stderr.write(f"  {words}")
        except SupervisionError as error:
            self.stderr.write(f"  {error}")

    def _set_up(self) -> None:
        bring_up_to_date()
        demo.set_up()

    def _drive(self, export: Path, as_json: bool) -> None:
        result, complaint = demo.drive(export, lambda line: self.stdout.write(f"  {line}"))
        values = result.as_dict()
        self.stdout.write("")
        for name in (*COLUMNS, "seconds"):
            self.stdout.write(f"  {name.replace('_', ' '):14}{values[name]:>8}")
        if complaint:
            self.stderr.write(complaint)
        if as_json:
            self.stdout.write(json.dumps(values))
        if complaint or not result.is_good:
            sys.exit(1)


def refuse_other_files(export: Path) -> None:
    """Raises CommandError before anything is started."""
    if not export.is_file():
        raise CommandError(f"There is no file {export}.")
    try:
        posts = read_export(export)
    except ValueError as error:
        raise CommandError(str(error)) from error
    if not any(post.text for post in posts):
        raise CommandError(f"There is no post with a text in {export.name}.")
