"""The real parts in threads of the test process: a sandbox, a runner, the drafting of the cluster `llm`."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connections

from accounts_mgmt.tasks import hold
from relove.cluster import Drain
from relove.llm_work import work
from relove.sandbox.client import SandboxClient
from relove.sandbox.server import Sandbox

PATIENCE = 30.0


def wait_for(state: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """The first true answer of `state`; fails with what was waited for."""
    deadline = time.monotonic() + seconds
    while not (answer := state()):
        assert time.monotonic() < deadline, f"after {seconds:.0f} s: {what}"
        time.sleep(0.05)
    return answer


@contextmanager
def in_thread(main: Callable[[], Coroutine[Any, Any, None]], stop: Callable[[], None]) -> Iterator[None]:
    """Run a coroutine in an event loop of its own; what it raises is raised here at the end."""

    def run() -> None:
        try:
            asyncio.run(main())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(run)
        try:
            yield
        finally:
            stop()
            future.result(PATIENCE)


@contextmanager
def running_sandbox(settings: Any) -> Iterator[SandboxClient]:
    """A sandbox, with the settings pointing at it."""
    started, stopped = threading.Event(), threading.Event()
    ports: list[int] = []

    async def main() -> None:
        async with Sandbox(seed="tests") as sandbox:
            ports.extend((sandbox.telegram_port, sandbox.http_port))
            started.set()
            await asyncio.to_thread(stopped.wait)

    with in_thread(main, stopped.set):
        assert started.wait(PATIENCE)
        settings.SANDBOX_TELEGRAM = f"127.0.0.1:{ports[0]}"
        settings.SANDBOX_HTTP = f"http://127.0.0.1:{ports[1]}"
        settings.LLM_BASE_URL = f"{settings.SANDBOX_HTTP}/v1"
        yield SandboxClient(settings.SANDBOX_HTTP)


@contextmanager
def running_runner() -> Iterator[None]:
    drain = Drain.manual()
    with in_thread(lambda: hold(drain, capacity=50), drain.set):
        yield


@contextmanager
def running_drafting() -> Iterator[None]:
    drain = Drain.manual()
    with in_thread(lambda: work(drain), drain.set):
        yield
