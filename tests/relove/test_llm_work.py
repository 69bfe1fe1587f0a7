"""The long task of the cluster `llm` when the database goes away under it."""

import asyncio
from typing import Any

import pytest
from django.db import connection

from relove import llm_work
from relove.db import in_thread, notify

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_under_way_outlives_a_lost_connection() -> None:
    """A paid answer that waits for the database must not be cancelled because a claim met it away."""
    claims, ended = 0, []

    def claim(limit: int) -> list[Any]:
        nonlocal claims
        claims += 1
        with connection.cursor() as cursor:
            if claims == 2:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return [(claims,)] if claims in (1, 3) else []

    async def scene() -> None:
        stopped, wake, second = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def advance(number: int) -> None:
            if number == 1:
                await second.wait()
            ended.append(number)
            second.set()
            if number == 1:
                stopped.set()

        async with asyncio.timeout(30):
            await llm_work.run(stopped, wake, claim, advance, "telegram_posts")

    asyncio.run(scene())
    assert ended == [3, 1]


def test_a_notice_wakes_the_work_for_its_table() -> None:
    """And one that names no table of ours wakes all."""

    async def scene() -> list[list[str]]:
        wakes = {"telegram_posts": asyncio.Event(), "direct_messages": asyncio.Event()}
        ears = asyncio.create_task(llm_work._listen(wakes))
        found = []
        try:
            async with asyncio.timeout(30):
                while not wakes["telegram_posts"].is_set():
                    await in_thread(notify, llm_work.CHANNEL)
                # the first round takes in what the beginning has left
                for table in ("direct_messages", "direct_messages", ""):
                    for wake in wakes.values():
                        wake.clear()
                    await in_thread(notify, llm_work.CHANNEL, table)
                    await wakes["direct_messages"].wait()
                    found.append([name for name, wake in wakes.items() if wake.is_set()])
        finally:
            ears.cancel()
        return found

    assert asyncio.run(scene())[1:] == [["direct_messages"], ["telegram_posts", "direct_messages"]]
