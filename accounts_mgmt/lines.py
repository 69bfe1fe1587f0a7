"""A runner's connections to PostgreSQL: each for one purpose, reopened after a loss."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import django.db
import psycopg
from django.conf import settings
from redis.asyncio import Redis

from relove.db import connect

PAUSE = 0.5
# A runner names its rows by their keys. Between costs that it finds nearly equal the planner would otherwise
# read a whole table of people or accounts for each row of a batch, which it does where the table is small today.
PLANNER = "SET enable_seqscan = off; SET jit = off"
# What the two ways to the database raise while it is away, or ends our statement to save another.
AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    django.db.OperationalError,
    django.db.InterfaceError,
    OSError,
)


class Line:
    """One connection, opened at first use and again after it broke."""

    def __init__(self) -> None:
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._opening = asyncio.Lock()

    async def get(self) -> psycopg.AsyncConnection[Any]:
        async with self._opening:
            if self._connection is None or self._connection.closed or self._connection.broken:
                self._connection = await connect()
                await self._connection.execute(PLANNER)
            return self._connection

    async def rows(self, sql: str, parameters: Any) -> list[Any]:
        """Run one statement and fetch what it returns."""
        connection = await self.get()
        cursor = await connection.execute(sql, parameters)
        return await cursor.fetchall() if cursor.description else []

    async def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                await self._connection.close()


@dataclass(slots=True)
class Lines:
    """The connections of one runner: apart, so that none waits for another's statement; and Redis, if any."""

    claim: Line
    attempt: Line
    settle: Line
    beat: Line
    ears: Line
    store: Line
    redis: Redis | None

    @classmethod
    def fresh(cls) -> "Lines":
        redis = Redis.from_url(settings.REDIS_URL) if settings.REDIS_URL else None
        return cls(Line(), Line(), Line(), Line(), Line(), Line(), redis)

    async def close(self) -> None:
        for line in (self.claim, self.attempt, self.settle, self.beat, self.ears, self.store):
            await line.close()
        if self.redis:
            await self.redis.aclose()


async def insist(line: Line, sql: str, parameters: Any, until: Callable[[], bool]) -> list[Any]:
    """Repeat a statement while the database is away, until it works or `until` says that it is pointless."""
    while True:
        try:
            return await line.rows(sql, parameters)
        except AWAY:
            if until():
                raise
            await asyncio.sleep(PAUSE)
