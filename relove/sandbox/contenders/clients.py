"""Stock Telethon clients of many accounts, each with so many requests in flight and no more."""

import asyncio

from telethon import TelegramClient
from telethon.crypto import AuthKey, rsa
from telethon.sessions import MemorySession
from telethon.tl.functions.messages import SendMessageRequest
from telethon.tl.types import InputPeerChannel, InputReplyToMessage, UpdateMessageID

from relove.sandbox.contenders.plan import LANES, Message, Plan
from relove.sandbox.keys import PUBLIC_KEY_PEM

AT_ONCE = 10


class Clients:
    def __init__(self, plan: Plan) -> None:
        rsa.add_key(PUBLIC_KEY_PEM, old=False)
        self._clients = {account: _client(plan.telegram, key) for account, key in plan.keys.items()}
        self._lanes = {account: asyncio.Semaphore(LANES) for account in plan.keys}

    async def connect(self) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def connect_one(client: TelegramClient) -> None:
            async with gate:
                await client.connect()
                # or Telethon asks who it is at every update
                await client.get_me()

        await asyncio.gather(*map(connect_one, self._clients.values()))

    async def disconnect(self) -> None:
        for client in self._clients.values():
            await client.disconnect()

    async def send(self, message: Message) -> int:
        """The id that Telegram gave it."""
        request = SendMessageRequest(
            InputPeerChannel(message.group, message.access_hash),
            message.text,
            no_webpage=True,
            random_id=message.random_id,
            reply_to=InputReplyToMessage(message.reply_to),
        )
        async with self._lanes[message.account]:
            answer = await self._clients[message.account](request)
        return next(int(update.id) for update in answer.updates if isinstance(update, UpdateMessageID))

    async def read(self) -> None:
        """Until no update waits to be read any more."""
        while any(client._updates_queue.qsize() for client in self._clients.values()):  # noqa: ASYNC110  Telethon's
            await asyncio.sleep(0.001)


def _client(telegram: tuple[str, int], key: str) -> TelegramClient:
    session = MemorySession()
    session.set_dc(2, *telegram)
    session.auth_key = AuthKey(bytes.fromhex(key))
    return TelegramClient(session, 1, "sandbox", flood_sleep_threshold=0)
