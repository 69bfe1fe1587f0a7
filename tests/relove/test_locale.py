"""The Russian catalogue is complete, up to date and compiled."""

from collections import Counter
from string import Formatter

import pytest
from babel.messages import Catalog, Message
from django.utils.translation import gettext, override

from relove.management.commands import messages

SAME_IN_BOTH = {"Telegram", "reLove", "Cron", "RC", "RQ", "TQ", "%(class_name)s %(instance)s"}


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return messages.read(messages.catalogue_path())


def told(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def key(message: object, context: str | None) -> tuple[str, str | None]:
    return (message[0] if isinstance(message, tuple) else str(message)), context


def test_every_string_of_the_sources_is_there_and_no_other(catalogue: Catalog) -> None:
    """`manage.py messages` mends it."""
    wanted = {key(message, context) for _place, message, context in messages.found()}
    there = {key(message.id, message.context) for message in told(catalogue)}

    assert there - wanted == set()
    assert wanted - there == set()


def test_every_string_is_translated(catalogue: Catalog) -> None:
    empty = [m.id for m in told(catalogue) if not m.string or (isinstance(m.string, tuple) and not all(m.string))]

    assert empty == []


def test_nothing_is_fuzzy(catalogue: Catalog) -> None:
    assert [message.id for message in told(catalogue) if message.fuzzy] == []


def test_nothing_is_left_in_english(catalogue: Catalog) -> None:
    same = {m.id for m in told(catalogue) if m.id == m.string}

    assert same <= SAME_IN_BOTH


def test_places_for_values_are_kept(catalogue: Catalog) -> None:
    broken = [message.id for message in told(catalogue) if not keeps_places(message)]

    assert broken == []


def keeps_places(message: Message) -> bool:
    original = message.id[-1] if isinstance(message.id, tuple) else message.id
    words = message.string if isinstance(message.string, tuple) else (message.string,)
    return all(places(text) == places(original) for text in words)


def places(text: str) -> Counter[str]:
    named = [part.split(")")[0] for part in text.split("%(")[1:]]
    braces = [name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None]
    return Counter(named + braces)


def test_the_compiled_catalogue_is_that_of_the_source(catalogue: Catalog) -> None:
    path = messages.catalogue_path().with_suffix(".mo")

    assert path.read_bytes() == messages.compiled(catalogue)


def test_pages_speak_russian() -> None:
    with override("ru"):
        assert gettext("Apply Filters") == "Применить"
        assert gettext("Save and continue editing") == "Сохранить и остаться"
