"""Survival under fire: random faults while messages of all kinds leave, then the ledger as the judge."""

import json
import os
import subprocess
import sys
import threading
import time
from argparse import SUPPRESS
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from accounts_mgmt.delivery import GUARD_SECONDS
from relove.embedded import passing_folder
from relove.installation import manage
from relove.management.chaos import CLUSTERS, SETTINGS
from relove.management.chaos import judge as judging
from relove.management.chaos.clocks import Clocks, make_clocks
from relove.management.chaos.disk import small_disk
from relove.management.chaos.storm import Diary, Storm
from relove.management.chaos.world import Cast, Feed, get_acquainted, set_up
from relove.management.surroundings import Surroundings, mortal_surroundings, refuse_real_telegram
from relove.management.upkeep import bring_up_to_date
from relove.sandbox.client import SandboxClient

# Seconds after the storm. So long nothing may stand still that is neither sent, refused nor held; a row that a
# guard refused for now is looked at again in half of it.
PATIENCE = 2 * GUARD_SECONDS
# What has not moved for so long is told.
NEWS_AFTER = 20.0
# Nothing is waited for any more for so long: it is over. What an account hears as it catches up comes in less.
SETTLED_AFTER = 3.0
MOST = 900.0
TOLD = 30


class Command(BaseCommand):
    help = (
        "Kills, freezes, cuts and fills up everything at random; exit status 1 when a message is lost or doubled."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--minutes", type=float, default=2.0, help="how long the faults last")
        parser.add_argument("--seed", type=int, default=1, help="the same seed draws the same faults")
        parser.add_argument("--json", action="store_true", help="a last line with one JSON object")
        parser.add_argument("--keep-logs", type=Path, help="a folder for the logs of all programs")
        parser.add_argument("--stage", choices=["set-up", "play"], help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_real_telegram("Chaos")
        if options["stage"] == "set-up":
            bring_up_to_date()
            sys.stdout.write(json.dumps(vars(set_up())))
        elif options["stage"] == "play":
            sys.exit(self._play(options["seed"], options["json"]))
        else:
            sys.exit(self._everything(options))

    # --- around the system -----------------------------------------------------------------------------

    def _everything(self, options: dict[str, Any]) -> int:
        self._tell("Starting a database, the sandbox and the clusters …")
        with ExitStack() as stack:
            folder = stack.enter_context(passing_folder())
            disk = stack.enter_context(small_disk(folder))
            clocks = make_clocks(folder, CLUSTERS)
            clusters = {name: clocks.environment(name) if clocks else {} for name in CLUSTERS}
            system = stack.enter_context(mortal_surroundings("chaos", SETTINGS, clusters, disk or folder))
            if options["keep_logs"]:
                stack.callback(_keep_logs, system, options["keep_logs"])
            storm = self._storm(system, options["seed"], disk, clocks)
            system.start_clusters()
            return self._under_fire(system, storm, options)

    def _storm(self, system: Surroundings, seed: int, disk: Path | None, clocks: Clocks | None) -> Storm:
        env = system.supervisor.env
        made = subprocess.run(  # noqa: S603
            manage("chaos", "--stage=set-up"), env=env, stdout=subprocess.PIPE, check=True
        )
        cast = Cast(**json.loads(made.stdout.splitlines()[-1]))
        client = SandboxClient(env["RELOVE_SANDBOX_HTTP"])
        storm = Storm(system.supervisor, client, seed, lambda event: None, disk, clocks)
        storm.choose(cast.accounts, cast.people, cast.groups)
        if disk is None:
            self._tell("  the disk is not filled: mounting is not allowed here")
        if clocks is None:
            self._tell("  clocks do not jump: there is no C compiler here")
        return storm

    def _under_fire(self, system: Surroundings, storm: Storm, options: dict[str, Any]) -> int:
        inside = manage("chaos", "--stage=play", f"--seed={storm.seed}", *(["--json"] if options["json"] else []))
        with subprocess.Popen(  # noqa: S603
            inside, env=system.supervisor.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as play:
            assert play.stdin
            assert play.stdout
            # its first line says that the world is at work
            self._tell(play.stdout.readline().rstrip())
            storm.rage(options["minutes"] * 60, lambda: play.poll() is None)
            self._tell(f"  the storm is over: {json.dumps(storm.diary.events)}")
            play.stdin.write(storm.diary.as_line() + "\n")
            play.stdin.close()
            for line in play.stdout:
                self._tell(line.rstrip("\n"))
        return play.returncode

    # --- inside ----------------------------------------------------------------------------------------

    def _play(self, seed: int, as_json: bool) -> int:
        get_acquainted()
        self._tell("  everybody is acquainted; the storm begins")
        feed = Feed(seed)
        heard: list[str] = []
        ear = threading.Thread(target=lambda: heard.append(sys.stdin.readline()), daemon=True)
        ear.start()
        feed.run(lambda: bool(heard))
        verdict = self._settle(Diary.of_line(heard[0]), feed.committed)
        for line in verdict.told[:TOLD]:
            self._tell(f"  {line}")
        values = verdict.as_dict()
        for name, value in values.items():
            self._tell(f"  {name.replace('_', ' '):24}{value:>8}")
        if as_json:
            self._tell(json.dumps(values))
        return 0 if verdict.is_good else 1

    def _settle(self, diary: Diary, committed: set[str]) -> judging.Verdict:
        connections.close_all()
        started = moved = time.monotonic()
        before, told = -1, False
        while time.monotonic() - started < MOST:
            left, waited = judging.unsettled(), time.monotonic() - moved
            if left != before:
                moved, before, told = time.monotonic(), left, False
            elif waited > (PATIENCE if left else SETTLED_AFTER):
                break
            elif left and waited > NEWS_AFTER and not told:
                told = True
                self._tell(f"  nothing has moved for {NEWS_AFTER:.0f} s; waited for:")
                for line in islice(judging.waited_for(), TOLD):
                    self._tell(f"    {line}")
            time.sleep(0.5)
        self._tell(f"  settled after {time.monotonic() - started:.0f} s")
        return judging.judge(diary, committed)

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _keep_logs(system: Surroundings, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in system.supervisor.programs:
        log = system.supervisor.log(name)
        if log.exists():
            (folder / log.name).write_bytes(log.read_bytes())
    os.sync()
