"""Deterministic checks of a draft before any person sees it: pure decisions, each refusal a sentence.

A check looks at one thing and gives a Refusal or None; `check_draft` asks them all, so that a person sees
every reason at once.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from relove import options
from relove.claims import claim
from relove.language import detect_language, words
from relove.orders import gives_away, obeys
from relove.prompting import BIDI, EMAIL, LINK, MARK, NICK, PATTERNS, PHONE

__all__ = ["Limits", "Refusal", "check_draft", "detect_language", "similarity"]

TELEGRAM_UNITS, CAPTION_UNITS = 4096, 1024
COPIED_WORDS = 9


@dataclass(frozen=True, slots=True)
class Refusal:
    """Which check refused, and why, for a person to read."""

    code: str
    reason: str | Promise


@dataclass(frozen=True, slots=True)
class Limits:
    """Lengths in characters; similarities from 0 to 1, a draft at or above them is refused."""

    shortest: int = field(default_factory=partial(options.value, "COMMENT_SHORTEST"))
    longest: int = field(default_factory=partial(options.value, "COMMENT_LONGEST"))
    own_similarity: float = field(default_factory=partial(options.value, "OWN_SIMILARITY"))
    post_similarity: float = field(default_factory=partial(options.value, "POST_SIMILARITY"))


@dataclass(frozen=True, slots=True)
class Case:
    """A draft with everything its checks look at."""

    text: str
    post_text: str
    language: str | None
    forbidden: Sequence[str]
    recent_own: Sequence[str]
    recent_post: Sequence[str]
    limits: Limits
    affiliation: str
    units: int


def check_draft(
    text: str,
    *,
    post_text: str,
    language: str | None = None,
    forbidden: Sequence[str] = (),
    recent_own: Sequence[str] = (),
    recent_post: Sequence[str] = (),
    limits: Limits | None = None,
    affiliation: str = "",
    with_photo: bool = False,
) -> list[Refusal]:
    """Every reason to refuse `text` as a comment under `post_text`; an empty list lets it pass.

    `language` is the post's where it is known ("ru", "en"), else it is told from its text. `recent_own` are
    this account's last comments, `recent_post` all accounts' comments under the same post; `affiliation` is
    what a second comment there must say of itself; `with_photo` the text is a caption.
    """
    language = language or detect_language(post_text)
    units = CAPTION_UNITS if with_photo else TELEGRAM_UNITS
    post_text = post_text[: 2 * TELEGRAM_UNITS]
    case = Case(
        text, post_text, language, forbidden, recent_own, recent_post, limits or Limits(), affiliation, units
    )
    # What no message can hold is not worth reading.
    checks = (check_length,) if len(text) > TELEGRAM_UNITS else CHECKS
    return [refusal for check in checks if (refusal := check(case))]


def similarity(first: str, second: str) -> float:
    """Likeness of two texts from 0 to 1: common trigrams of their words to all of them, as in pg_trgm."""
    return _share(_trigrams(first), _trigrams(second))


def _share(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0


def _trigrams(text: str) -> set[str]:
    padded = (f"  {word.lower()} " for word in words(text))
    return {word[start : start + 3] for word in padded for start in range(len(word) - 2)}


def check_characters(case: Case) -> Refusal | None:
    """NUL, other control characters, lone surrogates, direction overrides."""
    if any(_is_harmful(letter) for letter in case.text):
        return Refusal("characters", _("The text holds characters that cannot be shown or turn its direction."))
    return None


def _is_harmful(letter: str) -> bool:
    control = ord(letter) < 32 and letter not in "\n\t"
    return control or letter == "\x7f" or "\ud800" <= letter <= "\udfff" or letter in BIDI


def check_empty(case: Case) -> Refusal | None:
    """No words, or only words that fit under any post."""
    if not words(case.text):
        return Refusal("empty", _("The text holds no words."))
    if BOILERPLATE.fullmatch(" ".join(re.findall(r"[\w'’]+", case.text.lower()))):
        return Refusal("boilerplate", _("The text would fit under any post."))
    return None


def check_length(case: Case) -> Refusal | None:
    """The house's limits, and Telegram's in UTF-16 units."""
    length, limits = len(case.text.strip()), case.limits
    if length < limits.shortest:
        values = {"length": length, "limit": limits.shortest}
        return Refusal("short", _("The text has %(length)d characters, at least %(limit)d are needed.") % values)
    units = len(case.text.encode("utf-16-le", "surrogatepass")) // 2
    if length > limits.longest or units > case.units:
        values = {"length": length, "limit": min(limits.longest, case.units)}
        return Refusal("long", _("The text has %(length)d characters, %(limit)d are allowed.") % values)
    return None


def check_language(case: Case) -> Refusal | None:
    """A comment speaks the post's language; quoted words of the post count for neither side."""
    spoken = detect_language(case.text)
    if case.language not in ("ru", "en") or spoken == case.language or not words(case.text):
        return None
    return Refusal("language", _("The text is not in the language of the post."))


def check_contacts(case: Case) -> Refusal | None:
    """Links, e-mail addresses, mentions, phones."""
    for kind, pattern in PATTERNS:
        if pattern.search(case.text):
            return Refusal(*CONTACTS[kind])
    return None


def check_forbidden(case: Case) -> Refusal | None:
    """The voice's forbidden words and phrases, whole and in their common endings."""
    for phrase in filter(None, map(str.strip, case.forbidden)):
        if _forms(phrase).search(case.text):
            reason = _("The words “%(words)s” are forbidden for this account.") % {"words": phrase}
            return Refusal("forbidden", reason)
    return None


