"""Our Telethon session: memory for Telethon, a store of ours behind it.

Telethon calls a session inside its event loop and expects it not to wait, so these methods touch
memory only; a task of the gateway hands what is new to the store. Update states do not come in by
`set_update_state`: Telethon moves them before the handlers run, while ours may be stored only after
the handlers have committed (see `MtprotoGateway.flush`).
"""

from collections.abc import Iterable
from typing import Any

from telethon import utils
from telethon.crypto import AuthKey
from telethon.sessions import MemorySession
from telethon.tl import types

from relove.language import storable
from relove.telegram.session_data import Entity as Entity
from relove.telegram.session_data import SessionData as SessionData
from relove.telegram.session_data import SessionStore as SessionStore
from relove.telegram.session_data import UpdateState as UpdateState


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
            entity = Entity(entity_id, access_hash, storable(username or ""))
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
