"""What is sealed to the runners is opened by them alone."""

from typing import Any

import pytest

from relove import sealing
from relove.fields import KeyMissing, new_key


@pytest.fixture
def public(settings: Any) -> bytes:
    settings.SESSION_KEYS = [new_key()]
    return sealing.public_key()


def test_a_process_without_the_ring_seals_and_cannot_open(public: bytes, settings: Any) -> None:
    ring, settings.SESSION_KEYS = settings.SESSION_KEYS, []
    sealed = sealing.seal(public, "12345")
    assert b"12345" not in sealed
    with pytest.raises(KeyMissing):
        sealing.unseal(sealed)
    settings.SESSION_KEYS = ring
    assert sealing.unseal(sealed) == "12345"


def test_no_two_sealed_values_are_alike(public: bytes) -> None:
    assert sealing.seal(public, "12345") != sealing.seal(public, "12345")


def test_a_key_that_is_no_longer_current_still_opens(public: bytes, settings: Any) -> None:
    sealed = sealing.seal(public, "пароль")
    settings.SESSION_KEYS = [new_key(), *settings.SESSION_KEYS]
    assert sealing.public_key() != public
    assert sealing.unseal(sealed) == "пароль"


@pytest.mark.parametrize("place", [0, 1, 5, 40, -1])
def test_a_changed_value_does_not_open(public: bytes, place: int) -> None:
    sealed = bytearray(sealing.seal(public, "12345"))
    sealed[place] ^= 1
    with pytest.raises(KeyMissing):
        sealing.unseal(bytes(sealed))


def test_another_ring_opens_nothing(public: bytes, settings: Any) -> None:
    sealed = sealing.seal(public, "12345")
    settings.SESSION_KEYS = [new_key()]
    with pytest.raises(KeyMissing):
        sealing.unseal(sealed)
