"""Russian word forms: which words may be the same, and which are somebody's name. Pure.

The dictionary takes a moment and some megabytes to load; a process that never asks never does.
"""

from functools import cache, lru_cache
from typing import Any

# What a parse must weigh to be believed: «Роман» is a name in half of its readings, «вера» hardly ever.
BELIEVED = 0.1


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


@lru_cache(maxsize=20_000)
def name_parts(word: str) -> frozenset[str]:
    """As what part of a person's name `word` may be read: "Name", "Patr" (patronymic), "Surn"."""
    grammemes = (parse.tag.grammemes for parse in _dictionary().parse(word) if parse.score >= BELIEVED)
    return frozenset(part for found in grammemes for part in ("Name", "Patr", "Surn") if part in found)
