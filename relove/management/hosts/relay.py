"""Servers that listen on loopback alone, reachable under another address too."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK = 65536


@contextmanager
def relayed(address: str, port: int, to_port: int) -> Iterator[None]:
    """While the block runs, what connects to address:port reaches 127.0.0.1:to_port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", to_port)
            await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))

    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(connected, address, port), loop).result()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()
