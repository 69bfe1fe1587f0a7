"""Telegram sessions in PostgreSQL: the auth key sealed, update states and entities in tables."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

from accounts_mgmt.batching import Batcher
from accounts_mgmt.lines import Line
from accounts_mgmt.models import AccountEntity, AccountUpdateState, TelegramAccountSession
from relove.fields import Sealed
from relove.kept import Shelf
from relove.telegram.session_data import Entity, SessionData, UpdateState

# Of one account, in the order of a statement's columns.
Rows = list[tuple[Any, ...]]

ENTITIES_LOADED = 5000
# Key and server of an account; gone when it is signed out and when the keys are changed.
KEPT = Shelf("sessions", seconds=7 * 86_400, ring="session")

# Each only while the lease is ours: a former holder's state must not overwrite its successor's.
SAVE_STATES = """
INSERT INTO account_update_states (account_id, entity_id, pts, qts, seq, date)
SELECT a.id, v.entity, v.pts, v.qts, v.seq, v.date
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::int[], %s::int[], %s::int[], %s::timestamptz[])
     AS v (account, token, entity, pts, qts, seq, date)
JOIN telegram_account_sessions a ON a.id = v.account AND a.lease_token = v.token
ON CONFLICT (account_id, entity_id) DO UPDATE
    SET pts = excluded.pts, qts = excluded.qts, seq = excluded.seq, date = excluded.date
"""

SAVE_ENTITIES = """
INSERT INTO account_entities (account_id, entity_id, access_hash, username, seen_at)
SELECT a.id, v.entity, v.access_hash, v.username, now()
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[])
     AS v (account, token, entity, access_hash, username)
JOIN telegram_account_sessions a ON a.id = v.account AND a.lease_token = v.token
ON CONFLICT (account_id, entity_id) DO UPDATE
    SET access_hash = excluded.access_hash, username = excluded.username, seen_at = excluded.seen_at
"""


def seal_session(data: SessionData) -> Sealed:
    """What of a session is secret or names its server, sealed under the session ring."""
    plain = {"key": data.auth_key.hex(), "dc": data.dc_id, "address": data.address, "port": data.port}
    return Sealed.seal("session", json.dumps(plain))


def open_session(account_id: int) -> SessionData:
    """The session as the client needs it; key and server may come from the cache, update states never do.

    Raises KeyMissing outside runners.
    """
    account = TelegramAccountSession.objects.with_session_version().get(id=account_id)
    data = _data(KEPT.get(account.pk, account.session_version, lambda: json.loads(account.session.reveal())))
    data.own_id = account.telegram_user_id or 0
    states = AccountUpdateState.objects.filter(account=account)
    entities = AccountEntity.objects.filter(account=account).order_by("-seen_at")[:ENTITIES_LOADED]
    data.states = {s.entity_id: UpdateState(s.pts, s.qts, s.seq, s.date) for s in states}
    data.entities = [Entity(e.entity_id, e.access_hash, e.username) for e in entities]
    return data


def opened_session(sealed: Sealed) -> SessionData:
    """What `seal_session` has sealed. Raises KeyMissing outside runners."""
    return _data(json.loads(sealed.reveal()))


def _data(plain: dict[str, Any]) -> SessionData:
    return SessionData(bytes.fromhex(plain["key"]), plain["dc"], plain["address"], plain["port"])


class DatabaseStores:
    """The stores of a runner's accounts: what many of them keep at once is one statement.

    Where an account saves the same twice, because whoever began to wait for the first gave up, the later counts.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self.states: Batcher[Rows, None] = Batcher(lambda batch: self._save(SAVE_STATES, batch))
        self.entities: Batcher[Rows, None] = Batcher(lambda batch: self._save(SAVE_ENTITIES, batch))

    def of(self, account: int, token: int) -> "DatabaseStore":
        return DatabaseStore(self, account, token)

    async def _save(self, statement: str, batch: list[Rows]) -> list[None]:
        # account, token and entity: a statement may write each but once
        rows = {row[:3]: row for row in chain.from_iterable(batch)}.values()
        columns = [list(column) for column in zip(*rows, strict=True)]
        await self._line.rows(statement, columns)
        return [None] * len(batch)


@dataclass(frozen=True, slots=True)
class DatabaseStore:
    """SessionStore of one held account: nothing is stored once the lease is another's."""

    stores: DatabaseStores
    account: int
    token: int

    async def save_states(self, states: dict[int, UpdateState]) -> None:
        await self.stores.states.submit(
            [
                (self.account, self.token, entity, state.pts, state.qts, state.seq, state.date)
                for entity, state in states.items()
            ]
        )

    async def save_entities(self, entities: Iterable[Entity]) -> None:
        await self.stores.entities.submit(
            [(self.account, self.token, one.id, one.access_hash, one.username) for one in entities]
        )
