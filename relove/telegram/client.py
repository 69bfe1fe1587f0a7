"""Telethon's client as we use it: which server, fenced by a lease, never waiting or repeating by itself."""

import asyncio
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from telethon import TelegramClient
from telethon.crypto import rsa
from telethon.network import ConnectionTcpFull

from relove.telegram.catching_up import CompleteBox
from relove.telegram.session import SessionData, StoredSession
from relove.telegram.steady import SteadyState, SteadyWaits


def trust_sandbox_key() -> None:
    """Let Telethon accept the sandbox's server key: only where the sandbox is the configured address."""
    from relove.sandbox.keys import PUBLIC_KEY_PEM  # the sandbox is not needed with real Telegram

    rsa.add_key(PUBLIC_KEY_PEM, old=False)


def sandbox_address() -> tuple[str, int]:
    host, _, port = settings.SANDBOX_TELEGRAM.rpartition(":")
    return host, int(port)


def belongs_here(data: SessionData) -> bool:
    """Whether the session is one of the Telegram in force: the other, sandbox or real, knows nothing of its key.

    Telegram's own servers have public addresses, a sandbox a local one or a name.
    """
    try:
        is_public = ip_address(data.address).is_global
    except ValueError:
        is_public = False
    if settings.TELEGRAM_GATEWAY == "sandbox":
        return not is_public or data.address == sandbox_address()[0]
    return is_public


def fenced(may_send: Callable[[], bool]) -> type[ConnectionTcpFull]:
    """A kind of connection on which nothing leaves any more once `may_send` says no.

    Here and not earlier, because a process may be frozen anywhere between a check and its bytes.
    """

    class FencedConnection(ConnectionTcpFull):  # type: ignore[misc]
        def _send(self, data: bytes) -> None:
            if not may_send():
                raise ConnectionError("the lease is over")
            super()._send(data)

    return FencedConnection


class Client(TelegramClient):  # type: ignore[misc]
    """Telethon's client, which after a lost connection fetches missed updates and repeats nothing late.

    It works on when the machine's clock is set.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._message_box = CompleteBox(self._log["messagebox"])
        self._flood_waited_requests = SteadyWaits()
        state = SteadyState(self._sender.auth_key, loggers=self._log)
        self._sender._state = self._sender._send_queue._state = state

    async def _handle_auto_reconnect(self) -> None:
        await self.catch_up()

    async def _get_dc(self, dc_id: int, cdn: bool = False) -> Any:
        # Telethon keeps the first server's answer for the life of the process
        type(self)._config = None
        return await super()._get_dc(dc_id, cdn)

    def forget_abandoned(self) -> None:
        """Drop the requests nobody waits for: Telethon would send them once more after a reconnect."""
        pending, queue = self._sender._pending_state, self._sender._send_queue._deque
        for number in [number for number, state in pending.items() if state.future.cancelled()]:
            del pending[number]
        for state in [state for state in queue if state.future.cancelled()]:
            queue.remove(state)


def make_client(
    session: StoredSession,
    *,
    receive_updates: bool,
    local_addr: str | None = None,
    may_send: Callable[[], bool] = lambda: True,
    kind: type[Client] = Client,
) -> Client:
    """A client that never waits or repeats by itself: that is the outbox's to decide."""
    if settings.TELEGRAM_GATEWAY == "sandbox":
        trust_sandbox_key()
        session.set_dc(2, *sandbox_address())
    return kind(
        session,
        settings.TELEGRAM_API_ID,
        settings.TELEGRAM_API_HASH,
        connection=fenced(may_send),
        request_retries=0,
        raise_last_call_error=True,
        flood_sleep_threshold=0,
        receive_updates=receive_updates,
        catch_up=receive_updates,
        retry_delay=1,
        connection_retries=3,
        local_addr=(local_addr, 0) if local_addr else None,
    )


def is_ours(error: BaseException) -> bool:
    """An end of this process or task; a cancellation can also be Telethon's word for a lost connection."""
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0
    return not isinstance(error, Exception)
