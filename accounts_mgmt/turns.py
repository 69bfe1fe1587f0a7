"""Updates of one chat are heard one after another, as they came; those of different chats at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from relove.telegram.gateway import EditedMessage, NewMessage, Peer, Update


class Turns:
    """The turns of one account. An update whose chat Telegram does not name waits for all before it."""

    def __init__(self) -> None:
        self._ends: dict[Peer | None, asyncio.Event] = {}

    @asynccontextmanager
    async def turn(self, update: Update) -> AsyncIterator[None]:
        """Lasts from the end of the one before to our own. To be entered in the order of coming."""
        chat = chat_of(update)
        before = list(self._ends.values()) if chat is None else self._before(chat)
        end = self._ends[chat] = asyncio.Event()
        try:
            for one in before:
                await one.wait()
            yield
        finally:
            end.set()
            if self._ends.get(chat) is end:
                del self._ends[chat]

    def _before(self, chat: Peer) -> list[asyncio.Event]:
        return [self._ends[key] for key in (chat, None) if key in self._ends]


def chat_of(update: Update) -> Peer | None:
    return update.message.chat if isinstance(update, NewMessage | EditedMessage) else update.chat
