"""What all connections and the control interface share: the world, the keys, the faults, who is online."""

import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from telethon.crypto import AuthKey

from relove.sandbox.faults import Faults
from relove.sandbox.keys import ready_key
from relove.sandbox.people import People
from relove.sandbox.rules import Change
from relove.sandbox.sign_ins import SignIns
from relove.sandbox.tl import RpcError
from relove.sandbox.updates import Hub, Listener
from relove.sandbox.views import Views
from relove.sandbox.world import Box, Message, World

if TYPE_CHECKING:
    from relove.sandbox.session import Connection

_READY_KEYS_INDEXED = 8


@dataclass
class Key:
    """An authorisation key and what belongs to it: the person signed in, layer and device of the client."""

    data: bytes
    user: int | None = None
    pending: int | None = None  # whose second password is asked for
    number: int | None = None  # of a ready-made key
    layer: int = 0
    device: dict[str, str | int] = field(default_factory=dict)
    created: float = field(default_factory=time.time)
    active: float = 0.0
    address: str = ""
    dead: str | None = None  # the error every call answers
    uses: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.id: int = AuthKey(self.data).key_id
        self.salt = int.from_bytes(self.data[:8], "little", signed=True) or 1

    def __repr__(self) -> str:
        return f"Key(id={self.id}, user={self.user}, dead={self.dead})"

    @property
    def hash(self) -> int:
        """The number by which account.getAuthorizations names this session: signed 64 bits."""
        return int.from_bytes(self.id.to_bytes(8, "little"), "little", signed=True)


class Keyring:
    """All known keys. Ready-made ones are found by computing them, so they need no storage."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.keys: dict[int, Key] = {}
        self._indexed: set[int] = set()

    def add(self, key: Key) -> Key:
        return self.keys.setdefault(key.id, key)

    def find(self, id: int) -> Key | None:
        if id not in self.keys:
            self._index_ready_keys()
        return self.keys.get(id)

    def _index_ready_keys(self) -> None:
        for user in self.world.users.keys() - self._indexed:
            self._indexed.add(user)
            for number in range(_READY_KEYS_INDEXED):
                self.ready(user, number)

    def ready(self, user: int, number: int | None = None) -> Key:
        """A person's ready-made key: the numbered one, or the first that is not dead."""
        if number is None:
            return next(key for n in range(10_000) if not (key := self.ready(user, n)).dead)
        return self.add(Key(ready_key(self.world.seed, user, number), user=user, number=number))

    def use(self, key: Key, address: str) -> None:
        """Notes a call; a key used from two addresses within the window dies. Raises RpcError then."""
        if key.dead:
            raise RpcError(key.dead)
        now, window = time.time(), self.world.settings.duplicated_key_window
        if any(other != address and now - at < window for other, at in key.uses.items()):
            key.dead = "AUTH_KEY_DUPLICATED"
            raise RpcError(key.dead)
        key.uses[address] = key.active = now
        key.address = address


@dataclass
class Stats:
    requests: Counter[tuple[int | None, str]] = field(default_factory=Counter)
    unhandled: Counter[str] = field(default_factory=Counter)
    crashed: Counter[str] = field(default_factory=Counter)
    views_increments: Counter[int] = field(default_factory=Counter)
    # by person: how often their key came by a connection while another address still had one
    overlaps: Counter[int | None] = field(default_factory=Counter)


class Core:
    def __init__(self, world: World) -> None:
        self.connections: set[Connection] = set()
        self.telegram_address = ("127.0.0.1", 0)
        self._accepted: deque[float] = deque()
        self.dirty = False
        self.last_activity = time.monotonic()
        self.adopt(world, {})

    def adopt(self, world: World, keys: dict[int, Key]) -> None:
        """Makes this the world of the server; keys that are known already go with it."""
        self.world = world
        self.keyring = Keyring(world)
        self.keyring.keys.update(keys)
        self.faults = Faults(world.random("faults"))
        self.views = Views(world)
        self.hub = Hub(world, self.views, self.faults)
        self.stats = Stats()
        self.people = People(self)
        self.sign_ins = SignIns(world)
        # by person and file: parts of files that are being put up
        self.uploads: dict[tuple[int, int], dict[int, bytes]] = {}

    def touch(self) -> None:
        """Something happened: the state is to be saved, and the server is not idle."""
        self.dirty = True
        self.last_activity = time.monotonic()

    def commit(self, changes: Iterable[Change], origin: Listener | None = None) -> None:
        """Tells everybody concerned of changes that rules.py made."""
        changes = list(changes)
        self.touch()
        self.hub.push(changes, origin)
        self.people.notice(changes)

    def commit_reaction(self, box: Box, message: Message, origin: Listener | None = None) -> None:
        self.touch()
        self.hub.push_reactions(box, message, origin)

    def take_rate(self) -> None:
        """The server-wide ceiling on accepted messages. Raises RpcError above it."""
        rate, now = self.world.settings.rate, time.monotonic()
        if rate is None:
            return
        while self._accepted and now - self._accepted[0] >= 1:
            self._accepted.popleft()
        if len(self._accepted) >= rate:
            raise RpcError("FLOOD_WAIT_1")
        self._accepted.append(now)

    def disconnect(self, account: int | None = None) -> int:
        """Cuts the connections of one account or all; returns how many."""
        chosen = [c for c in self.connections if account is None or (c.key and c.key.user == account)]
        for connection in chosen:
            connection.abort()
        return len(chosen)
