"""Sessions in PostgreSQL: sealed, stored by their holder alone, opened where the keys are."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts_mgmt import health, sessions
from accounts_mgmt.lines import Line
from accounts_mgmt.models import AccountEntity, AccountUpdateState, TelegramAccountSession
from accounts_mgmt.sessions import DatabaseStore, DatabaseStores, open_session, seal_session
from relove.fields import KeyMissing, new_key
from relove.telegram.gateway import SessionLost
from relove.telegram.session import Entity, SessionData, UpdateState

pytestmark = pytest.mark.django_db(transaction=True)

DATA = SessionData(b"\x00\xff" * 128, 2, "127.0.0.1", 443)
MOMENT = datetime(2027, 2, 3, 4, 5, 6, tzinfo=UTC)
TOKEN = 41


@pytest.fixture
def account(transactional_db: None) -> TelegramAccountSession:
    return TelegramAccountSession.objects.create(
        label="Анна", role="main", session=seal_session(DATA), lease_token=TOKEN
    )


def stored(account: TelegramAccountSession, token: int, write: Callable[[DatabaseStore], Awaitable[None]]) -> None:
    async def story() -> None:
        line = Line()
        await write(DatabaseStores(line).of(account.pk, token))
        await line.close()

    asyncio.run(story())


def test_a_session_is_opened_as_it_was_sealed(account: TelegramAccountSession) -> None:
    account.refresh_from_db()
    opened = open_session(account.pk)
    assert opened == DATA
    assert "255" not in repr(opened), "the key is not shown"
    assert r"\xff" not in repr(opened)


def test_a_process_without_the_session_ring_cannot_open_it(
    account: TelegramAccountSession, settings: Settings
) -> None:
    settings.SESSION_KEYS = []
    with pytest.raises(KeyMissing, match="RELOVE_SESSION_KEYS"):
        open_session(account.pk)


def test_what_its_holder_stores_is_opened_with_it(account: TelegramAccountSession) -> None:
    states = {0: UpdateState(7, 1, 2, MOMENT), -1002000000001: UpdateState(9, date=MOMENT)}
    entities = [Entity(5, 2**62, "boris"), Entity(-1002000000001, -(2**62))]

    async def write(store: DatabaseStore) -> None:
        await store.save_states({0: UpdateState(3, date=MOMENT)})
        await store.save_states(states)
        await store.save_entities([Entity(5, 1, "old_name")])
        await store.save_entities(entities)

    stored(account, TOKEN, write)
    opened = open_session(account.pk)
    assert opened.states == states
    assert sorted(opened.entities, key=lambda entity: entity.id) == sorted(entities, key=lambda entity: entity.id)


def test_a_former_holder_stores_nothing(account: TelegramAccountSession) -> None:
    async def write(store: DatabaseStore) -> None:
        await store.save_states({0: UpdateState(3, date=MOMENT)})
        await store.save_entities([Entity(5, 1)])

    stored(account, TOKEN, write)

    async def too_late(store: DatabaseStore) -> None:
        await store.save_states({0: UpdateState(99, date=MOMENT), 7: UpdateState(1, date=MOMENT)})
        await store.save_entities([Entity(5, 99), Entity(6, 1)])

    stored(account, TOKEN + 1, too_late)
    assert list(AccountUpdateState.objects.values_list("entity_id", "pts")) == [(0, 3)]
    assert list(AccountEntity.objects.values_list("entity_id", "access_hash")) == [(5, 1)]


def test_what_many_accounts_keep_at_once_is_one_statement(
    account: TelegramAccountSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = TelegramAccountSession.objects.create
    others = [made(label=f"{token}", session=seal_session(DATA), lease_token=token) for token in (8, 9)]
    asked: list[str] = []
    ask = Line.rows

    async def counted(line: Line, sql: str, parameters: Any) -> list[Any]:
        asked.append(sql)
        return await ask(line, sql, parameters)

    async def story() -> None:
        stores = DatabaseStores(line := Line())
        holders = [(account, TOKEN), (others[0], 8), (others[1], 1000)]
        for number, (held, token) in enumerate(holders):
            states = {entity: UpdateState(number + 1, date=MOMENT) for entity in (0, -7)}
            saves.append(stores.of(held.pk, token).save_states(states))
        await asyncio.gather(*saves)
        await line.close()

    saves: list[Any] = []
    monkeypatch.setattr(Line, "rows", counted)
    asyncio.run(story())
    assert len(asked) == 1
    kept = AccountUpdateState.objects.order_by("account", "entity_id").values_list("account", "entity_id", "pts")
    assert list(kept) == [(account.pk, -7, 1), (account.pk, 0, 1), (others[0].pk, -7, 2), (others[0].pk, 0, 2)], (
        "the third is held by another"
    )


def test_of_two_saves_of_an_account_in_one_statement_the_later_counts(account: TelegramAccountSession) -> None:
    async def write(store: DatabaseStore) -> None:
        given_up = asyncio.create_task(store.save_states({0: UpdateState(3, date=MOMENT)}))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.gather(
            store.save_states({0: UpdateState(4, date=MOMENT)}), store.save_entities([Entity(5, 1), Entity(5, 2)])
        )

    stored(account, TOKEN, write)
    assert list(AccountUpdateState.objects.values_list("entity_id", "pts")) == [(0, 4)]
    assert list(AccountEntity.objects.values_list("entity_id", "access_hash")) == [(5, 2)]


def test_an_access_hash_is_the_accounts_own(account: TelegramAccountSession) -> None:
    other = TelegramAccountSession.objects.create(
        label="Борис", role="main", session=seal_session(DATA), lease_token=8
    )
    stored(account, TOKEN, lambda store: store.save_entities([Entity(5, 1)]))
    stored(other, 8, lambda store: store.save_entities([Entity(5, 2)]))
    assert open_session(account.pk).entities == [Entity(5, 1)]
    assert open_session(other.pk).entities == [Entity(5, 2)]


def test_the_entities_last_seen_are_loaded(
    account: TelegramAccountSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "ENTITIES_LOADED", 2)
    for number in (1, 2, 3):
        AccountEntity.objects.create(account=account, entity_id=number, access_hash=number)
        AccountEntity.objects.filter(entity_id=number).update(seen_at=timezone.now() + timedelta(hours=number))
    assert [entity.id for entity in open_session(account.pk).entities] == [3, 2]


# --- kept in the cache ---------------------------------------------------------------------------


def kept(account: TelegramAccountSession) -> bytes | None:
    found: bytes | None = cache.get(f"relove:kept:sessions:{account.pk}")
    return found


def test_key_and_server_are_kept_as_ciphertext(account: TelegramAccountSession) -> None:
    opened = open_session(account.pk)
    lying = kept(account)
    assert lying is not None
    assert opened.auth_key.hex().encode() not in lying
    assert opened.auth_key[:12] not in lying


def test_from_the_cache_it_is_the_same_and_the_states_are_the_tables(account: TelegramAccountSession) -> None:
    open_session(account.pk)

    async def write(store: DatabaseStore) -> None:
        await store.save_states({0: UpdateState(7, date=MOMENT)})

    stored(account, TOKEN, write)
    with CaptureQueriesContext(connection) as asked:
        opened = open_session(account.pk)
    assert opened.auth_key == DATA.auth_key
    assert opened.states == {0: UpdateState(7, date=MOMENT)}
    assert not [query for query in asked if '"session",' in query["sql"]], "the session itself is not read"


def test_a_flushed_cache_loses_nothing(account: TelegramAccountSession) -> None:
    open_session(account.pk)
    cache.clear()
    assert open_session(account.pk).auth_key == DATA.auth_key


def test_another_session_is_never_answered_with_the_kept_one(account: TelegramAccountSession) -> None:
    open_session(account.pk)
    TelegramAccountSession.objects.update(session=seal_session(replace(DATA, auth_key=bytes(256))))
    assert open_session(account.pk).auth_key == bytes(256)


def test_signing_out_and_changing_keys_leave_nothing_in_the_cache(
    account: TelegramAccountSession, settings: Settings
) -> None:
    open_session(account.pk)
    settings.SESSION_KEYS = [new_key(), *settings.SESSION_KEYS]
    call_command("rotate_keys")
    assert kept(account) is None

    open_session(account.pk)
    effect = health.effect_of(SessionLost("AUTH_KEY_UNREGISTERED"))
    assert effect is not None
    health.apply(account.pk, TOKEN, effect, "AUTH_KEY_UNREGISTERED", None)
    assert kept(account) is None
