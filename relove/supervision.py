"""Running programs under supervisord: its configuration, its start, its end."""

import http.client
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from supervisor.childutils import getRPCInterface

from relove.embedded.process import die_with_parent, last_line, private_file
from relove.leftovers import Leftovers

ANSWER_SECONDS = 30
STEADY_SECONDS = 5
# clusters may take 25 s, the web 10, the rest a few: all of them one after another
STOP_SECONDS = 90


class SupervisionError(Exception):
    """A sentence for a person: which program failed and what it said last."""


@dataclass(frozen=True)
class Program:
    """One process to keep running. A higher `priority` is stopped earlier; a group stops together."""

    name: str
    command: list[str]
    priority: int
    group: str = ""
    user: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    stop_seconds: int = 10

    @property
    def address(self) -> str:
        """Its name in supervisord's interface."""
        return f"{self.group or self.name}:{self.name}"


@dataclass(frozen=True)
class Status:
    """`state` is one of supervisord's: STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED, FATAL."""

    state: str
    pid: int


class Supervisor:
    """supervisord in the background while the block runs; nothing is started until asked for.

    It holds the file descriptor `lock` too, so that a lock outlives us until the last program has
    stopped. Programs get `env` and what each adds to it.
    """

    def __init__(
        self, programs: list[Program], logs: Path, leftovers: Path, lock: int, env: dict[str, str]
    ) -> None:
        self.programs = {program.name: program for program in programs}
        self.logs = logs
        self.lock = lock
        self.env = env
        self._leftovers = Leftovers(leftovers)

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            self._leftovers.end()
            self.logs.mkdir(parents=True, exist_ok=True)
            # private: the configuration holds keys; and short, as a socket's path must be
            self._folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="relove-up-")))
            undo.callback(self._leftovers.end)
            self._process = self._launch()
            undo.callback(_stop, self._process)
            self._rpc = getRPCInterface({"SUPERVISOR_SERVER_URL": f"unix://{self._socket}"})
            undo.callback(self._rpc("close"))
            self._wait_for_socket()
            # read by now, and keys must not stay behind when we are killed
            self._config.unlink()
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    def start(self, name: str) -> None:
        self._rpc.supervisor.startProcess(self.programs[name].address, False)
        self.statuses()

    def stop(self, name: str) -> None:
        """Stop a program and wait until it has ended; it stays stopped until it is started."""
        self._rpc.supervisor.stopProcess(self.programs[name].address, True)

    def statuses(self) -> dict[str, Status]:
        """Every program's status. Raises SupervisionError when supervisord itself is gone."""
        try:
            answer = self._rpc.supervisor.getAllProcessInfo()
        except (OSError, http.client.HTTPException) as error:
            raise SupervisionError(f"supervisord ended: {last_line(self._errors)}") from error
        found = {info["name"]: Status(info["statename"], info["pid"]) for info in answer}
        self._leftovers.note([status.pid for status in found.values() if status.pid])
        return found

    def check_started(self, name: str) -> None:
        """Raises SupervisionError when the program ended although it should run."""
        status = self.statuses()[name]
        if status.state in ("BACKOFF", "FATAL", "EXITED"):
            raise SupervisionError(f"{name} ended while starting: {self.last_words(name)}")

    def last_words(self, name: str) -> str:
        """The last line of a program's log, and where the log is."""
        log = self.log(name)
        return f"{last_line(log)} (log: {log})"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _launch(self) -> subprocess.Popen[bytes]:
        private_file(self._config, self._configuration(), None)
        with self._errors.open("w") as errors:
            return subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(self._config)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=self.env,
                start_new_session=True,
                pass_fds=[self.lock],
                preexec_fn=die_with_parent(signal.SIGTERM),
            )

    def _wait_for_socket(self) -> None:
        deadline = time.monotonic() + ANSWER_SECONDS
        while not _listens(self._socket):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise SupervisionError(f"supervisord did not start: {last_line(self._errors)}")
            time.sleep(0.02)

    @property
    def _errors(self) -> Path:
        return self.logs / "supervisord.err"

    @property
    def _config(self) -> Path:
        return self._folder / "supervisord.conf"

    @property
    def _socket(self) -> Path:
        return self._folder / "rpc.sock"

    def _configuration(self) -> str:
        own = {
            "nodaemon": "true",
            "logfile": self.logs / "supervisord.log",
            "logfile_maxbytes": "5MB",
            "pidfile": self._folder / "supervisord.pid",
            "childlogdir": self._folder,
        }
        if os.geteuid() == 0:
            own["user"] = "root"
        factory = "supervisor.rpcinterface:make_main_rpcinterface"
        sections = [
            _section("supervisord", own),
            _section("unix_http_server", {"file": self._socket, "chmod": "0700"}),
            _section("rpcinterface:supervisor", {"supervisor.rpcinterface_factory": factory}),
            *(self._program_section(program) for program in self.programs.values()),
            *self._group_sections(),
        ]
        return "\n".join(sections)

    def _program_section(self, program: Program) -> str:
        values = {
            "command": shlex.join(program.command),
            "directory": "/" if program.user else os.getcwd(),
            "autostart": "false",
            "autorestart": "true",
            # one that dies sooner is restarted after a pause that grows
            "startsecs": STEADY_SECONDS,
            "startretries": "1000",
            "priority": program.priority,
            "stopsignal": program.stop_signal,
            "stopwaitsecs": program.stop_seconds,
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": self.log(program.name),
            "stdout_logfile_maxbytes": "5MB",
            "stdout_logfile_backups": "3",
        }
        if program.user:
            values["user"] = program.user
        if program.environment:
            values["environment"] = ",".join(f'{k}="{v}"' for k, v in program.environment.items())
        return _section(f"program:{program.name}", values)

    def _group_sections(self) -> list[str]:
        groups: dict[str, list[Program]] = {}
        for program in self.programs.values():
            if program.group:
                groups.setdefault(program.group, []).append(program)
        return [
            _section(
                f"group:{name}",
                {"programs": ",".join(p.name for p in members), "priority": members[0].priority},
            )
            for name, members in groups.items()
        ]


def _listens(path: Path) -> bool:
    """The file is there a moment before somebody listens at it."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _section(name: str, values: dict[str, Any]) -> str:
    lines = [f"{key} = {str(value).replace('%', '%%')}" for key, value in values.items()]
    return "\n".join([f"[{name}]", *lines, ""])
