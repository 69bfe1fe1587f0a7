"""People named in a Russian text: found so that they can be masked before it leaves for a model. Pure.

The rule. Somebody is named where two capitalised words stand beside one another of which one may be a given
name and the other a surname or a patronymic, in the same case and gender: «Анна Петрова», «Петровой Анны»,
«Иван Ильич», and not «Роман Достоевского» or «Вера, Надежда». A third such word beside them belongs to the
same person. A word that no dictionary knows passes for a surname beside a given name.
Wherever one of these words stands alone and capitalised elsewhere in the text, it means the same person, but
where a sentence begins with one that has another meaning: «Любовь».
A given name alone is left: «Вера», «Роман», «Слава» are words too, and who is meant by a first name nobody can
tell. Names in Latin letters are known only where Telegram tells them.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

from relove.morphology import Reading, is_only_a_name, normal_forms, readings

CAPITALISED = re.compile(r"[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?")
BEGINNING = re.compile(r"(?:^|[.!?…:;\n])[\s«\"'—–-]*$")
FAMILY = {"Surn", "Patr"}
LONGEST = 3


def people(text: str) -> list[tuple[int, int]]:
    """Where people are named: (start, end) of each place, in order, none within another."""
    found = list(_full_names(text))
    parts = {
        form for start, end in found for word in CAPITALISED.findall(text[start:end]) for form in _named(word)
    }
    alone = [
        match.span()
        for match in CAPITALISED.finditer(text)
        if parts & _named(match[0])
        and (is_only_a_name(match[0]) or not BEGINNING.search(text[: match.start()]))
        and not any(start <= match.start() < end for start, end in found)
    ]
    return sorted([*found, *alone])


def _full_names(text: str) -> Iterator[tuple[int, int]]:
    row: list[re.Match[str]] = []
    for word in CAPITALISED.finditer(text):
        if row and (not _beside(text, row[-1], word) or not _may_join(row, word[0])):
            yield from _closed(row)
            row = []
        row.append(word)
    yield from _closed(row)


def _closed(row: list[re.Match[str]]) -> Iterator[tuple[int, int]]:
    if len(row) > 1:
        yield row[0].start(), row[-1].end()


def _beside(text: str, before: re.Match[str], word: re.Match[str]) -> bool:
    return text[before.end() : word.start()] in (" ", "\u00a0")


def _may_join(row: list[re.Match[str]], word: str) -> bool:
    return len(row) < LONGEST and any(_are_one(before[0], word) for before in row)


def _are_one(one: str, other: str) -> bool:
    """Whether two words agree as given name and surname or patronymic of one person, in either order."""
    return any(_agree(a, b) or _agree(b, a) for a, b in product(readings(one), readings(other)))


def _agree(given: Reading, family: Reading) -> bool:
    in_case = not family.case or given.case == family.case
    in_gender = not family.gender or given.gender == family.gender
    return in_case and in_gender and given.part == "Name" and family.part in FAMILY


@lru_cache(maxsize=20_000)
def _named(word: str) -> frozenset[str]:
    """The dictionary forms of a word that may be part of a name."""
    return normal_forms(word) if readings(word) else frozenset()
