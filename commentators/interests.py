"""Which voices suit a post: their interests against the post's keywords, in whatever form the words stand. Pure.

An interest fits when each of its words that carry meaning is among those of the keywords: «путь героя» fits
«пути героев», not «путь домой». A voice that states no interest suits every post, as the last choice.
"""

from collections.abc import Iterable

from relove.language import content_words
from relove.morphology import normal_forms


def fit(interests: Iterable[str], keywords: Iterable[str]) -> int | None:
    """How many interests the keywords touch; None when there are interests and none of them is touched."""
    stated = [words for interest in interests if (words := _words(interest))]
    said = frozenset[str]().union(*(forms for keyword in keywords for forms in _words(keyword)))
    touched = sum(all(forms & said for forms in words) for words in stated)
    return touched if touched or not stated else None


def _words(phrase: str) -> list[frozenset[str]]:
    return [normal_forms(word) for word in content_words(phrase, "ru")]
