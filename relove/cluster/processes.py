"""The main process and the sentinel of a cluster.

    main ──forks──▶ sentinel ──forks──▶ workers, monitor, pusher

- SIGTERM, SIGINT and SIGHUP are blocked in every child: sent to the group they reach main alone, which rings
  the bell (long tasks drain), then stops the sentinel.
- Children die with their parent by the kernel's hand; a long task outlives it just long enough to settle.
- Main watches the beats of the sentinel and of the long tasks. Where one falls silent, or a stop takes too
  long, it ends everything with status 1, and the process manager starts the cluster again.
"""

import logging
import os
import signal
from multiprocessing import Event, popen_fork
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from multiprocessing.util import register_after_fork
from time import monotonic, sleep
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary

import django_q.cluster
from django.conf import settings
from django.db import connections
from django_q.brokers.orm import ORM
from django_q.cluster import get_mp_context
from django_q.conf import Conf
from django_q.worker import worker

from relove.cluster.death import adopt_orphans, die_with_parent, reap_orphans
from relove.cluster.draining import DRAIN_SECONDS, drain
from relove.cluster.heartbeats import EVERY_SECONDS, record_heartbeat
from relove.cluster.holders import ask_for_holder, long_task
from relove.cluster.locks import safe_value
from relove.cluster.queues import make_safe
from relove.cluster.shared import Lifeline, Place, Watch, make_places

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
ROUND_SECONDS = 0.5
# How long a worker may wait for its long task before the cluster asks for it anew.
ASK_SECONDS = 3.0

logger = logging.getLogger(__name__)


class StuckError(Exception):
    """The cluster does not live, or does not end, as it should."""


class Cluster(django_q.cluster.Cluster):  # type: ignore[misc]
    """The main process."""

    def __init__(self) -> None:
        super().__init__()
        self.bell = Lifeline()
        self.places = make_places(1 + Conf.WORKERS)
        self.stopping = False
        signal.signal(signal.SIGHUP, self.sig_handler)
        signal.signal(signal.SIGALRM, self._took_too_long)

    def run(self) -> int:
        """Run until stopped. Returns the exit status: 0 only when the sentinel ended in good order."""
        adopt_orphans()
        self.start()
        try:
            self._watch()
        except StuckError as stuck:
            logger.critical("Cluster %s is stuck: %s. Killing it.", Conf.CLUSTER_NAME, stuck)
            self.sentinel.kill()
        finally:
            signal.alarm(0)
        self.sentinel.join()
        self._end_holders()
        return int(self.sentinel.exitcode != 0)

    def start(self) -> int:
        self.start_event, self.stop_event = Event(), Event()
        arguments = (self.bell, self.places, self.stop_event, self.start_event, self.cluster_id)
        self.sentinel = get_mp_context().Process(target=Sentinel, args=arguments)
        register_after_fork(self, Cluster._after_fork)
        # Blocked around the fork, the signals stay blocked in every child.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        self.sentinel.start()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return int(self.pid)

    def request_stop(self) -> None:
        """Have long tasks drain, then everything end. A second call changes nothing."""
        if not self.stopping:
            self.stopping = True
            self.bell.ring()
            signal.alarm(getattr(settings, "CLUSTER_STOP_WITHIN", 20))

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        self.request_stop()

    def _took_too_long(self, signum: int, frame: FrameType | None) -> None:
        for place in self.places:
            _kill_holder(place)
        raise StuckError("it did not stop in time")

    def _after_fork(self) -> None:
        die_with_parent()

    def _watch(self) -> None:
        """Returns when the sentinel has ended; raises StuckError."""
        watch = Watch(self.places, getattr(settings, "CLUSTER_SILENT_AFTER", 40.0))
        waiting: list[Any] = [self.sentinel.sentinel, self.bell.reader]
        # not is_alive(): a process that is ending lives on for some rounds that do not wait
        while self.sentinel.sentinel not in (ready := wait(waiting, ROUND_SECONDS)):
            if self.bell.reader in ready:
                waiting.remove(self.bell.reader)
                self.stop_event.set()
            if silent := watch.silent(ROUND_SECONDS):
                for place in silent:
                    _kill_holder(place)
                raise StuckError("a process has shown no sign of life")

    def _end_holders(self) -> None:
        """Give long tasks that survived the sentinel the time to settle, then kill what is left."""
        deadline = monotonic() + DRAIN_SECONDS + 1
        while any(_alive(place) for place in self.places[1:]) and monotonic() < deadline:
            sleep(0.05)
            reap_orphans()
        for place in self.places[1:]:
            _kill_holder(place)


