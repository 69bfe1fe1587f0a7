"""Posts become delivered comments, without a browser: the whole system on a fresh database, then gone."""

import json
import os
import subprocess
import sys
import tempfile
import time
from argparse import SUPPRESS
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from relove.embedded import free_port, is_free, throwaway
from relove.installation import CLUSTER, CLUSTERS, SANDBOX, manage
from relove.management import demo
from relove.management.upkeep import bring_up_to_date
from relove.sandbox.samples import shipped_export
from relove.supervision import Program, SupervisionError, Supervisor

COLUMNS = ("posts", "summarised", "drafted", "approved", "refused", "sent", "with_metrics", "lost", "duplicated")


class Command(BaseCommand):
    help = "Publishes the posts of a Telegram Desktop export in the sandbox and comments them to the end."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--export", type=Path, default=shipped_export(), help="path of a result.json")
        parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
        parser.add_argument("--stage", choices=["set-up", "drive"], help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.TELEGRAM_GATEWAY != "sandbox":
            raise CommandError("The demonstration runs in the sandbox only, and real Telegram is configured.")
        export: Path = options["export"].absolute()
        if not export.is_file():
            raise CommandError(f"There is no file {options['export']}.")
        if options["stage"] == "set-up":
            self._set_up()
        elif options["stage"] == "drive":
            self._drive(export, options["json"])
        else:
            sys.exit(self._everything(export, options["json"]))

    def _everything(self, export: Path, as_json: bool) -> int:
        """Servers, sandbox and clusters around the inside; its exit status."""
        self.stdout.write("Starting a database, the sandbox and the clusters …")
        # the inside writes to the same place: what stands in our buffer would come after it
        self.stdout.flush()
        with ExitStack() as stack:
            env = stack.enter_context(throwaway())
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="relove-demo-")))
            telegram, http = free_port(), free_port()
            env = {
                **os.environ,
                **env,
                "RELOVE_STATE_DIR": str(folder),
                "RELOVE_SANDBOX_TELEGRAM": f"127.0.0.1:{telegram}",
                "RELOVE_SANDBOX_HTTP": f"http://127.0.0.1:{http}",
                "LLM_BASE_URL": f"http://127.0.0.1:{http}/v1",
                "RELOVE_PACE_PER_SECOND": "30",
                "RELOVE_PACE_PER_MINUTE": "1800",
                "RELOVE_CONN_MAX_AGE": "600",
            }
            lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
            stack.callback(os.close, lock)
            programs = _programs(telegram, http)
            leftovers = folder / "processes.json"
            supervisor = stack.enter_context(Supervisor(programs, folder / "log", leftovers, lock, env))
            supervisor.start("sandbox")
            while is_free(telegram) or is_free(http):
                supervisor.check_started("sandbox")
                time.sleep(0.05)
            inside = [f"--export={export}", *(["--json"] if as_json else [])]
            for stage in ("set-up", "drive"):
                status = subprocess.run([*manage("demo", *inside), f"--stage={stage}"], env=env).returncode  # noqa: S603
                if status:
                    self._complain(supervisor)
                    return status
                if stage == "set-up":
                    for name in CLUSTERS:
                        supervisor.start(name)
        return 0

    def _complain(self, supervisor: Supervisor) -> None:
        """What the programs said last: their logs go with the demonstration."""
        self.stderr.write("The demonstration did not succeed. The programs' last words:")
        try:
            for name in supervisor.statuses():
                self.stderr.write(f"  {name}: {supervisor.last_words(name)}")
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


def _programs(telegram: int, http: int) -> list[Program]:
    sandbox = manage("sandbox", f"--telegram-port={telegram}", f"--http-port={http}")
    clusters = [
        Program(
            name,
            manage("qcluster"),
            CLUSTER,
            group="clusters",
            environment={"Q_CLUSTER_NAME": name},
            stop_seconds=25,
        )
        for name in CLUSTERS
    ]
    return [Program("sandbox", sandbox, SANDBOX), *clusters]
