"""What is kept of a Telegram session, and where: plain values, for processes without Telethon, too."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

# Telegram's own addresses: what an imported session names as its server is not trusted.
DATA_CENTRES = {
    1: "149.154.175.53",
    2: "149.154.167.51",
    3: "149.154.175.100",
    4: "149.154.167.91",
    5: "91.108.56.130",
}
PORT = 443


@dataclass(frozen=True, slots=True)
class UpdateState:
    """Up to where updates are handled. `date` is aware, and asked for of the account alone."""

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


def session_at(dc_id: int, auth_key: bytes = b"") -> SessionData:
    """A session at one of Telegram's data centres. Raises ValueError for another."""
    if dc_id not in DATA_CENTRES:
        raise ValueError("there is no such data centre")
    return SessionData(auth_key, dc_id, DATA_CENTRES[dc_id], PORT)
