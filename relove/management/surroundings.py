"""A system of its own for a command: database, Valkey and sandbox on free ports, gone afterwards."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from relove.embedded import PostgreSQL, Valkey, free_port, is_free, new_keys, throwaway
from relove.installation import CLUSTER, CLUSTERS, SANDBOX, manage, postgres_program, valkey_program
from relove.supervision import Program, Supervisor

DATABASE = "relove"


@dataclass(frozen=True)
class Surroundings:
    """What runs around a command; the clusters stand still until they are asked for."""

    supervisor: Supervisor

    def manage(self, *arguments: str) -> int:
        """Run a command of ours in here; its exit status."""
        return subprocess.run(manage(*arguments), env=self.supervisor.env).returncode  # noqa: S603

    def start_clusters(self) -> None:
        for program in self.supervisor.programs.values():
            if program.group == "clusters":
                self.supervisor.start(program.name)

    def last_words(self) -> Iterator[str]:
        """What each program said last: the logs go with the surroundings."""
        for name in self.supervisor.statuses():
            yield f"{name}: {self.supervisor.last_words(name)}"

    def errors(self) -> Iterator[str]:
        """What the programs' logs tell of errors."""
        for name in self.supervisor.statuses():
            log = self.supervisor.log(name)
            lines = log.read_text(errors="replace").splitlines() if log.exists() else []
            yield from (f"{name}: {line}" for line in lines if " ERROR " in line or line.startswith("Traceback"))


def refuse_real_telegram(command: str) -> None:
    """Raises CommandError: what makes messages by the thousand must never reach people."""
    if settings.TELEGRAM_GATEWAY != "sandbox":
        raise CommandError(f"{command} runs in the sandbox only, and real Telegram is configured.")


@contextmanager
def surroundings(name: str, environment: Mapping[str, str], *, durable: bool = False) -> Iterator[Surroundings]:
    """A fresh system with a running sandbox; its programs get `environment` besides. Nothing is set up in it."""
    clusters: dict[str, dict[str, str]] = {one: {} for one in CLUSTERS}
    with throwaway(durable=durable) as servers, _system(name, {**servers, **environment}, clusters, []) as system:
        yield system


@contextmanager
def mortal_surroundings(
    name: str, environment: Mapping[str, str], clusters: Mapping[str, dict[str, str]], folder: Path
) -> Iterator[Surroundings]:
    """As `surroundings`, with servers in `folder` that keep what they were given, and programs that may be killed.

    `clusters` are the names to run, each with what its environment has besides; where one ends in a number it is
    one more of the cluster named before it.
    """
    postgres, valkey = PostgreSQL(folder / "postgres"), Valkey(folder / "valkey")
    postgres.prepare()
    valkey.prepare()
    servers = {"DATABASE_URL": postgres.url(DATABASE), "REDIS_URL": valkey.url(), **new_keys()}
    programs = [postgres_program(postgres), valkey_program(valkey)]
    with _system(name, {**servers, **environment}, clusters, programs) as system:
        for program in programs:
            system.supervisor.start(program.name)
        postgres.wait()
        valkey.wait()
        postgres.create_database(DATABASE)
        yield system


@contextmanager
def _system(
    name: str, environment: Mapping[str, str], clusters: Mapping[str, dict[str, str]], servers: list[Program]
) -> Iterator[Surroundings]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"relove-{name}-")))
        telegram, http = free_port(), free_port()
        env = {
            **os.environ,
            "RELOVE_STATE_DIR": str(folder),
            "RELOVE_SANDBOX_TELEGRAM": f"127.0.0.1:{telegram}",
            "RELOVE_SANDBOX_HTTP": f"http://127.0.0.1:{http}",
            "LLM_BASE_URL": f"http://127.0.0.1:{http}/v1",
            "RELOVE_CONN_MAX_AGE": "600",
            # errors() reads lines
            "RELOVE_LOG_FORMAT": "readable",
            **environment,
        }
        lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
        stack.callback(os.close, lock)
        leftovers = folder / "processes.json"
        supervisor = stack.enter_context(
            Supervisor([*servers, *_programs(telegram, http, clusters)], folder / "log", leftovers, lock, env)
        )
        supervisor.start("sandbox")
        while is_free(telegram) or is_free(http):
            supervisor.check_started("sandbox")
            time.sleep(0.05)
        yield Surroundings(supervisor)


def _programs(telegram: int, http: int, names: Mapping[str, dict[str, str]]) -> list[Program]:
    sandbox = manage("sandbox", f"--telegram-port={telegram}", f"--http-port={http}")
    clusters = [
        Program(
            name,
            manage("qcluster"),
            CLUSTER,
            group="clusters",
            environment={"Q_CLUSTER_NAME": name.rstrip("-0123456789"), **own},
            stop_seconds=25,
        )
        for name, own in names.items()
    ]
    return [Program("sandbox", sandbox, SANDBOX), *clusters]
