"""A sandbox per test, and stock Telethon clients for its people."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from telethon import TelegramClient
from telethon.crypto import AuthKey, rsa
from telethon.sessions import MemorySession

from relove.sandbox.client import SandboxClient
from relove.sandbox.keys import PUBLIC_KEY_PEM
from relove.sandbox.server import Sandbox
from relove.sandbox.world import Channel, User

Connect = Callable[..., Coroutine[Any, Any, TelegramClient]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(seed="tests") as running:
        yield running
        assert not running.core.stats.crashed


@pytest.fixture
def control(sandbox: Sandbox) -> SandboxClient:
    """Blocking: call it by asyncio.to_thread."""
    return SandboxClient(sandbox.http_url)


@pytest.fixture
def anna(sandbox: Sandbox) -> User:
    return sandbox.core.world.add_user(first_name="Анна", username="anna", phone="79990000001")


@pytest.fixture
def boris(sandbox: Sandbox) -> User:
    return sandbox.core.world.add_user(first_name="Борис", username="boris")


@pytest.fixture
def channel(sandbox: Sandbox, anna: User, boris: User) -> Channel:
    """A public channel with comments on; Anna and Boris are members of it, but not of its group."""
    world = sandbox.core.world
    made = world.add_channel(title="Канал", username="kanal", broadcast=True, members={anna.id, boris.id})
    world.link(made, world.add_channel(title="Обсуждение", broadcast=False))
    return made


@pytest.fixture
def group(sandbox: Sandbox, channel: Channel) -> Channel:
    return sandbox.core.world.channels[channel.linked or 0]


def session_for(sandbox: Sandbox, user: User | None = None, number: int = 0) -> MemorySession:
    session = MemorySession()
    session.set_dc(2, "127.0.0.1", sandbox.telegram_port)
    if user:
        session.auth_key = AuthKey(sandbox.core.keyring.ready(user.id, number).data)
    return session


@pytest.fixture
async def connect(sandbox: Sandbox) -> AsyncIterator[Connect]:
    """connect(user, session=..., **options of TelegramClient): a connected client, with no retries of its own."""
    rsa.add_key(PUBLIC_KEY_PEM, old=False)
    clients: list[TelegramClient] = []

    async def connect(user: User | None = None, session: Any = None, **options: Any) -> TelegramClient:
        settings = {"request_retries": 0, "raise_last_call_error": True, "flood_sleep_threshold": 0}
        settings |= {"retry_delay": 0} | options
        client = TelegramClient(session or session_for(sandbox, user), 1, "hash", **settings)
        clients.append(client)
        await client.connect()
        return client

    yield connect
    for client in clients:
        await client.disconnect()
