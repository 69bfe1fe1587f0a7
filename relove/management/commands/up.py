"""The whole system in the foreground, under supervisord, until Ctrl-C."""

import http.client
import subprocess
import time
from argparse import SUPPRESS
from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from relove.embedded import EmbeddedError, ensure_keys, services_file, state_dir, write_env
from relove.foreground import ForegroundError, Stopped, check_place, only_instance, stopped_by_signals
from relove.installation import (
    CLUSTERS,
    Installation,
    environment,
    find_installation,
    manage,
    session_keys,
)
from relove.supervision import SupervisionError, Supervisor

READY_SECONDS = 90
WATCH_SECONDS = 1.0
LOGIN_HINT = """  login admin, the password printed at the first start
  (a new one: .venv/bin/python manage.py changepassword admin)"""


class Command(BaseCommand):
    help = "Runs everything in the foreground: servers, sandbox, clusters, web. Ctrl-C stops it."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, help="the web's port; else the one of last time, 8000 at first")
        parser.add_argument("--setup", action="store_true", help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["setup"]:
            self._set_up_database()
            return
        try:
            with stopped_by_signals():
                self._run(options["port"])
        except Stopped:
            self.stdout.write("Stopped.")
        except (EmbeddedError, ForegroundError, SupervisionError) as error:
            raise CommandError(str(error)) from error

    def _run(self, port: int | None) -> None:
        started = time.monotonic()
        check_place(state_dir(), port)
        with only_instance(state_dir() / "up.lock", self.stdout.write) as lock:
            ensure_keys()
            installation = find_installation(port)
            self._prepare(installation)
            write_env(services_file(), installation.services_env())
            logs, leftovers = state_dir() / "log", state_dir() / "processes.json"
            try:
                with Supervisor(installation.programs(), logs, leftovers, lock, environment()) as supervisor:
                    said = self._start(installation, supervisor)
                    self._greet(installation, said, time.monotonic() - started)
                    self._watch(supervisor)
            finally:
                services_file().unlink(missing_ok=True)

    def _prepare(self, installation: Installation) -> None:
        if installation.postgres:
            if not installation.postgres.data.exists():
                self.stdout.write("Creating the database cluster …")
            installation.postgres.prepare()
        if installation.valkey:
            installation.valkey.prepare()

    def _start(self, installation: Installation, supervisor: Supervisor) -> str:
        """Everything in order; returns what the preparation has to say to a person."""
        ready = installation.ready_checks()
        for name in ready:
            supervisor.start(name)
        # the sandbox starts while the database is set up
        sandbox_ready = ready.pop("sandbox", None)
        for name, is_ready in ready.items():
            self._wait(supervisor, name, is_ready)
        if installation.postgres:
            installation.postgres.create_database("relove")
        self.stdout.write("Bringing the database up to date …")
        said = self._set_up(supervisor)
        if sandbox_ready:
            self._wait(supervisor, "sandbox", sandbox_ready)
        # the web first: pages wait for a person, clusters do not
        supervisor.start("web")
        self._wait(supervisor, "web", lambda: _answers(installation.web_port))
        for name in CLUSTERS:
            supervisor.start(name)
        return said

    def _wait(self, supervisor: Supervisor, name: str, is_ready: Callable[[], bool]) -> None:
        started = time.monotonic()
        while not is_ready():
            supervisor.check_started(name)
            if time.monotonic() - started > READY_SECONDS:
                words = supervisor.last_words(name)
                raise SupervisionError(f"{name} did not answer within {READY_SECONDS} s: {words}")
            time.sleep(0.05)
        self.stdout.write(f"  {name} is ready")

    def _greet(self, installation: Installation, said: str, seconds: float) -> None:
        self.stdout.write(f"\nreLove is running (ready in {seconds:.1f} s). Ctrl-C stops it.")
        self.stdout.write(self.style.SUCCESS(f"  {installation.address}"))
        self.stdout.write(said or LOGIN_HINT)

    def _watch(self, supervisor: Supervisor) -> None:
        """Until a signal: tell a person when a program ended, once until it runs well again."""
        known = supervisor.statuses()
        told: set[str] = set()
        while True:
            time.sleep(WATCH_SECONDS)
            now = supervisor.statuses()
            for name, status in now.items():
                if status.state == "RUNNING":
                    told.discard(name)
                elif name not in told and status != known[name] and known[name].pid:
                    told.add(name)
                    self.stderr.write(f"{name} ended and is being restarted: {supervisor.last_words(name)}")
            known = now

    def _set_up(self, supervisor: Supervisor) -> str:
        log = supervisor.log("setup")
        with log.open("w") as errors:
            done: subprocess.CompletedProcess[str]
            done = subprocess.run(  # noqa: S603
                manage("up", "--setup"),
                env=environment() | session_keys(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        said = done.stdout.rstrip()
        if done.returncode:
            # a password is shown only once
            self.stdout.write(said)
            raise SupervisionError(f"Setting up the database failed: {supervisor.last_words('setup')}")
        return said

    def _set_up_database(self) -> None:
        """In a process of its own, since our settings were read before the servers' addresses were known."""
        call_command("prepare")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
