"""The control interface: plain HTTP with JSON, on loopback only."""

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from relove.sandbox.server import Sandbox


def application(sandbox: "Sandbox") -> Starlette:
    async def health(request: Request) -> JSONResponse:
        return JSONResponse({"ok": True})

    return Starlette(routes=[Route("/control/health", health)])
