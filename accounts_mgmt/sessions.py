"""Telegram sessions in PostgreSQL: the auth key sealed, update states and entities in tables."""

import json
from collections.abc import Iterable
from typing import Any

from accounts_mgmt.lines import Line
from accounts_mgmt.models import AccountEntity, AccountUpdateState, TelegramAccountSession
from relove.fields import Sealed
from relove.kept import Shelf
from relove.telegram.session_data import Entity, SessionData, UpdateState

ENTITIES_LOADED = 5000
# Key and server of an account; gone when it is signed out and when the keys are changed.
KEPT = Shelf("sessions", seconds=7 * 86_400, ring="session")

# Each only while the lease is ours: a former holder's state must not overwrite its successor's.
SAVE_STATES = """
INSERT INTO account_update_states (account_id, entity_id, pts, qts, seq, date)
SELECT a.id, v.* FROM telegram_account_sessions a,
    unnest(%s::bigint[], %s::int[], %s::int[], %s::int[], %s::timestamptz[]) AS v
WHERE a.id = %s AND a.lease_token = %s
ON CONFLICT (account_id, entity_id) DO UPDATE
    SET pts = excluded.pts, qts = excluded.qts, seq = excluded.seq, date = excluded.date
"""

SAVE_ENTITIES = """
INSERT INTO account_entities (account_id, entity_id, access_hash, username, seen_at)
SELECT a.id, v.*, now() FROM telegram_account_sessions a,
    unnest(%s::bigint[], %s::bigint[], %s::text[]) AS v
WHERE a.id = %s AND a.lease_token = %s
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


class DatabaseStore:
    """SessionStore of one held account: nothing is stored once the lease is another's."""

    def __init__(self, line: Line, account: int, token: int) -> None:
        self._line = line
        self._holder = [account, token]

    async def save_states(self, states: dict[int, UpdateState]) -> None:
        rows = [(entity, state.pts, state.qts, state.seq, state.date) for entity, state in states.items()]
        await self._save(SAVE_STATES, rows)

    async def save_entities(self, entities: Iterable[Entity]) -> None:
        await self._save(SAVE_ENTITIES, [(e.id, e.access_hash, e.username) for e in entities])

    async def _save(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        columns = [list(column) for column in zip(*rows, strict=True)]
        await self._line.rows(statement, [*columns, *self._holder])
