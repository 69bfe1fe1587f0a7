"""Who this process is, and a clock that a suspended machine does not stop."""

import contextlib
import os
import socket
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings


@lru_cache(maxsize=1)
def host_id() -> str:
    """Unique per host, container and pid namespace; RELOVE_HOST_ID overrides what is found out here."""
    if settings.HOST_ID:
        return str(settings.HOST_ID)
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    with contextlib.suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return "/".join(parts)


def started(pid: int) -> int | None:
    """When the process began, in clock ticks since boot; None when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return _alive_elsewhere(pid)
    # the name in brackets may hold spaces and brackets of its own
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def _alive_elsewhere(pid: int) -> int | None:
    """Without /proc: 0 for a process that answers a signal."""
    if os.path.isdir("/proc/self"):
        return None
    try:
        os.kill(pid, 0)
    except OSError:
        return None
    return 0


@dataclass(frozen=True, slots=True)
class Process:
    """A process of this host, recognisable after its pid was used again."""

    pid: int
    started: int

    @classmethod
    def current(cls) -> "Process":
        return cls(os.getpid(), started(os.getpid()) or 0)

    @property
    def is_alive(self) -> bool:
        return started(self.pid) == self.started


def boottime() -> float:
    """Seconds that also pass while the process or the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)
