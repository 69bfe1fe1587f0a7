"""A way to the database that can be cut off: a TCP forwarder in a thread of the test process."""

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from tests.live import PATIENCE, in_thread

CHUNK = 65536


class DatabaseWay:
    """Forwards until it is cut, and again once it is mended."""

    port: int

    def __init__(self) -> None:
        database = urlsplit(os.environ["DATABASE_URL"])
        self._database = database.hostname, database.port
        self._started, self._over, self._flows = threading.Event(), asyncio.Event(), asyncio.Event()
        self._refuses = False
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def url(self, straight: str) -> str:
        """The same database as at the address `straight`, by this way."""
        parts = urlsplit(straight)
        account = parts.netloc.rpartition("@")[0]
        return parts._replace(netloc=f"{account}@127.0.0.1:{self.port}").geturl()

    def refuse(self) -> None:
        """Cut every connection, and each new one at once."""
        self._loop.call_soon_threadsafe(self._cut)

    def fall_silent(self) -> None:
        """Connections stand, and nothing comes through: what a broken network looks like."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def mend(self) -> None:
        self._refuses = False
        self._loop.call_soon_threadsafe(self._flows.set)

    def _cut(self) -> None:
        self._refuses = True
        for end in self._ends:
            end.transport.abort()

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._flows.set()
        server = await asyncio.start_server(self._forward, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._over.wait()
        server.close()
        self._cut()
        self._flows.set()
        await asyncio.gather(*self._tasks)

    def wait_until_started(self) -> None:
        assert self._started.wait(PATIENCE)

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        answers, questions = await asyncio.open_connection(*self._database)
        self._ends |= {writer, questions}
        both = self._pass_on(reader, questions), self._pass_on(answers, writer)
        self._tasks |= {asyncio.create_task(one) for one in both}

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(CHUNK):
                await self._flows.wait()
                target.write(data)
                await target.drain()
        target.close()


@contextmanager
def database_way() -> Iterator[DatabaseWay]:
    way = DatabaseWay()
    with in_thread(way.run, way.end):
        way.wait_until_started()
        yield way