def _forms(phrase: str) -> re.Pattern[str]:
    """A word's stem with any short ending; words of four letters and less only as they stand."""
    return re.compile(r"(?<!\w)" + r"\W+".join(map(_form, phrase.split())) + r"(?!\w)", re.IGNORECASE)


def _form(word: str) -> str:
    if len(word) < 5:
        return re.escape(word)
    stem = word.rstrip("аеёиоуыэюяйьАЕЁИОУЫЭЮЯЙЬ") if re.search(r"[а-яё]", word, re.IGNORECASE) else word
    stem = stem if len(stem) > 2 else word
    return re.escape(stem) + r"\w{0,3}"


def check_similarity(case: Case) -> Refusal | None:
    """Too near to what this account wrote lately, or to what stands under the same post."""
    if _is_like(case.text, case.recent_own, case.limits.own_similarity):
        return Refusal("similar", _("This account has written nearly the same lately."))
    if _is_like(case.text, case.recent_post, case.limits.post_similarity):
        return Refusal("similar_post", _("A comment under this post says nearly the same."))
    return None


def _is_like(text: str, others: Sequence[str], limit: float) -> bool:
    mine = _trigrams(text)
    return any(_share(mine, _trigrams(other)) >= limit for other in others)


def check_copy(case: Case) -> Refusal | None:
    """A comment is not the post over again: no long run of its words, quoted or not."""
    mine, theirs = ([word.lower() for word in words(each)] for each in (case.text, case.post_text))
    pieces = {tuple(theirs[start : start + COPIED_WORDS]) for start in range(len(theirs) - COPIED_WORDS + 1)}
    if any(tuple(mine[start : start + COPIED_WORDS]) in pieces for start in range(len(mine))):
        return Refusal("copy", _("The text repeats a long piece of the post."))
    return None


def check_claims(case: Case) -> Refusal | None:
    """A human life, own experience, own results."""
    if words_of_claim := claim(case.text, case.post_text):
        reason = _("The text claims a human life or own experience: “%(words)s”.") % {"words": words_of_claim}
        return Refusal("claim", reason)
    return None


def check_orders(case: Case) -> Refusal | None:
    """Orders in the post followed or repeated, our own instructions given away."""
    if gives_away(case.text):
        return Refusal("leak", _("The text gives away the instructions to the model."))
    if obeys(case.text, case.post_text):
        return Refusal("order", _("The text follows an order that the post gives."))
    return None


def check_marks(case: Case) -> Refusal | None:
    """Marks that stand for masked names and links, or for values nobody filled in."""
    if MARK.search(case.text) or UNFILLED.search(case.text):
        return Refusal("mark", _("The text holds a mark instead of words."))
    return None


def check_affiliation(case: Case) -> Refusal | None:
    """A second of our accounts under a post says whose side it speaks for."""
    if case.affiliation.lower() not in case.text.lower():
        reason = _("A second comment under a post has to say: “%(words)s”.") % {"words": case.affiliation}
        return Refusal("affiliation", reason)
    return None


def signed(text: str, affiliation: str) -> str:
    """`text` with the affiliation behind it, where it does not stand there already."""
    return text if affiliation.lower() in text.lower() else f"{text.rstrip()}\n{affiliation}"


CHECKS: tuple[Callable[[Case], Refusal | None], ...] = (
    check_characters,
    check_empty,
    check_length,
    check_language,
    check_contacts,
    check_forbidden,
    check_similarity,
    check_copy,
    check_claims,
    check_orders,
    check_marks,
    check_affiliation,
)
CONTACTS: dict[str, tuple[str, Promise]] = {
    LINK: ("link", _("The text holds a link.")),
    EMAIL: ("email", _("The text holds an e-mail address.")),
    NICK: ("mention", _("The text mentions somebody by @name.")),
    PHONE: ("phone", _("The text holds a phone number.")),
}
_PRAISE = (
    r"(?:очень|просто|какой|какая|какое|как|такой|такая|это|вот|да|ну|и|ваш|вас|вам|за|всем|огонь|супер|класс|браво|лайк"
    r"|согласн\w{1,3}|спасибо|благодарю|отличн\w{1,3}|хорош\w{1,3}|прекрасн\w{1,3}|замечательн\w{1,3}|интересн\w{1,3}"
    r"|полезн\w{1,3}|крут\w{1,3}|сильн\w{1,3}|важн\w{1,3}|глубок\w{1,3}|нужн\w{1,3}|классн\w{1,3}|актуальн\w{1,3}|пост\w{0,2}"
    r"|стат\w{1,3}|тем[аеу]|текст\w{0,2}|мысл\w{1,2}|слова|материал|информаци\w|контент|публикаци\w"
    r"|сказано|написано|поддерживаю"
    r"|a|an|the|such|very|really|so|what|this|is|for|i|you|your|and|just|totally|agree|thanks|thank|great|nice|good|awesome"
    r"|amazing|wonderful|interesting|useful|helpful|cool|super|excellent|love|loved|it|post|article|topic|text|thought"
    r"|thoughts|content|words|information|info|sharing|well|said|wow|true|important|deep|strong|insightful)"
)
BOILERPLATE = re.compile(rf"{_PRAISE}(?: {_PRAISE})*")
UNFILLED = re.compile(r"\{\{?\s*\w*\s*\}?\}|<\w+>|\[[^\]\n]{1,40}\]|%\(\w+\)s")
