"""What is kept in the cache: sealed, of one version, and never missed when it is gone."""

from typing import Any

import pytest
from django.core.cache import cache

from relove.fields import new_key
from relove.kept import Shelf

SHELF = Shelf("canaries", 60)
PLACE = "relove:kept:canaries:{}"


class Maker:
    """Says what it makes, and counts how often it was asked."""

    def __init__(self, value: Any) -> None:
        self.value, self.times = value, 0

    def __call__(self) -> Any:
        self.times += 1
        return self.value


@pytest.fixture(autouse=True)
def _empty(db: None) -> None:
    cache.clear()


@pytest.mark.parametrize("value", [{"tone": "тёплый"}, [], None, 0])
def test_it_is_made_once(value: Any) -> None:
    maker = Maker(value)
    assert [SHELF.get(7, 1, maker) for _ in range(3)] == [value] * 3
    assert maker.times == 1


def test_another_version_is_made_anew() -> None:
    assert SHELF.get(7, 1, lambda: "old") == "old"
    assert SHELF.get(7, 2, lambda: "new") == "new"
    assert SHELF.get(7, 1, lambda: "old again") == "old again"


def test_only_ciphertext_lies_in_the_cache() -> None:
    SHELF.get(7, 1, lambda: "canary-of-the-shelf")
    assert b"canary-of-the-shelf" not in cache.get(PLACE.format(7))


@pytest.mark.parametrize("damage", [lambda: cache.clear(), lambda: SHELF.forget(7), lambda: cut()])
def test_what_is_gone_or_damaged_is_made_anew(damage: Any) -> None:
    maker = Maker("voice")
    SHELF.get(7, 1, maker)
    damage()
    assert SHELF.get(7, 1, maker) == "voice"
    assert maker.times == 2


def cut() -> None:
    cache.set(PLACE.format(7), cache.get(PLACE.format(7))[:-1])


def test_an_entry_moved_to_another_place_is_none() -> None:
    SHELF.get(7, 1, lambda: "of seven")
    cache.set(PLACE.format(8), cache.get(PLACE.format(7)))
    assert SHELF.get(8, 1, lambda: "of eight") == "of eight"


def test_what_a_former_key_has_sealed_is_made_anew(settings: Any) -> None:
    SHELF.get(7, 1, lambda: "old")
    settings.PERSONAL_KEYS = [new_key(), *settings.PERSONAL_KEYS]
    assert SHELF.get(7, 1, lambda: "new") == "new"
