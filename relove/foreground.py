"""What a command needs that runs a whole system in the foreground: its place, its lock, its signals."""

import fcntl
import os
import pwd
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from relove.embedded import is_free

FREE_BYTES = 300 * 2**20
# as long as supervisord may need to stop the programs of a run that was killed
PREVIOUS_SECONDS = 90
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ForegroundError(Exception):
    """A sentence for a person: why the system cannot run here and what to do."""


class Stopped(BaseException):
    """A signal asked us to stop. Not an Exception: nobody on the way may swallow it."""


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """The first Ctrl-C, SIGTERM or SIGHUP raises Stopped; later ones wait for the stop to finish."""

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped

    before = {each: signal.signal(each, stop) for each in SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def check_place(state: Path, port: int | None) -> None:
    """Raises ForegroundError when the state folder or the port asked for cannot be used."""
    state.mkdir(parents=True, exist_ok=True)
    owner = state.stat().st_uid
    if owner != os.geteuid():
        name = pwd.getpwuid(owner).pw_name
        raise ForegroundError(f"{state} belongs to {name}: run this as {name}, or give the folder to yourself.")
    if shutil.disk_usage(state).free < FREE_BYTES:
        raise ForegroundError(f"Less than {FREE_BYTES // 2**20} MB are free for {state}: make room and repeat.")
    if port and not is_free(port):
        raise ForegroundError(f"Port {port} is in use: choose another one with --port.")


@contextmanager
def only_instance(path: Path, say: Callable[[str], object]) -> Iterator[int]:
    """The lock of this state folder, as a file descriptor that a child may hold on to.

    A run that was killed may still be stopping its programs: then this waits for it.
    Raises ForegroundError while another run is alive.
    """
    with path.open("a+") as file:
        deadline = time.monotonic() + PREVIOUS_SECONDS
        told = False
        while not _locked(file.fileno()):
            _refuse_if_alive(path, deadline)
            if not told:
                say("Waiting for the programs of an interrupted run to end …")
                told = True
            time.sleep(0.1)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield file.fileno()


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _refuse_if_alive(path: Path, deadline: float) -> None:
    holder = path.read_text()
    alive = holder.isdigit() and _is_alive(int(holder))
    if alive or time.monotonic() > deadline:
        raise ForegroundError(f"Another `make up` is running here (process {holder}): stop it first.")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