class Sentinel(django_q.cluster.Sentinel):  # type: ignore[misc]
    """The process that starts, watches and replaces workers."""

    def __init__(self, bell: Lifeline, places: list[Place], *arguments: Any) -> None:
        # SIGTERM is blocked in the children, and django-q2 ends those that overran their time by it.
        popen_fork.Popen.terminate = popen_fork.Popen.kill  # type: ignore[method-assign]
        self.bell, self.lifeline = bell, Lifeline()
        self.place, *self.worker_places = places
        self.place_of: WeakKeyDictionary[BaseProcess, Place] = WeakKeyDictionary()
        self.place.hold()
        self.asked_at = monotonic()
        super().__init__(*arguments, broker=HeartbeatBroker())

    def start(self) -> None:
        make_safe(self.task_queue)
        make_safe(self.result_queue)
        super().start()

    def status(self) -> Any:
        # Asked in every round of the guard's loop and of the stop's.
        self.place.beat()
        self._ask_again()
        return super().status()

    def _ask_again(self) -> None:
        """A neighbour of the same name may have fetched our worker's wish ahead of its own need.

        It fetches no more than its queue holds, so a wish or two later one is left for us.
        """
        if long_task() and monotonic() - self.asked_at >= ASK_SECONDS:
            self.asked_at = monotonic()
            if any(self.place_of[process].untouched for process in self.pool):
                ask_for_holder()
                connections.close_all()

    def spawn_worker(self) -> None:
        taken = [self.place_of[process] for process in self.pool]
        place = next(place for place in self.worker_places if place not in taken)
        place.clear()
        drain.attach(place, self.bell, self.lifeline)  # the worker inherits it
        timer = safe_value("f", -1)
        process = self.spawn_process(worker, self.task_queue, self.result_queue, timer, self.timeout)
        self.place_of[process] = place

    def reincarnate(self, process: BaseProcess) -> None:
        if process is self.pusher:
            self.event_out = Event()  # the dead one may have held its lock
        super().reincarnate(process)

    def stop(self) -> None:
        if long_task():
            self._await_holders()
        super().stop()

    def _await_holders(self) -> None:
        """In a cluster of long tasks nothing but running tasks is worth waiting for.

        Workers are not replaced any more, so messages for them could fill the queue and block the pusher,
        or the stock stop, for ever.
        """
        self.pusher.kill()
        self.event_out = Event()  # the pusher may have held its lock
        for process in self.pool:
            if self.place_of[process].untouched:
                process.kill()
        while any(process.is_alive() for process in self.pool):
            self.place.beat()
            sleep(0.05)
        self.pool.clear()


class HeartbeatBroker(ORM):  # type: ignore[misc]
    """django-q2's statistics do not say which cluster they are of; this adds a heartbeat by name."""

    last_beat = float("-inf")

    def set_stat(self, key: str, value: str, timeout: int) -> Any:
        # Called by Stat.save(), which survives a cache that fails.
        if monotonic() - self.last_beat >= EVERY_SECONDS:
            record_heartbeat(self.list_key)
            self.last_beat = monotonic()
        return super().set_stat(key, value, timeout)


def _alive(place: Place) -> bool:
    if not place.holder:
        return False
    try:
        os.kill(place.holder, 0)
    except ProcessLookupError:
        return False
    return True


def _kill_holder(place: Place) -> None:
    if _alive(place):
        os.kill(place.holder, signal.SIGKILL)
