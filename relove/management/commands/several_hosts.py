"""Three hosts as network namespaces: one dies, one is cut off from PostgreSQL, and nothing is lost or doubled."""

import json
import os
import subprocess
import sys
import tempfile
from argparse import SUPPRESS
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandParser

from relove.embedded import throwaway
from relove.installation import manage
from relove.management import hosts
from relove.management.benchmark import running, wait_until
from relove.management.hosts import network, story
from relove.management.hosts.relay import relayed
from relove.management.surroundings import refuse_real_telegram
from relove.management.upkeep import bring_up_to_date
from relove.sandbox.client import SandboxClient

SKIPPED = 0


class Command(BaseCommand):
    help = "Kills one of two runner hosts and cuts the other off; exit status 1 when anything is lost or doubled."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="a last line with one JSON object")
        parser.add_argument("--keep-logs", type=Path, help="a folder for the logs of the hosts")
        parser.add_argument("--stage", choices=["servers", "play"], help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_real_telegram("The command")
        stages = {"servers": self._serve, "play": self._play, None: self._build}
        sys.exit(stages[options["stage"]](options))

    def _build(self, options: dict[str, Any]) -> int:
        """Around everything: the hosts."""
        logs = options["keep_logs"] or Path(tempfile.mkdtemp(prefix="relove-hosts-"))
        logs.mkdir(parents=True, exist_ok=True)
        arguments = ["several_hosts", "--stage=servers", f"--keep-logs={logs.absolute()}"]
        command = manage(*arguments, *(["--json"] if options["json"] else []))
        try:
            with network.network():
                return subprocess.run(network.command_in(hosts.SERVERS, command)).returncode  # noqa: S603
        except network.Forbidden as reason:
            self._tell(f"Skipped: {reason}.")
            if options["json"]:
                self._tell(json.dumps({"skipped": str(reason)}))
            return SKIPPED

    def _serve(self, options: dict[str, Any]) -> int:
        """On the first host: PostgreSQL, Valkey and the sandbox."""
        logs: Path = options["keep_logs"]
        command = manage(*sys.argv[1:])
        with _servers(logs) as environment:
            inside = [part.replace("--stage=servers", "--stage=play") for part in command]
            return subprocess.run(inside, env={**os.environ, **environment}).returncode  # noqa: S603

    def _play(self, options: dict[str, Any]) -> int:
        bring_up_to_date()
        outcome = story.play(self._tell, options["keep_logs"])
        for name, value in outcome.as_dict().items():
            self._tell(f"  {name.replace('_', ' '):24}{value:>8}")
        if options["json"]:
            self._tell(json.dumps(outcome.as_dict()))
        return 0 if outcome.is_good else 1

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


@contextmanager
def _servers(state: Path) -> Iterator[dict[str, str]]:
    """Yields the environment of every host."""
    with ExitStack() as stack:
        found = stack.enter_context(throwaway())
        database, valkey = urlsplit(found["DATABASE_URL"]), urlsplit(found["REDIS_URL"])
        assert database.port
        assert valkey.port
        stack.enter_context(relayed(hosts.DATABASE_ADDRESS, hosts.DATABASE_PORT, database.port))
        stack.enter_context(relayed(hosts.MAIN_ADDRESS, hosts.VALKEY_PORT, valkey.port))
        http = f"http://{hosts.MAIN_ADDRESS}:{hosts.HTTP_PORT}"
        environment = {
            **found,
            "DATABASE_URL": _moved(found["DATABASE_URL"], hosts.DATABASE_ADDRESS, hosts.DATABASE_PORT),
            "REDIS_URL": _moved(found["REDIS_URL"], hosts.MAIN_ADDRESS, hosts.VALKEY_PORT),
            "RELOVE_STATE_DIR": str(state),
            "RELOVE_SANDBOX_TELEGRAM": f"{hosts.MAIN_ADDRESS}:{hosts.TELEGRAM_PORT}",
            "RELOVE_SANDBOX_HTTP": http,
            "LLM_BASE_URL": f"{http}/v1",
            "RELOVE_ALLOWED_HOSTS": hosts.ADDRESSES[hosts.WEB],
            "RELOVE_CONN_MAX_AGE": "600",
            "RELOVE_LOG_LEVEL": "WARNING",
        }
        address = [f"--telegram-port={hosts.TELEGRAM_PORT}", f"--http-port={hosts.HTTP_PORT}"]
        sandbox = ["sandbox", f"--host={hosts.MAIN_ADDRESS}", "--any-address", *address]
        stack.enter_context(running(environment, *sandbox))
        wait_until(lambda: _answers(http), "the sandbox does not answer", every=0.1)
        yield environment


def _moved(url: str, host: str, port: int) -> str:
    """The same address on another host."""
    parts = urlsplit(url)
    credentials = parts.netloc.rpartition("@")[0]
    return parts._replace(netloc=f"{credentials}@{host}:{port}").geturl()


def _answers(http: str) -> bool:
    try:
        return bool(SandboxClient(http).health()["ok"])
    except OSError:
        return False
