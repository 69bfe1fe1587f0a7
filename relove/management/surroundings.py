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

from relove.embedded import free_port, is_free, throwaway
from relove.installation import CLUSTER, CLUSTERS, SANDBOX, manage
from relove.supervision import Program, Supervisor


@dataclass(frozen=True)
class Surroundings:
    """What runs around a command; the clusters stand still until they are asked for."""

    supervisor: Supervisor

    def manage(self, *arguments: str) -> int:
        """Run a command of ours in here; its exit status."""
        return subprocess.run(manage(*arguments), env=self.supervisor.env).returncode  # noqa: S603

    def start_clusters(self) -> None:
        for name in CLUSTERS:
            self.supervisor.start(name)

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
def surroundings(name: str, environment: Mapping[str, str]) -> Iterator[Surroundings]:
    """A fresh system with a running sandbox; its programs get `environment` besides. Nothing is set up in it."""
    with ExitStack() as stack:
        env = stack.enter_context(throwaway())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"relove-{name}-")))
        telegram, http = free_port(), free_port()
        env = {
            **os.environ,
            **env,
            "RELOVE_STATE_DIR": str(folder),
            "RELOVE_SANDBOX_TELEGRAM": f"127.0.0.1:{telegram}",
            "RELOVE_SANDBOX_HTTP": f"http://127.0.0.1:{http}",
            "LLM_BASE_URL": f"http://127.0.0.1:{http}/v1",
            "RELOVE_CONN_MAX_AGE": "600",
            **environment,
        }
        lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
        stack.callback(os.close, lock)
        leftovers = folder / "processes.json"
        supervisor = stack.enter_context(
            Supervisor(_programs(telegram, http), folder / "log", leftovers, lock, env)
        )
        supervisor.start("sandbox")
        while is_free(telegram) or is_free(http):
            supervisor.check_started("sandbox")
            time.sleep(0.05)
        yield Surroundings(supervisor)


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
