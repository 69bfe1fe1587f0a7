"""Live updates over WebSocket: one listener a process, handing events to the pages that are open."""

import asyncio
import contextlib

import psycopg
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.contrib.sessions.backends.base import SessionBase

from relove import access, live
from relove.db import in_thread, listening
from relove.models import Staff

BEAT_SECONDS = 20
RECONNECT_SECONDS = 1
SIGNED_OUT = 4403


class LiveConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    """A page: {"kind": "beat"} now and then, {"kind": "changed", "topic": …} for what it may see.

    A stranger is let in and sent away with 4403, because a refused handshake hides the reason.
    """

    topics: frozenset[str] = frozenset()
    _beat: "asyncio.Task[None] | None" = None

    async def connect(self) -> None:
        await self.accept()
        if not await self._is_welcome():
            await self.close(SIGNED_OUT)
            return
        self.topics = frozenset(await in_thread(live.topics_of, self.scope["user"]))
        pages.join(self)
        self._beat = asyncio.create_task(self._keep_beating())

    async def disconnect(self, code: int) -> None:
        pages.leave(self)
        if self._beat:
            self._beat.cancel()

    async def hear(self, topic: str) -> None:
        if topic in self.topics:
            await self.send_json({"kind": "changed", "topic": topic})

    async def _keep_beating(self) -> None:
        while True:
            await self.send_json({"kind": "beat"})
            await asyncio.sleep(BEAT_SECONDS)
            if not await self._is_welcome():
                self.topics = frozenset()
                await self.close(SIGNED_OUT)
                return

    async def _is_welcome(self) -> bool:
        return await in_thread(_is_signed_in, self.scope["user"].pk, self.scope["session"])


def _is_signed_in(staff_id: int | None, session: SessionBase) -> bool:
    """Asked again at every beat: signing out or being switched off ends a page's updates."""
    key = session.session_key
    if staff_id is None or key is None or not session.exists(key):
        return False
    staff = Staff.objects.filter(pk=staff_id, is_active=True, is_staff=True).first()
    return access.has_passed(session, staff)


class Pages:
    """The open pages of this process; while there are any, it listens for events."""

    def __init__(self) -> None:
        self._pages: set[LiveConsumer] = set()
        self._listener: asyncio.Task[None] | None = None

    def join(self, page: LiveConsumer) -> None:
        self._pages.add(page)
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())

    def leave(self, page: LiveConsumer) -> None:
        self._pages.discard(page)
        if self._listener and not self._pages:
            self._listener.cancel()
            self._listener = None

    async def _listen(self) -> None:
        while True:
            # the database went away, or a page in the middle of being told: all start afresh
            with contextlib.suppress(psycopg.Error, OSError, RuntimeError):
                async with listening(live.CHANNEL) as connection:
                    # what happened while nobody listened is not known: pages fetch afresh
                    await self._tell(None)
                    async for notice in connection.notifies():
                        await self._tell(notice.payload)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _tell(self, topic: str | None) -> None:
        for page in list(self._pages):
            for each in page.topics if topic is None else {topic}:
                await page.hear(each)


pages = Pages()
