"""The long task of the cluster `llm`, and the hints by which the upkeep looks for work."""

import asyncio

import psycopg
from django.db import connections
from django.utils import timezone

from commentators import drafting, metrics, monitoring, replying
from commentators.posts import LLM_CHANNEL
from relove import llm
from relove.cluster import Drain, drain
from relove.db import listening


def run_llm() -> None:
    """Summarise and draft until the cluster drains."""
    with drain.guard():
        asyncio.run(work(drain))
    connections.close_all()


async def work(drain: Drain) -> None:
    stopped = asyncio.Event()
    # each worker clears the event it waits for: they must not share one
    wakes = [asyncio.Event(), asyncio.Event()]
    helpers = [asyncio.create_task(_listen(wakes)), asyncio.create_task(_beat(drain))]
    workers = [
        asyncio.create_task(drafting.run(stopped, wakes[0])),
        asyncio.create_task(drafting.run(stopped, wakes[1], replying.claim, replying.advance_one)),
    ]
    try:
        draining = asyncio.create_task(drain.wait())
        await asyncio.wait([draining, *workers], return_when=asyncio.FIRST_COMPLETED)
        draining.cancel()
        stopped.set()
        for wake in wakes:
            wake.set()
        await asyncio.gather(*workers)
    finally:
        for task in helpers:
            task.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
        await llm.aclose()


async def _beat(drain: Drain) -> None:
    while True:
        drain.beat()
        await asyncio.sleep(1)


async def _listen(wakes: list[asyncio.Event]) -> None:
    """Wake at once when posts or messages come; without it the sweep finds them a second later."""
    while True:
        try:
            async with listening(LLM_CHANNEL) as connection:
                async for _notice in connection.notifies():
                    for wake in wakes:
                        wake.set()
        except (psycopg.Error, OSError):
            await asyncio.sleep(1)


def read_channels() -> int:
    """Ask for a reading of every channel that is due."""
    return monitoring.ask_due(timezone.now())


def read_metrics() -> int:
    """Ask for the response to comments that is due."""
    return metrics.ask_due(timezone.now())
