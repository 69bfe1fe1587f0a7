"""Our Telethon session: memory for Telethon, a store of ours behind it.

Telethon calls a session inside its event loop and expects it not to wait, so these methods touch
memory only; a task of the gateway hands what is new to the store. Update states do not come in by
`set_update_state`: Telethon moves them before the handlers run, while ours may be stored only after
the handlers have committed (see `MtprotoGateway.flush`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from telethon import utils
from telethon.crypto import AuthKey
from telethon.sessions import MemorySession
from telethon.tl import types


@dataclass(frozen=True, slots=True)
class UpdateState:
    """Up to where updates are handled. `date` is aware."""

    pts: int
    qts: int = 0
    seq: int = 0
    date: datetime = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entity:
    """Somebody or somewhere the account has met; `id` is Telethon's marked id."""

    id: int
    access_hash: int
    username: str = ""


@dataclass(slots=True)
class SessionData:
    """What is stored of a session. Entity 0 of `states` is the account itself, the others channels."""

    auth_key: bytes = field(repr=False)
    dc_id: int
    address: str
    port: int
    states: dict[int, UpdateState] = field(default_factory=dict)
    entities: list[Entity] = field(default_factory=list)
    # the account's own id: without it Telethon asks for it once for every update that comes in
    own_id: int = 0


class SessionStore(Protocol):
    """Where a session is kept; every save may be repeated."""

    async def save_states(self, states: dict[int, UpdateState]) -> None: ...

    async def save_entities(self, entities: Iterable[Entity]) -> None: ...


class StoredSession(MemorySession):  # type: ignore[misc]
    """A session over SessionData. `fresh` collects the entities not yet stored."""

    def __init__(self, data: SessionData) -> None:
        super().__init__()
        self.set_dc(data.dc_id, data.address, data.port)
        # set before the client is made, or it would negotiate a new key
        self.auth_key = AuthKey(data.auth_key) if data.auth_key else None
        self._states = data.states
        self._own_id = data.own_id
        self._by_id = {entity.id: entity for entity in data.entities}
        self._by_name = {entity.username: entity for entity in data.entities if entity.username}
        self.fresh: dict[int, Entity] = {}

    def process_entities(self, tlo: Any) -> None:
        for entity_id, access_hash, username, _phone, _name in self._entities_to_rows(tlo):
            entity = Entity(entity_id, access_hash, username or "")
            if self._by_id.get(entity_id) != entity:
                self._by_id[entity_id] = self.fresh[entity_id] = entity
                if entity.username:
                    self._by_name[entity.username] = entity

    def take_fresh(self) -> list[Entity]:
        taken, self.fresh = list(self.fresh.values()), {}
        return taken

    def put_back(self, entities: Iterable[Entity]) -> None:
        """Those that could not be stored; what was met anew meanwhile stays."""
        self.fresh = {entity.id: entity for entity in entities} | self.fresh

    def get_entity_rows_by_id(self, id: int, exact: bool = True) -> tuple[int, int] | None:
        if id == 0 and self._own_id:
            # Telethon's way of asking who it is
            return 0, self._own_id
        marked = [id] if exact else [utils.get_peer_id(kind(id)) for kind in _PEERS]
        found = next((self._by_id[key] for key in marked if key in self._by_id), None)
        return (found.id, found.access_hash) if found else None

    def get_entity_rows_by_username(self, username: str) -> tuple[int, int] | None:
        found = self._by_name.get(username.lower())
        return (found.id, found.access_hash) if found else None

    def get_entity_rows_by_phone(self, phone: str) -> None:
        """Phones are not kept: nothing is found by them."""

    def get_entity_rows_by_name(self, name: str) -> None:
        """Names are not kept: they are not unique."""

    def get_update_states(self) -> list[tuple[int, types.updates.State]]:
        return [
            (entity_id, types.updates.State(state.pts, state.qts, state.date, state.seq, unread_count=0))
            for entity_id, state in self._states.items()
        ]

    def set_update_state(self, entity_id: int, state: Any) -> None:
        """Telethon's own saving comes too early; see the module's docstring."""


_PEERS = (types.PeerUser, types.PeerChat, types.PeerChannel)
