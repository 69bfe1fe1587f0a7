"""The database from asyncio, and NOTIFY."""

import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar

import psycopg
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections, connection

from relove import clock

P = ParamSpec("P")
T = TypeVar("T")


# How long a connection that has just answered is taken to be alive without being asked.
TRUSTED_SECONDS = 1.0
_last_used = threading.local()


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run synchronous Django code in a thread, on a connection that is alive."""

    def run() -> T:
        # outside of requests nobody else drops a connection that a database restart has broken
        close_old_connections()
        if time.monotonic() - getattr(_last_used, "at", -math.inf) < TRUSTED_SECONDS:
            connection.health_check_done = True  # type: ignore[attr-defined]
        try:
            clock.follow(connection)
            return function(*args, **kwargs)
        finally:
            close_old_connections()
            _last_used.at = time.monotonic()

    return await sync_to_async(run, thread_sensitive=False)()


class PooledConnection(psycopg.Connection[Any]):
    """A connection of the pool, which executes an empty statement on it before it hands it out.

    One that fails tells of all others: the restart that broke it broke them as well. The pool by itself would find
    out one by one, with a pause after each that doubles, and a request would give up long before the last.
    """

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().execute(*args, **kwargs)
        except psycopg.OperationalError:
            if self.broken:
                connection.pool.drain()  # type: ignore[attr-defined]
            raise


def use_pool() -> None:
    """From now on this process's connections come from a pool. Not for a process that forks: there it hangs."""
    database = settings.DATABASES["default"]
    if settings.DATABASE_POOL:
        database["OPTIONS"]["pool"] = settings.DATABASE_POOL | {"connection_class": PooledConnection}
        database["CONN_MAX_AGE"] = 0


async def connect() -> psycopg.AsyncConnection[Any]:
    """A connection of its own for the event loop, autocommit, statements prepared at first use."""
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context", "server_side_binding", "pool", "prepare_threshold"):
        parameters.pop(name, None)
    return await psycopg.AsyncConnection.connect(**parameters, autocommit=True, prepare_threshold=1)


@asynccontextmanager
async def listening(channel: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """A connection of its own that hears what `notify` says on a channel."""
    connection = await connect()
    try:
        await connection.execute(f"LISTEN {channel}")
        yield connection
    finally:
        # not by the connection's own `async with`: it rolls back first, and a second cancellation there
        # would leave it open; closing cannot be interrupted
        await connection.close()


def array(numbers: Iterable[int]) -> str:
    """Numbers as PostgreSQL writes an array: an adapter would look at each of thousands by itself."""
    return f"{{{','.join(map(str, numbers))}}}"


def notify(channel: str, payload: str = "") -> None:
    """Wake whoever listens, once the running transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [channel, payload])
