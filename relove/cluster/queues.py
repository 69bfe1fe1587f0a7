"""Queues that keep working when a process that reads or writes them is killed at any moment.

Those of multiprocessing do not: a killed process keeps their lock, takes half a message out of their pipe, so
that every reader after it reads nonsense, or takes a message without freeing its slot.
"""

import socket
import sys
from multiprocessing import Semaphore
from multiprocessing.connection import wait
from typing import Any

from django_q.queues import Queue

from relove.cluster.locks import FileLock, safe_value

# The kernel doubles this; the sum bounds one message. Tasks take and return ids, not data.
_BUFFER_BYTES = 200_000
MAX_MESSAGE_BYTES = 2 * _BUFFER_BYTES


def make_safe(queue: Queue) -> None:
    """Make a queue safe, before any process uses it. Elsewhere than on Linux only its locks are."""
    queue._rlock, queue._wlock = FileLock(), FileLock()
    queue.size.count = safe_value("i", 0)
    if sys.platform == "linux":
        slots = _Slots(queue._maxsize)
        queue._reader.close()
        queue._writer.close()
        ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        queue._reader, queue._writer, queue._sem = _Reader(ends[0], slots), _Writer(ends[1]), slots
        queue._reset()


class _Slots:
    """How many messages a queue may still take, to its writers a semaphore."""

    def __init__(self, count: int) -> None:
        self._semaphore = Semaphore(count)

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        return self._semaphore.acquire(block, timeout)

    def free_one(self) -> None:
        self._semaphore.release()

    def release(self) -> None:
        """Called after a message was taken out, which is too late: see `_Reader`."""


class _End:
    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def close(self) -> None:
        self._end.close()

    def __del__(self) -> None:
        self.close()


class _Writer(_End):
    def __init__(self, end: socket.socket) -> None:
        super().__init__(end)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)

    def send_bytes(self, message: Any) -> None:
        """Send one message, whole or not at all. OSError (EMSGSIZE) if it exceeds MAX_MESSAGE_BYTES."""
        self._end.send(message)


class _Reader(_End):
    def __init__(self, end: socket.socket, slots: _Slots) -> None:
        super().__init__(end)
        self._slots = slots

    def recv_bytes(self) -> bytes:
        """Take one message, whole or not at all.

        The slot is freed first: killed in between, the reader leaves a slot too many, which does no harm.
        """
        self._end.recv(1, socket.MSG_PEEK)
        self._slots.free_one()
        return self._end.recv(MAX_MESSAGE_BYTES)

    def poll(self, timeout: float | None = 0.0) -> bool:
        return bool(wait([self._end], timeout))
