"""A sandbox in the test's own loop, and gateways of its accounts: real MTProto over TCP."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from django.test import override_settings

from relove.sandbox import rules
from relove.sandbox.rules import Draft
from relove.sandbox.server import Sandbox
from relove.sandbox.world import Channel, Message, User
from relove.telegram.gateway import Listener, Outgoing, Peer, PeerKind, Update
from relove.telegram.mtproto import MtprotoGateway
from relove.telegram.session import Entity, SessionData, UpdateState

DEADLINE = 10.0


class MemoryStore:
    """A SessionStore that outlives its gateway, as the database does."""

    def __init__(self, auth_key: bytes) -> None:
        self.auth_key = auth_key
        self.states: dict[int, UpdateState] = {}
        self.entities: dict[int, Entity] = {}

    async def save_states(self, states: dict[int, UpdateState]) -> None:
        self.states |= states

    async def save_entities(self, entities: Iterable[Entity]) -> None:
        self.entities |= {entity.id: entity for entity in entities}

    def data(self) -> SessionData:
        return SessionData(self.auth_key, 2, "127.0.0.1", 1, dict(self.states), list(self.entities.values()))


class Heard:
    """A listener that remembers. `broken` makes it fail; `hold` makes it wait."""

    def __init__(self) -> None:
        self.updates: asyncio.Queue[Update] = asyncio.Queue()
        self.broken = False
        self.begun = asyncio.Event()
        self.hold: asyncio.Event | None = None

    async def __call__(self, update: Update) -> None:
        self.begun.set()
        if self.hold:
            await self.hold.wait()
        if self.broken:
            raise RuntimeError("the handler fails")
        self.updates.put_nowait(update)

    async def next(self) -> Any:
        return await asyncio.wait_for(self.updates.get(), DEADLINE)

    async def texts(self, count: int) -> list[str]:
        return [(await self.next()).message.text for _ in range(count)]


class Scene:
    """Anna is our account, Boris somebody else; a public channel has comments on."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.world = sandbox.core.world
        self.anna = self.world.add_user(
            first_name="Анна", last_name="Р", username="anna", phone="79990000001", about="О себе"
        )
        self.boris = self.world.add_user(first_name="Борис", username="boris")
        self.channel = self.world.add_channel(title="Канал", username="kanal", about="О пути", broadcast=True)
        self.group = self.world.add_channel(title="Обсуждение", broadcast=False)
        self.world.link(self.channel, self.group)
        self.store = self.store_of(self.anna)

    @property
    def ledger(self) -> list[Any]:
        """What the server accepted from our account."""
        return [entry for entry in self.world.ledger if entry.account == self.anna.id]

    @property
    def place(self) -> Peer:
        return Peer(PeerKind.CHANNEL, self.channel.id)

    def store_of(self, user: User) -> MemoryStore:
        return MemoryStore(self.sandbox.core.keyring.ready(user.id, 0).data)

    @asynccontextmanager
    async def gateway(
        self, listener: Listener | None = None, store: MemoryStore | None = None, **options: Any
    ) -> AsyncIterator[MtprotoGateway]:
        store = store or self.store
        gateway = MtprotoGateway(store.data(), store, **options)
        await gateway.connect(listener)
        try:
            yield gateway
        finally:
            await gateway.disconnect()

    def publish(self, text: str, **fields: Any) -> Message:
        return self._say(rules.say_in_channel(self.world, self.channel, None, Draft(text=text, **fields)))

    def comment(self, text: str, reply_to: int, sender: User | None = None) -> Message:
        draft = Draft(text=text, reply_to=reply_to)
        return self._say(rules.say_in_channel(self.world, self.group, sender or self.boris, draft))

    def write(self, text: str) -> Message:
        """Boris writes to Anna, who thereby meets him."""
        return self._say(rules.say_privately(self.world, self.boris, self.anna, Draft(text=text)))

    def commit(self, changes: Any) -> None:
        self.sandbox.core.commit(changes)

    def _say(self, changes: list[rules.Change]) -> Message:
        self.commit(changes)
        assert changes[0].message is not None
        return changes[0].message

    def member(self, channel: Channel, user: User | None = None) -> None:
        who = user or self.anna
        channel.members.add(who.id)
        who.channels.add(channel.id)

    def fault(self, kind: str, method: str = "messages.SendMessage", **fields: Any) -> None:
        self.sandbox.core.faults.add(**{"kind": kind, "method": method, "times": 1, **fields})

    async def meet_boris(self) -> None:
        """Put Boris into the account's entities, as a stored session has him."""
        heard = Heard()
        async with self.gateway(heard):
            self.write("привет")
            await heard.next()
        assert self.boris.id in self.store.entities

    def to_boris(self, text: str = "раз", random_id: int = 77) -> Outgoing:
        return Outgoing(Peer(PeerKind.USER, self.boris.id), text, random_id)


@asynccontextmanager
async def scene(**settings: Any) -> AsyncIterator[Scene]:
    """A fresh world; the settings point the gateways at it."""
    async with Sandbox(seed="gateway") as sandbox:
        address = f"127.0.0.1:{sandbox.telegram_port}"
        with override_settings(TELEGRAM_GATEWAY="sandbox", SANDBOX_TELEGRAM=address, **settings):
            yield Scene(sandbox)
        assert not sandbox.core.stats.crashed
        assert not sandbox.core.stats.unhandled
