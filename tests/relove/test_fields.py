"""Sealed values: they open under their ring alone, survive a change of keys, and show nothing."""

import io
import json
import pickle
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.serializers import serialize
from django.db import connection
from pytest_django import Settings

from accounts_mgmt.models import TelegramAccountSession
from relove.fields import KeyMissing, Ring, Sealed, SealedField, keyed_hash, new_key

SECRET = "+79991234567"
OLD, NEW = new_key(), new_key()


@pytest.fixture(autouse=True)
def _rings(settings: Settings) -> None:
    settings.PERSONAL_KEYS, settings.SESSION_KEYS = [OLD], [new_key()]


def test_a_value_opens_again() -> None:
    assert Sealed.seal("personal", SECRET).reveal_text() == SECRET
    assert Sealed.seal("session", b"\x00\xff").reveal() == b"\x00\xff"
    assert Sealed.seal("personal", "").reveal() == b""


def test_the_same_secret_is_never_sealed_the_same_way() -> None:
    assert Sealed.seal("personal", SECRET) != Sealed.seal("personal", SECRET)


def test_the_layout_is_version_key_nonce_and_ciphertext() -> None:
    stored = Sealed.seal("personal", SECRET).stored
    assert stored[:1] == b"\x01"
    assert len(stored) == 1 + 4 + 12 + len(SECRET) + 16
    assert Sealed.seal("personal", "x").stored[1:5] == stored[1:5], "the key is named, not the value"


def test_a_new_current_key_seals_while_the_old_one_still_opens(settings: Settings) -> None:
    before = Sealed.seal("personal", SECRET)
    assert before.is_current
    settings.PERSONAL_KEYS = [NEW, OLD]
    assert before.reveal_text() == SECRET
    assert not before.is_current
    after = Sealed.seal("personal", before.reveal())
    settings.PERSONAL_KEYS = [NEW]
    assert (after.reveal_text(), after.is_current) == (SECRET, True)
    with pytest.raises(KeyMissing, match="taken out too early"):
        before.reveal()


def test_the_other_ring_does_not_open_it(settings: Settings) -> None:
    stored = Sealed.seal("personal", SECRET).stored
    with pytest.raises(KeyMissing):
        Sealed("session", stored).reveal()
    settings.SESSION_KEYS = settings.PERSONAL_KEYS
    with pytest.raises(KeyMissing):
        Sealed("session", stored).reveal()


@pytest.mark.parametrize("ring", ["personal", "session"])
def test_a_process_without_the_ring_says_which_is_missing(settings: Settings, ring: Ring) -> None:
    sealed = Sealed.seal(ring, SECRET)
    setattr(settings, f"{ring.upper()}_KEYS", [])
    for ask in (sealed.reveal, lambda: Sealed.seal(ring, SECRET), lambda: sealed.is_current):
        with pytest.raises(KeyMissing, match=f"RELOVE_{ring.upper()}_KEYS"):
            ask()


def test_every_changed_byte_is_noticed() -> None:
    stored = Sealed.seal("personal", SECRET).stored
    for place in range(1, len(stored)):
        changed = bytearray(stored)
        changed[place] ^= 1
        with pytest.raises(KeyMissing):
            Sealed("personal", bytes(changed)).reveal()
    for cut in (b"", stored[:5], stored[:17], stored[:-1]):
        with pytest.raises(KeyMissing):
            Sealed("personal", cut).reveal()


def test_a_version_from_the_future_is_not_guessed_at() -> None:
    with pytest.raises(KeyMissing):
        Sealed("personal", b"\x02" + Sealed.seal("personal", SECRET).stored[1:]).reveal()


@pytest.mark.parametrize("key", ["short", "c2hvcnQ=", "%%%"])
def test_a_key_of_another_length_is_refused(settings: Settings, key: str) -> None:
    settings.PERSONAL_KEYS = [key]
    with pytest.raises(ImproperlyConfigured, match="base64 of 32 bytes"):
        Sealed.seal("personal", SECRET)


def test_it_shows_dots_wherever_it_is_shown() -> None:
    sealed = Sealed.seal("personal", SECRET)
    shown = [str(sealed), repr(sealed), f"{sealed}", f"{sealed!r}", f"{[sealed]}", "%s" % sealed]  # noqa: UP031
    assert all("•••" in text and SECRET not in text for text in shown)
    assert SECRET.encode() not in pickle.dumps(sealed)
    assert pickle.loads(pickle.dumps(sealed)).reveal_text() == SECRET  # noqa: S301  our own bytes
    with pytest.raises(TypeError):
        json.dumps(sealed)


def test_equality_and_hash_are_the_ciphertexts() -> None:
    sealed = Sealed.seal("personal", SECRET)
    again = Sealed("personal", sealed.stored)
    assert (sealed == again, hash(sealed) == hash(again), sealed == SECRET) == (True, True, False)


# --- the column ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_column_holds_ciphertext_and_loads_sealed() -> None:
    made = TelegramAccountSession.objects.create(label="Анна", role="main", phone=Sealed.seal("personal", SECRET))
    loaded = TelegramAccountSession.objects.get(pk=made.pk)
    assert isinstance(loaded.phone, Sealed)
    assert loaded.phone.reveal_text() == SECRET
    assert loaded.session is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM telegram_account_sessions")
        assert bytes(cursor.fetchone()[0]) == loaded.phone.stored


@pytest.mark.django_db
@pytest.mark.parametrize("plain", [SECRET, SECRET.encode()])
def test_plain_data_is_never_written(plain: Any) -> None:
    with pytest.raises(TypeError, match="phone takes a Sealed") as refused:
        TelegramAccountSession.objects.create(label="Анна", role="main", phone=plain)
    assert SECRET not in str(refused.value)


@pytest.mark.django_db
def test_a_value_of_the_other_ring_is_never_written() -> None:
    with pytest.raises(TypeError, match="session"):
        TelegramAccountSession.objects.create(label="Анна", role="main", session=Sealed.seal("personal", SECRET))


@pytest.mark.django_db
def test_exports_show_dots() -> None:
    account = TelegramAccountSession.objects.create(
        label="Анна", role="main", phone=Sealed.seal("personal", SECRET)
    )
    fields = json.loads(serialize("json", [account]))[0]["fields"]
    assert (fields["phone"], fields["session"]) == ("•••", None)
    out = io.StringIO()
    call_command("dumpdata", "accounts_mgmt", stdout=out)
    assert SECRET not in out.getvalue()
    assert "•••" in json.dumps(json.loads(out.getvalue()), ensure_ascii=False)


def test_the_field_describes_itself_to_migrations() -> None:
    _, path, args, options = SealedField(ring="session", null=True).deconstruct()
    assert (path, args, options) == ("relove.fields.SealedField", [], {"ring": "session", "null": True})


# --- finding ------------------------------------------------------------------------------------


def test_a_keyed_hash_finds_and_tells_nothing(settings: Settings) -> None:
    settings.HASH_KEY = "one"
    found = keyed_hash(SECRET)
    assert found == keyed_hash(SECRET) != keyed_hash(SECRET + "0")
    assert len(found) == 64
    settings.HASH_KEY = "two"
    assert keyed_hash(SECRET) != found
