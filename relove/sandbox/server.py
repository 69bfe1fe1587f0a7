"""The sandbox as a whole: two listeners on loopback, one world, one place to keep it."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn

from relove.sandbox import state
from relove.sandbox.control import application
from relove.sandbox.core import Core
from relove.sandbox.export import ExportedPost
from relove.sandbox.session import Connection
from relove.sandbox.world import World

_SAVE_EVERY = 2.0
_SAVING_SHARE = 20  # at most one part in so many of the time goes into saving


class _Web(uvicorn.Server):
    """A web server that tells when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the process that hosts the sandbox."""
        yield


class Sandbox:
    """A Telegram server and its control interface; `async with` runs both. Port 0 takes a free one."""

    def __init__(
        self,
        telegram_port: int = 0,
        http_port: int = 0,
        *,
        seed: str = "sandbox",
        host: str = "127.0.0.1",
        state_file: Path | None = None,
        any_address: bool = False,
    ) -> None:
        if not any_address and not ipaddress.ip_address(host).is_loopback:
            raise ValueError("the sandbox listens on loopback only")
        self.host, self._ports = host, (telegram_port, http_port)
        self.state_file = state_file
        self.core = Core(World(seed=seed))
        self.restored = bool(state_file and state_file.exists())
        if state_file and self.restored:
            self.core.adopt(*state.load(state_file))
        self.exports: dict[int, list[ExportedPost]] = {}  # posts waiting to be published, by channel
        self._server: asyncio.Server | None = None
        self._tasks: list[asyncio.Task[Any]] = []

    async def __aenter__(self) -> "Sandbox":
        telegram, http = (_listen(self.host, port) for port in self._ports)
        self.telegram_port, self.http_port = telegram.getsockname()[1], http.getsockname()[1]
        self.core.telegram_address = (self.host, self.telegram_port)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self.core), sock=telegram)
        config = uvicorn.Config(application(self), lifespan="off", log_config=None, log_level="warning")
        self._web = _Web(config)
        self._tasks = [asyncio.create_task(self._web.serve([http]))]
        if self.state_file:
            self._tasks.append(asyncio.create_task(self._keep_saving(self.state_file)))
        await self._web.ready.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.core.people.stop()
        self.core.disconnect()
        self._web.should_exit = True
        for task in self._tasks[1:]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.state_file:
            state.save(self.state_file, self.core)

    @property
    def http_url(self) -> str:
        return f"http://{self.host}:{self.http_port}"

    async def _keep_saving(self, path: Path) -> None:
        """Saves what changed, every two seconds or as much less often as saving takes long."""
        loop, pause = asyncio.get_running_loop(), _SAVE_EVERY
        while True:
            await asyncio.sleep(pause)
            if self.core.dirty:
                start = loop.time()
                state.save(path, self.core)
                pause = max(_SAVE_EVERY, (loop.time() - start) * _SAVING_SHARE)


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.create_server((host, port), backlog=1024)
    listener.setblocking(False)
    return listener
