"""What a trigger of a script finds in a message: whole words in any Russian form, phrases, patterns. Pure."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sales.patterns import MATCHED_LENGTH

WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
# Readings of a word rarer than this are not meant: «для» is hardly ever the gerund of «длить».
LIKELY = 0.1


@lru_cache(maxsize=1)
def _analyzer() -> Any:
    """The dictionary takes 15 MB and a tenth of a second: loaded by the first question."""
    from pymorphy3 import MorphAnalyzer

    return MorphAnalyzer(lang="ru")


@lru_cache(maxsize=50_000)
def lemmas(word: str) -> frozenset[str]:
    """The dictionary forms that a word may belong to, and itself, in lower case and with «е» for «ё»."""
    plain = _plain(word)
    likely = (parse for parse in _analyzer().parse(plain) if parse.score >= LIKELY)
    return frozenset(_plain(parse.normal_form) for parse in likely) | {plain}


def _plain(word: str) -> str:
    return word.lower().replace("ё", "е")


def canonical(phrase: str) -> str:
    """One spelling for the forms of a phrase: «цены» and «цена» are the same."""
    return " ".join(min(lemmas(word) - {_plain(word)} or {_plain(word)}) for word in split(phrase))


def split(text: str) -> list[str]:
    """The words and numbers of a text, in their order."""
    return WORD.findall(text)


def holds(text: str, phrase: str) -> bool:
    """Whether the words of `phrase` stand in `text` one after the other, each in any of its forms."""
    return first_of(text, [phrase]) is not None


def first_of(text: str, phrases: Sequence[str]) -> str | None:
    """The first of `phrases` that `text` holds."""
    said = [lemmas(word) for word in split(text)]
    return next((phrase for phrase in phrases if _holds(said, phrase)), None)


def _holds(said: list[frozenset[str]], phrase: str) -> bool:
    wanted = [lemmas(word) for word in split(phrase)]
    starts = range(len(said) - len(wanted) + 1) if wanted else ()
    return any(all(said[start + at] & forms for at, forms in enumerate(wanted)) for start in starts)


def search(pattern: str, text: str) -> str | None:
    """What `pattern` finds in the beginning of `text`, in any case of letters; None where it finds nothing.

    Only for patterns that sales.patterns has let through: others may take for ever.
    """
    found = re.search(pattern, text[:MATCHED_LENGTH], re.IGNORECASE)
    return found[0] if found else None
