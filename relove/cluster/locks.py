"""Locks that a killed process cannot keep."""

import errno
import fcntl
import tempfile
import threading
import time
import weakref
from multiprocessing import Value
from multiprocessing.util import register_after_fork
from types import TracebackType
from typing import Any


class FileLock:
    """A re-entrant lock between processes that the kernel releases when its holder dies.

    The semaphores of multiprocessing stay taken when their holder is killed: whoever waits for them
    then waits for ever.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the lock lives)
        weakref.finalize(self, self._file.close)
        self._start_afresh()
        register_after_fork(self, FileLock._start_afresh)

    def _start_afresh(self) -> None:
        # The kernel's lock belongs to a process, so threads need one of their own.
        self._thread_lock = threading.RLock()
        self._depth = 0

    def acquire(self) -> bool:
        self._thread_lock.acquire()
        if not self._depth:
            self._lock_file()
        self._depth += 1
        return True

    def release(self) -> None:
        self._depth -= 1
        if not self._depth:
            fcntl.lockf(self._file, fcntl.LOCK_UN)
        self._thread_lock.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _lock_file(self) -> None:
        while True:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX)
            except OSError as error:
                # The kernel sees processes, not threads: two workers, each reading one queue and writing
                # the other, look like a deadlock to it and are none. The other side moves on by itself.
                if error.errno != errno.EDEADLK:
                    raise
                time.sleep(0.005)
            else:
                return


def safe_value(code: str, initial: float) -> Any:
    """A `multiprocessing.Value` whose lock dies with its holder."""
    lock: Any = FileLock()  # all that Value needs of a lock
    return Value(code, initial, lock=lock)
