"""The sandbox's language model behind uvicorn, in a thread of its own, for tests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from relove.sandbox.llm import LLMSandbox, llm_routes
from relove.sandbox.llm_faults import Fault


@dataclass
class LLMServer:
    """Where it listens, and the state its controls change."""

    base_url: str
    state: LLMSandbox

    def fault(self, kind: str, times: int | None = 1, **more: object) -> None:
        self.state.faults.active.append(Fault(kind, times, **more))  # type: ignore[arg-type]


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, *args: object, **kwargs: object) -> None:
        await super().startup(*args, **kwargs)  # type: ignore[arg-type]
        self.ready.set()


@contextmanager
def llm_server() -> Iterator[LLMServer]:
    """A server on a free port, stopped at the end with whatever still hangs."""
    state = LLMSandbox()
    app = Starlette(routes=list(llm_routes(state)))
    config = uvicorn.Config(app, port=0, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    server = _Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert server.ready.wait(10)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield LLMServer(f"http://127.0.0.1:{port}", state)
    finally:
        server.should_exit = True
        thread.join(10)
