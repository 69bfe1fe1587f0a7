"""How a long task learns that it must end, and how it shows that it lives."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait

from relove.cluster.death import die_with_parent, outlive_parent
from relove.cluster.shared import Lifeline, Place

# How long a task may take to settle what is in flight once it was told to end.
DRAIN_SECONDS = 10.0

logger = logging.getLogger(__name__)


class Drain:
    """Set when the cluster stops, and when its sentinel or its main process has died.

    A long task watches it, returns well within DRAIN_SECONDS after it is set, and runs inside `guard()`:

        async def hold(drain: Drain) -> None:
            ...                          # drain.beat() at least every few seconds
            await drain.wait()           # or drain.is_set(), or filenos() in a loop of one's own
    """

    def __init__(self, *lifelines: Lifeline) -> None:
        self._lifelines = lifelines
        self._place: Place | None = None

    @classmethod
    def manual(cls) -> "Drain":
        """A drain outside of any cluster, set by `set()`: for tests and for commands in the foreground."""
        return cls(Lifeline())

    def attach(self, place: Place, *lifelines: Lifeline) -> None:
        """Bind this drain to a cluster; the sentinel does so before it forks a worker."""
        self._place, self._lifelines = place, lifelines

    def set(self) -> None:
        """Tell the task to end. Only the process that made the drain can, and only a manual one."""
        for lifeline in self._lifelines:
            lifeline.ring()

    def filenos(self) -> list[int]:
        """File descriptors of which one becomes readable, for ever, when the drain is set. Do not read."""
        return [reader.fileno() for reader in self._readers()]

    def is_set(self) -> bool:
        return bool(wait(self._readers(), 0))

    async def wait(self) -> None:
        """Return when the drain is set. Any number of coroutines may wait."""
        loop = asyncio.get_running_loop()
        rung = asyncio.Event()
        # A loop knows one callback per descriptor, so each waiter watches copies of its own.
        copies = [os.dup(fileno) for fileno in self.filenos()]
        for copy in copies:
            loop.add_reader(copy, rung.set)
        try:
            await rung.wait()
        finally:
            for copy in copies:
                loop.remove_reader(copy)
                os.close(copy)

    def beat(self) -> None:
        """Show that the task lives. A task that stays silent too long is replaced with its whole cluster."""
        if self._place:
            self._place.beat()

    @contextmanager
    def guard(self, within: float = DRAIN_SECONDS) -> Iterator[None]:
        """Around a long task: the death of the cluster sets the drain instead of killing the task.

        Inside, the task must beat, and leave `within` seconds after the drain was set: then it is killed.
        Without a cluster this does nothing.
        """
        if not self._place:
            yield
            return
        over = Lifeline()
        self._place.hold()
        outlive_parent()
        threading.Thread(target=_enforce, args=(self._readers(), over, within), daemon=True).start()
        try:
            yield
        finally:
            over.ring()
            self._place.leave()
            die_with_parent()

    def _readers(self) -> Sequence[Connection]:
        return [lifeline.reader for lifeline in self._lifelines]


def _enforce(readers: Sequence[Connection], over: Lifeline, within: float) -> None:
    """Thread: an orphan whose event loop hangs has nobody left to kill it but this."""
    wait([*readers, over.reader])
    if not wait([over.reader], within):
        logger.critical("A task did not end within %s s after it was told to; killing it.", within)
        os.kill(os.getpid(), signal.SIGKILL)


# The drain of this process. It is never set in a process that is no worker of a cluster.
drain = Drain()
