"""A runner's connections to PostgreSQL: each for one purpose, reopened after a loss."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import psycopg

from relove.db import connect

T = TypeVar("T")
PAUSE = 0.5


class Line:
    """One connection, opened at first use and again after it broke."""

    def __init__(self) -> None:
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._opening = asyncio.Lock()

    async def get(self) -> psycopg.AsyncConnection[Any]:
        async with self._opening:
            if self._connection is None or self._connection.closed or self._connection.broken:
                self._connection = await connect()
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


async def insist(action: Callable[[], Awaitable[T]], until: Callable[[], bool]) -> T:
    """Repeat an action while the database is away, until it works or `until` says that it is pointless."""
    while True:
        try:
            return await action()
        except psycopg.OperationalError:
            if until():
                raise
            await asyncio.sleep(PAUSE)
