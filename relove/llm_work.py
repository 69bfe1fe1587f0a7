"""The long task of the cluster `llm`: rows that wait for the model are claimed and advanced, many at once.

Domains register how their rows are claimed and how one goes on. A claim is a time until which others leave
the row alone; what a model answered is kept (relove.llm), so a row begun again is not paid for twice.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError, connections

from relove import llm, logs, options
from relove.cluster import Drain, drain
from relove.db import in_thread, listening

logger = logging.getLogger(__name__)

# NOTIFY here wakes the work for the table it names, or all; without it the sweep finds the rows a second later.
CHANNEL = "relove_llm"
SWEEP_SECONDS = 1.0
SETTLE_SECONDS = 8.0
# Rows in hand for each place at the model: while some are read and stored, others ask.
AHEAD = 1.5

# How many → the claimed rows, each as the arguments of what advances it.
Claim = Callable[[int], list[Any]]
Advance = Callable[..., Coroutine[Any, Any, None]]

_works: list[tuple[Claim, Advance, str]] = []


def register(claim: Claim, advance: Advance, table: str) -> None:
    """Have the long task look after these rows of `table`; LLM_CONCURRENCY of them ask the model at once.

    What advances a row gets the row's id first.
    """
    _works.append((claim, advance, table))


def run_llm() -> None:
    """Advance what waits until the cluster drains."""
    with drain.guard():
        asyncio.run(work(drain))
    connections.close_all()


async def work(drain: Drain) -> None:
    stopped = asyncio.Event()
    # each worker clears the event it waits for: they must not share one
    wakes = {table: asyncio.Event() for _claim, _advance, table in _works}
    helpers = [asyncio.create_task(_listen(wakes)), asyncio.create_task(_beat(drain))]
    workers = [asyncio.create_task(run(stopped, wakes[work[2]], *work)) for work in _works]
    try:
        draining = asyncio.create_task(drain.wait())
        await asyncio.wait([draining, *workers], return_when=asyncio.FIRST_COMPLETED)
        draining.cancel()
        stopped.set()
        for wake in wakes.values():
            wake.set()
        await asyncio.gather(*workers)
    finally:
        for task in helpers:
            task.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
        await llm.aclose()


async def run(stopped: asyncio.Event, wake: asyncio.Event, claim: Claim, advance: Advance, table: str) -> None:
    """Claim and advance rows until stopped; what is begun is finished."""
    running: set[asyncio.Task[None]] = set()
    while not stopped.is_set():
        room = int(settings.LLM_CONCURRENCY * AHEAD) - len(running)
        for row in await in_thread(_claimed, claim, room):
            task = asyncio.create_task(_advanced(advance, table, row), name=f"{table}:{row[0]}")
            running.add(task)
            task.add_done_callback(running.discard)
            task.add_done_callback(_report)
            task.add_done_callback(lambda _task: wake.set())
        try:
            async with asyncio.timeout(SWEEP_SECONDS):
                await wake.wait()
        except TimeoutError:
            continue
        wake.clear()
    if running:
        await asyncio.wait(running, timeout=SETTLE_SECONDS)


async def _advanced(advance: Advance, table: str, row: Any) -> None:
    logs.bind(table, row[0])
    await advance(*row)


def _claimed(claim: Claim, room: int) -> list[Any]:
    """Nothing while the database is away: what is under way waits for it, and keeps what it has paid for."""
    try:
        options.refresh(options.REFRESH_SECONDS)
        return claim(room) if room > 0 else []
    except (OperationalError, InterfaceError) as error:
        logger.warning("the database is away (%s)", type(error).__name__)
        return []


def _report(task: asyncio.Task[None]) -> None:
    """A fault of ours is logged; the row is tried again when its claim has run out."""
    if not task.cancelled() and task.exception():
        logger.error("%s could not be advanced", task.get_name(), exc_info=task.exception())


async def _beat(drain: Drain) -> None:
    while True:
        drain.beat()
        await asyncio.sleep(1)


async def _listen(wakes: dict[str, asyncio.Event]) -> None:
    while True:
        try:
            async with listening(CHANNEL) as connection:
                async for notice in connection.notifies():
                    for table in [notice.payload] if notice.payload in wakes else wakes:
                        wakes[table].set()
        except (psycopg.Error, OSError):
            await asyncio.sleep(1)
