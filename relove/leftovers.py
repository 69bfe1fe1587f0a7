"""Processes that must not outlive their supervisor, noted in a file as they are seen."""

import json
import os
import signal
import time
from pathlib import Path

ASKED_SECONDS = 30


class Leftovers:
    """The process groups of a run. After a kill -9 of supervisord nobody else would end them."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._noted: dict[str, int] = {}

    def note(self, pids: list[int]) -> None:
        """Remember the running processes; each is a group leader, known by pid and start time."""
        running = {str(pid): started for pid in pids if (started := _started(pid))}
        if running != self._noted:
            self._noted = running
            self._file.write_text(json.dumps(running))

    def end(self) -> None:
        """End what is left of the noted processes: asked first, then by force."""
        try:
            noted = json.loads(self._file.read_text())
        except (FileNotFoundError, ValueError):
            return
        # the last started first: PostgreSQL stays until those who write to it are gone
        for pid in sorted(map(int, noted), key=lambda pid: -noted[str(pid)]):
            _end(pid, noted[str(pid)])
        self._file.unlink()


def _end(pid: int, started: int) -> None:
    if _started(pid) == started:
        os.kill(pid, signal.SIGINT)
    if not _gone(pid, started, ASKED_SECONDS):
        os.killpg(pid, signal.SIGKILL)
        _gone(pid, started, ASKED_SECONDS)


def _gone(pid: int, started: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while _started(pid) == started:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _started(pid: int) -> int:
    """Start time in clock ticks since boot; 0 when there is no such process (or no /proc)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    # fields after the name begin with the state; a zombie no longer runs
    return 0 if fields[0] == "Z" else int(fields[19])
