"""Russian word forms: which words may be the same, and which may be part of somebody's name. Pure.

The dictionary takes a moment and some megabytes to load; a process that never asks never does.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

NAME_PARTS = ("Name", "Patr", "Surn")
# What a reading must weigh to be believed.
BELIEVED = 0.05


@dataclass(frozen=True, slots=True)
class Reading:
    """A word as part of a person's name: "Name", "Patr" (patronymic) or "Surn"; "" for any case or gender."""

    part: str
    case: str
    gender: str


@cache
def _dictionary() -> Any:
    from pymorphy3 import MorphAnalyzer  # half a second, only where it is needed

    return MorphAnalyzer(lang="ru")


@lru_cache(maxsize=20_000)
def normal_forms(word: str) -> frozenset[str]:
    """Every dictionary form that `word` may be of; an English word without its plural s."""
    word = word.lower().replace("ё", "е")
    if word.isascii():
        return frozenset({word.removesuffix("s") if len(word) > 3 else word})
    return frozenset(parse.normal_form.replace("ё", "е") for parse in _dictionary().parse(word))


def is_known(word: str) -> bool:
    return bool(_dictionary().word_is_known(word))


@lru_cache(maxsize=20_000)
def is_only_a_name(word: str) -> bool:
    """Whether `word` has no other meaning: «Анна», not «Вера» or «Слава»."""
    tags = [parse.tag for parse in _dictionary().parse(word) if parse.score >= BELIEVED]
    return all(any(part in tag for part in NAME_PARTS) for tag in tags)


@lru_cache(maxsize=20_000)
def readings(word: str) -> frozenset[Reading]:
    """How `word` may be read as part of one person's name; empty for all other words.

    A word that no dictionary knows may be anybody's surname, in any case.
    """
    if not is_known(word):
        return frozenset({Reading("Surn", "", "")})
    tags = (
        parse.tag for parse in _dictionary().parse(word) if parse.score >= BELIEVED and "plur" not in parse.tag
    )
    return frozenset(
        Reading(part, str(tag.case or ""), "" if "ms-f" in tag else str(tag.gender or ""))
        for tag in tags
        for part in NAME_PARTS
        if part in tag
    )
