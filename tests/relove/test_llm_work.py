"""The long task of the cluster `llm` when the database goes away under it."""

import asyncio
from typing import Any

import pytest
from django.db import connection

from relove import llm_work

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
