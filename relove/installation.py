"""What `manage.py up` runs on one machine, and where each part answers."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from django.conf import settings

from relove.embedded import (
    PostgreSQL,
    Valkey,
    is_free,
    keys_file,
    read_env,
    remembered_port,
    services_dir,
    services_file,
    session_keys_file,
    state_dir,
)
from relove.supervision import Program

CLUSTERS = ("default", "llm", "telegram")
WEB_PORT = 8000
# supervisord stops the highest priority first: PostgreSQL last
POSTGRES, VALKEY, SANDBOX, CLUSTER, WEB = 10, 20, 30, 40, 50


@dataclass(frozen=True)
class Sandbox:
    telegram_port: int
    http_port: int

    def env(self) -> dict[str, str]:
        return {
            "RELOVE_SANDBOX_TELEGRAM": f"127.0.0.1:{self.telegram_port}",
            "RELOVE_SANDBOX_HTTP": f"http://127.0.0.1:{self.http_port}",
        }

    @classmethod
    def from_env(cls, env: dict[str, str]) -> Self | None:
        """The sandbox that `env` wrote down, if one is run here."""
        names = ("RELOVE_SANDBOX_TELEGRAM", "RELOVE_SANDBOX_HTTP")
        if not set(names) <= set(env):
            return None
        return cls(*(int(env[name].rsplit(":", 1)[1]) for name in names))

    def is_ready(self) -> bool:
        return not is_free(self.telegram_port) and not is_free(self.http_port)


@dataclass(frozen=True)
class Installation:
    """The parts of this machine; a part configured elsewhere is None and is not run here."""

    postgres: PostgreSQL | None
    valkey: Valkey | None
    sandbox: Sandbox | None
    web_port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.web_port}/"

    def services_env(self) -> dict[str, str]:
        """What other commands need to reach the running parts."""
        env = {"RELOVE_WEB": self.address}
        if self.postgres:
            env["DATABASE_URL"] = self.postgres.url("relove")
        if self.valkey:
            env["REDIS_URL"] = self.valkey.url()
        if self.sandbox:
            env |= self.sandbox.env()
        return env

    def ready_checks(self) -> dict[str, Callable[[], bool]]:
        """The servers run here, and how to tell that each answers."""
        servers = {"postgres": self.postgres, "valkey": self.valkey, "sandbox": self.sandbox}
        return {name: server.is_ready for name, server in servers.items() if server}

    def programs(self) -> list[Program]:
        """Every process to be kept running, in the order of starting."""
        programs = []
        if self.postgres:
            programs.append(postgres_program(self.postgres))
        if self.valkey:
            programs.append(valkey_program(self.valkey))
        if self.sandbox:
            programs.append(_sandbox(self.sandbox))
        return [*programs, *(_cluster(name) for name in CLUSTERS), _web(self.web_port)]


def find_installation(port: int | None) -> Installation:
    """Servers that are configured are used; the others are run here, on the ports of last time."""
    sandbox = None
    if not configured("RELOVE_SANDBOX_HTTP") and not _everything_is_real():
        sandbox = Sandbox(_port("sandbox-telegram"), _port("sandbox-http"))
    has_database = configured("DATABASE_URL")

    return Installation(
        postgres=None if has_database else PostgreSQL(services_dir() / "postgres", _port("postgres")),
        valkey=None if configured("REDIS_URL") else Valkey(services_dir() / "valkey", _port("valkey")),
        sandbox=sandbox,
        web_port=port or _port("web", WEB_PORT),
    )


def configured(name: str) -> bool:
    """Did a person set this variable? What an earlier `up` wrote for others does not count."""
    value = os.environ.get(name)
    written = (read_env(services_file()).get(name), settings.SERVICES_FOUND.get(name))
    return value is not None and value not in written


def environment() -> dict[str, str]:
    """Our environment without what every process reads from the state folder for itself."""
    written = settings.SERVICES_FOUND | read_env(services_file()) | read_env(keys_file())
    return {name: value for name, value in os.environ.items() if written.get(name) != value}


def session_keys() -> dict[str, str]:
    """The ring of session keys for a process that may have it; empty when it is configured already."""
    return {} if configured("RELOVE_SESSION_KEYS") else read_env(session_keys_file())


def manage(*arguments: str) -> list[str]:
    return [sys.executable, str(Path("manage.py").resolve()), *arguments]


def _everything_is_real() -> bool:
    return os.environ.get("RELOVE_TELEGRAM") == "telegram" and configured("LLM_BASE_URL")


def _port(name: str, preferred: int | None = None) -> int:
    return remembered_port(state_dir() / "ports" / name, preferred)


def postgres_program(server: PostgreSQL) -> Program:
    return Program("postgres", server.command(), POSTGRES, user=server.user, stop_signal="INT", stop_seconds=30)


def valkey_program(server: Valkey) -> Program:
    return Program("valkey", server.command(), VALKEY, user=server.user, stop_signal="INT")


def _sandbox(sandbox: Sandbox) -> Program:
    ports = [f"--telegram-port={sandbox.telegram_port}", f"--http-port={sandbox.http_port}"]
    return Program("sandbox", manage("sandbox", *ports, f"--state={state_dir() / 'sandbox.state'}"), SANDBOX)


def _cluster(name: str) -> Program:
    environment = {"Q_CLUSTER_NAME": name, "RELOVE_CONN_MAX_AGE": "600"}
    if name == "telegram":
        environment |= session_keys()
    return Program(name, manage("qcluster"), CLUSTER, group="clusters", environment=environment, stop_seconds=25)


def web_command(host: str, port: int) -> list[str]:
    server = [sys.executable, "-m", "uvicorn", "relove.asgi:application"]
    address = [f"--host={host}", f"--port={port}"]
    quiet = ["--log-level=warning", "--no-access-log", "--lifespan=off", "--timeout-graceful-shutdown=5"]
    return [*server, *address, *quiet]


def _web(port: int) -> Program:
    return Program("web", web_command("127.0.0.1", port), WEB)
