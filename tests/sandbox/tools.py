"""Short forms the tests of the sandbox share."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from telethon import TelegramClient, functions, types

from relove.sandbox import rules
from relove.sandbox.rules import Draft
from relove.sandbox.server import Sandbox
from relove.sandbox.world import Channel, Message

DEADLINE = 10.0


@dataclass
class WrongClock:
    """A module `time` whose wall clock is wrong by so many seconds."""

    wrong_by: int = 0

    def time(self) -> float:
        return time.time() + self.wrong_by


def publish(sandbox: Sandbox, channel: Channel, text: str, **fields: Any) -> Message:
    changes = rules.say_in_channel(sandbox.core.world, channel, None, Draft(text=text, **fields))
    sandbox.core.commit(changes)
    assert changes[0].message is not None
    return changes[0].message


def send(peer: Any, text: str, random_id: int | None = None, reply_to: int | None = None) -> Any:
    return functions.messages.SendMessageRequest(
        peer,
        text,
        random_id=random_id or random.getrandbits(62),
        reply_to=types.InputReplyToMessage(reply_to) if reply_to else None,
    )


async def discussion(client: TelegramClient, channel: Channel, post: int) -> tuple[Any, int]:
    """(input peer of the group, id of the post's copy in it), the way our own client finds it."""
    found = await client(functions.messages.GetDiscussionMessageRequest(channel.username, post))
    top = min(found.messages, key=lambda message: message.id)
    return await client.get_input_entity(top.peer_id), top.id


@asynccontextmanager
async def heard(client: TelegramClient, event: Any) -> AsyncIterator["Heard"]:
    """What a client hears of a kind of event."""
    queue: asyncio.Queue[Any] = asyncio.Queue()

    async def hear(happened: Any) -> None:
        queue.put_nowait(happened)

    client.add_event_handler(hear, event)
    try:
        yield Heard(queue)
    finally:
        client.remove_event_handler(hear, event)


class Heard:
    def __init__(self, queue: asyncio.Queue[Any]) -> None:
        self._queue = queue

    async def next(self) -> Any:
        return await asyncio.wait_for(self._queue.get(), DEADLINE)

    async def texts(self, count: int) -> list[str]:
        return [(await self.next()).message.message for _ in range(count)]

    @property
    def empty(self) -> bool:
        return self._queue.empty()
