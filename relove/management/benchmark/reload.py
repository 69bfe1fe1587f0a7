"""Hot reload: from publishing a version until each of four processes answers by it."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any

from django.core.management.base import CommandError
from django.db import connections
from django.utils import timezone

from relove.management.benchmark import Bench, Figures, at_most, benchmark, percentile
from sales import live, services
from sales.models import SalesScript

PROCESSES = 4
PUBLISHED = 50
# between two answers of a process: far more often than clients write
PAUSE = 0.01
PATIENCE = 15.0
LINE = "Версия {number}"


@benchmark("reload", {"p99_ms": at_most(1000)})
def reload(bench: Bench) -> Figures:
    """The slowest of a hundred of all waits, and what one reading of the live version takes."""
    script = _script()
    found: dict[str, list[float]] = {"p99_ms": [], "median_ms": []}
    found["read_ms"] = [_reading(script.pk) for _number in range(bench.rounds)]
    with ExitStack() as stack:
        watchers = [stack.enter_context(_watching(script.pk)) for _number in range(PROCESSES)]
        _seen_by_all(watchers, 1)
        for number in range(bench.rounds):
            waits = [wait for _each in range(PUBLISHED) for wait in _publish(script.pk, watchers)]
            found["p99_ms"].append(percentile(waits, 99))
            found["median_ms"].append(percentile(waits, 50))
            bench.tell(f"round {number + 1}: p99 {found['p99_ms'][-1]:.1f} ms of {len(waits)} waits")
    return found


def _script() -> SalesScript:
    script = services.create("sales", "reload", _document(1), reason="1", who=None, now=timezone.now())
    services.publish(script.pk, 1, who=None, now=timezone.now())
    return script


def _document(number: int) -> dict[str, Any]:
    return {"steps": [{"key": "start", "lines": [{"variants": [LINE.format(number=number)]}]}]}


def _publish(script_id: int, watchers: list[Connection]) -> list[float]:
    """Publish a new version; answers in milliseconds how long each process went by the former one."""
    number = SalesScript.objects.get(id=script_id).number + 1
    now = timezone.now()
    services.save(script_id, _document(number), started_from=number - 1, reason=str(number), who=None, now=now)
    services.publish(script_id, number, who=None, now=now)
    published = time.monotonic()
    # a process may ask between the commit and our look at the clock
    return [max(0.0, seen - published) * 1000 for seen in _seen_by_all(watchers, number)]


def _seen_by_all(watchers: list[Connection], number: int) -> list[float]:
    """When each process first answered by the version. Raises CommandError for one that does not."""
    waiting, moments = set(watchers), []
    deadline = time.monotonic() + PATIENCE
    while waiting:
        ready = wait(waiting, timeout=max(0.0, deadline - time.monotonic()))
        if not ready:
            raise CommandError(f"After {PATIENCE:.0f} s a process did not answer by version {number}.")
        for watcher in ready:
            assert isinstance(watcher, Connection)
            seen, moment = watcher.recv()
            if seen == LINE.format(number=number):
                waiting.discard(watcher)
                moments.append(moment)
    return moments


@contextmanager
def _watching(script_id: int) -> Iterator[Connection]:
    """A process of its own that tells every change of what it answers, with the moment."""
    context = get_context("fork")
    ours, theirs = context.Pipe()
    # each process has connections of its own
    connections.close_all()
    process = context.Process(target=_watch, args=(script_id, theirs), daemon=True)
    process.start()
    try:
        yield ours
    finally:
        process.terminate()
        process.join()


def _watch(script_id: int, told: Connection) -> None:
    """The other process: answer again and again, and tell when the answer is another one."""
    said = ""
    while True:
        found = live.get(script_id)
        now = found.document.start.lines[0].variants[0] if found else ""
        if now != said:
            said = now
            told.send((said, time.monotonic()))
        time.sleep(PAUSE)


def _reading(script_id: int) -> float:
    """Milliseconds of one reading."""
    started = time.perf_counter()
    for _number in range(100):
        live.get(script_id)
    return (time.perf_counter() - started) * 10
