"""The parts of a cluster one by one: drains, locks, places and the watch over them."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

import pytest
from django.conf import settings
from django_q.models import OrmQ
from django_q.queues import Queue

from relove.cluster import Drain, death, drain
from relove.cluster.holders import top_up
from relove.cluster.locks import FileLock, safe_value
from relove.cluster.queues import MAX_MESSAGE_BYTES, make_safe
from relove.cluster.shared import Lifeline, Watch, make_places

DEADLINE = 10

Fork = Callable[[Callable[[], object]], BaseProcess]


@pytest.fixture
def fork() -> Iterator[Fork]:
    """Starts a function in a child process, as django-q2 does; none survives the test."""
    with ExitStack() as children:

        def start(target: Callable[[], object]) -> BaseProcess:
            process = multiprocessing.get_context("fork").Process(target=target)
            process.start()
            children.callback(process.join, DEADLINE)
            children.callback(process.kill)
            return process

        yield start


def test_a_process_outside_of_clusters_is_never_told_to_drain() -> None:
    assert not drain.is_set()
    assert drain.filenos() == []
    drain.beat()
    with drain.guard():
        pass


def test_every_waiter_of_a_drain_wakes_up() -> None:
    manual = Drain.manual()

    async def story() -> None:
        waiters = [asyncio.create_task(manual.wait()) for _ in range(3)]
        await asyncio.sleep(0)
        assert not manual.is_set()
        manual.set()
        async with asyncio.timeout(DEADLINE):
            await asyncio.gather(*waiters)
            await manual.wait()

    asyncio.run(story())
    assert manual.is_set()
    assert wait(manual.filenos(), 0) == manual.filenos()


def test_a_cancelled_waiter_leaves_the_drain_as_it_was() -> None:
    manual = Drain.manual()

    async def story() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await manual.wait()
        manual.set()
        async with asyncio.timeout(DEADLINE):
            await manual.wait()

    asyncio.run(story())


def test_a_lifeline_tells_of_its_makers_death(fork: Fork) -> None:
    """The maker is killed; its own child, which inherited the pipe, notices."""
    news, tell = multiprocessing.Pipe(duplex=False)

    def child(lifeline: Lifeline) -> None:
        tell.send("waiting")
        tell.send(bool(wait([lifeline.reader], DEADLINE)))

    def maker() -> None:
        lifeline = Lifeline()
        grandchild = multiprocessing.get_context("fork").Process(target=child, args=(lifeline,))
        grandchild.start()
        signal.pause()

    process = fork(maker)
    assert news.poll(DEADLINE)
    assert news.recv() == "waiting"
    process.kill()
    assert news.poll(DEADLINE)
    assert news.recv() is True


def test_a_lock_is_free_when_its_holder_is_killed(fork: Fork) -> None:
    lock = FileLock()
    news, tell = multiprocessing.Pipe(duplex=False)

    def holder() -> None:
        with lock, lock:
            tell.send("held twice")
            signal.pause()

    def next_one() -> None:
        with lock:
            tell.send("held next")

    first = fork(holder)
    assert news.poll(DEADLINE)
    assert news.recv() == "held twice"
    fork(next_one)
    assert not news.poll(0.2), "two processes must not hold the lock at once"
    first.kill()
    assert news.poll(DEADLINE)
    assert news.recv() == "held next"


def test_a_locked_value_counts_right_between_processes(fork: Fork) -> None:
    value = safe_value("i", 0)

    def count() -> None:
        for _ in range(300):
            with value.get_lock():
                value.value += 1

    processes = [fork(count) for _ in range(3)]
    for process in processes:
        process.join(DEADLINE)
    assert value.value == 900


@pytest.fixture
def make_queue() -> Iterator[Callable[..., Queue]]:
    queues: list[Queue] = []

    def make(*limit: int) -> Queue:
        queues.append(Queue(*limit))
        make_safe(queues[-1])
        return queues[-1]

    yield make
    for queue in queues:
        queue.close()
        queue.join_thread()


def test_crosswise_readers_and_writers_are_no_deadlock(fork: Fork, make_queue: Callable[..., Queue]) -> None:
    """The kernel sees processes, not threads, and reports a deadlock where there is none."""
    there, back = make_queue(), make_queue()

    def echo() -> None:
        for item in iter(there.get, "STOP"):
            back.put(item)

    processes = [fork(echo) for _ in range(3)]
    for number in range(600):
        there.put(number)
    assert sorted(back.get() for _ in range(600)) == list(range(600))
    for _ in processes:
        there.put("STOP")
    for process in processes:
        process.join(DEADLINE)
        assert process.exitcode == 0


@pytest.mark.parametrize("limit", [1, 4])
def test_readers_killed_at_any_moment_break_no_queue(
    fork: Fork, make_queue: Callable[..., Queue], limit: int
) -> None:
    """Killed in the midst of work, none takes half a message or a slot along."""
    queue, message = make_queue(limit), "a message " * 300
    taken = make_places(1)[0]

    def read() -> None:
        for item in iter(queue.get, "STOP"):
            assert item == message
            taken.beat()

    for _ in range(150):
        reader = fork(read)
        before = taken.beats
        while taken.beats - before < 3:
            queue.put(message, timeout=DEADLINE)
        reader.kill()
        reader.join(DEADLINE)
        assert reader.exitcode == -signal.SIGKILL, "it found each message whole"
    last = fork(read)
    queue.put("STOP", timeout=DEADLINE)
    last.join(DEADLINE)
    assert last.exitcode == 0


def test_a_large_message_passes(make_queue: Callable[..., Queue]) -> None:
    queue = make_queue()
    queue.put("x" * (MAX_MESSAGE_BYTES - 1000))
    assert len(queue.get()) == MAX_MESSAGE_BYTES - 1000


def test_the_watch_sees_who_fell_silent() -> None:
    talking, silent, free, left = places = make_places(4)
    for place in (talking, silent, left):
        place.hold()
    left.leave()
    watch = Watch(places, patience=1.0)
    rounds = []
    for _ in range(4):
        talking.beat()
        rounds.append(watch.silent(0.5))
    assert rounds == [[], [], [], [silent]]
    assert free.untouched
    assert not left.untouched
    silent.beat()
    assert watch.silent(0.5) == []


def test_places_are_shared_with_children(fork: Fork) -> None:
    places = make_places(2)
    process = fork(places[1].hold)
    process.join(DEADLINE)
    assert (places[0].holder, places[1].holder) == (0, process.pid)


@pytest.mark.parametrize("kernel", [True, False], ids=["prctl", "polling"])
def test_a_child_dies_with_its_parent_unless_it_says_otherwise(
    fork: Fork, kernel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tells of the children's ends by pipes that only they hold open."""
    if not kernel:
        monkeypatch.setattr(death, "_libc", None)
    mortal_end, mortal = multiprocessing.Pipe(duplex=False)
    survivor_end, survivor = multiprocessing.Pipe(duplex=False)

    def mortal_child() -> None:
        survivor.close()
        death.die_with_parent()
        mortal.send("ready")
        signal.pause()

    def surviving_child() -> None:
        mortal.close()
        death.die_with_parent()
        death.outlive_parent()
        survivor.send("ready")
        while not death.orphaned():
            wait([], 0.02)
        survivor.send("orphaned and alive")
        death.die_with_parent()
        survivor.send("must not be reached")

    def parent() -> None:
        context = multiprocessing.get_context("fork")
        for target in (mortal_child, surviving_child):
            context.Process(target=target).start()
        mortal.close()
        survivor.close()
        signal.pause()

    process = fork(parent)
    mortal.close()
    survivor.close()
    for end in (mortal_end, survivor_end):
        assert end.poll(DEADLINE)
        assert end.recv() == "ready"
    os.kill(process.pid or 0, signal.SIGKILL)
    assert survivor_end.poll(DEADLINE)
    assert survivor_end.recv() == "orphaned and alive"
    for end in (mortal_end, survivor_end):
        assert end.poll(DEADLINE)
        with pytest.raises(EOFError):
            end.recv()


@pytest.mark.django_db
def test_topping_up_leaves_one_message_for_each_long_task() -> None:
    top_up()
    top_up()
    assert sorted(OrmQ.objects.values_list("key", flat=True)) == sorted(settings.LONG_TASKS)
