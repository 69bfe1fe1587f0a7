"""Servers for a test run, a demo or a benchmark: fresh, fast, and gone afterwards."""

import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypeVar

from relove.embedded.postgres import PostgreSQL
from relove.embedded.process import EmbeddedError, is_reachable, service_user
from relove.embedded.state import new_keys
from relove.embedded.valkey import Valkey

DATABASE = "relove"
# everybody may walk into it, which cannot be said of the usual one
COMMON_TEMP = "/var/tmp"  # noqa: S108
ATTEMPTS = 3
Server = TypeVar("Server", PostgreSQL, Valkey)


@contextmanager
def throwaway(*, valkey: bool = True, durable: bool = False) -> Iterator[dict[str, str]]:
    """A fresh PostgreSQL (and Valkey) on free ports; yields the environment that points at them.

    DATABASE_URL, REDIS_URL (empty without Valkey) and keys of their own. Everything is stopped and
    removed at the end, also when SIGTERM or SIGHUP ends the process. `durable`: a commit waits for the disk.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(passing_folder())
        postgres = _started(lambda: PostgreSQL(folder / "postgres", durable=durable), stack)
        postgres.create_database(DATABASE)
        env = {"DATABASE_URL": postgres.url(DATABASE), "REDIS_URL": "", **new_keys()}
        if valkey:
            env["REDIS_URL"] = _started(lambda: Valkey(folder / "valkey", durable=False), stack).url()
        yield env


@contextmanager
def passing_folder() -> Iterator[Path]:
    """A new folder that the servers' user can walk into; removed at the end, also when a signal ends us."""
    with _signals_unwind():
        folder = _temporary_folder()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _started(make: Callable[[], Server], stack: ExitStack) -> Server:
    for attempt in range(1, ATTEMPTS + 1):
        server = make()
        stack.callback(server.stop)
        try:
            server.start()
            return server
        except EmbeddedError:
            # somebody else may have taken the free port in between
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _temporary_folder() -> Path:
    """A new folder that the servers' user can walk into, though not list."""
    usual = Path(tempfile.gettempdir())
    reachable = service_user() is None or is_reachable(usual / "relove")
    folder = Path(tempfile.mkdtemp(prefix="relove-", dir=usual if reachable else COMMON_TEMP))
    folder.chmod(0o711)
    return folder


@contextmanager
def _signals_unwind() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the process by SystemExit, unless it handles them already."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [s for s in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(s) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _exit)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
