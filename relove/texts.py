"""Fixed texts and prompt parts by key and language.

An app may register a source (sales: its versioned scripts); sources are asked newest first, then come the
kernel's own texts in texts_ru and texts_en. A source's text that does not keep its key's rule (any more) is
passed over: a stop is confirmed in the kernel's words rather than not at all. A mark is written `{owner}`; any
other brace is plain text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import gettext as _

from relove import texts_en, texts_ru

Source = Callable[[str, str], str | None]
"""(key, language) → a text with marks, or None where the source has none."""

DEFAULT_LANGUAGE = "ru"
PROMPTS = "prompt."
BIO_LIMIT = 70
MESSAGE_LIMIT = 4096
MARK = re.compile(r"\{([a-z_]+)\}")


class TextError(ValueError):
    """A text that must not be used; the message is a sentence for the person who wrote it."""


class UnknownText(KeyError):
    """No text is known under this key."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a text under a key must hold: its marks, its words (any of them), its length in UTF-16 units."""

    marks: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    limit: int = MESSAGE_LIMIT


RULES: dict[str, Rule] = {
    "prompt.summary": Rule(frozenset({"answer_language"}), limit=20_000),
    "prompt.draft": Rule(frozenset({"answer_language", "limit"}), limit=20_000),
    "prompt.reply": Rule(frozenset({"answer_language", "limit"}), limit=20_000),
    "prompt.analysis": Rule(frozenset({"answer_language"}), limit=20_000),
    "prompt.adaptation": Rule(frozenset({"answer_language"}), limit=20_000),
    "prompt.free_reply": Rule(frozenset({"answer_language", "limit"}), limit=20_000),
    "prompt.hint": Rule(),
    # The disclosure says that an AI helps and who runs the account (Honest automation).
    "disclosure.profile": Rule(frozenset({"owner"}), ("ии", "ai"), BIO_LIMIT),
    "disclosure.opening": Rule(frozenset({"owner", "privacy"}), ("ии", "ai")),
    "bot.question": Rule(frozenset({"owner"}), ("ии", "ai")),
    "student.who": Rule(frozenset({"owner", "link"}), ("ии", "ai")),
    "stop.confirmation": Rule(words=("старт",)),
    "crisis.reply": Rule(frozenset({"contacts"})),
    # A study group is told who is who before anybody else speaks (Honest automation).
    "group.welcome": Rule(frozenset({"host", "owner", "client", "partners"}), ("ии", "ai")),
    "group.link": Rule(frozenset({"title", "link"})),
    "prompt.partner": Rule(frozenset({"answer_language", "limit"}), limit=20_000),
    "prompt.host": Rule(frozenset({"answer_language", "limit"}), limit=20_000),
    "welcome": Rule(frozenset({"name", "owner"})),
    "reminder": Rule(frozenset({"name", "subject"}), ("стоп", "stop")),
    "invitation": Rule(frozenset({"name", "subject"}), ("стоп", "stop")),
    # Diagnostics say what they are, ask for consent first, and are left with a word at any moment.
    "diagnostics.consent": Rule(frozenset({"months", "provider", "privacy"}), ("18",)),
    "diagnostics.yes_or_no": Rule(),
    "diagnostics.refused": Rule(),
    "diagnostics.how": Rule(words=("закончить", "finish")),
    "diagnostics.unclear": Rule(),
    "diagnostics.paused": Rule(words=("продолжить", "continue")),
    "diagnostics.stopped": Rule(),
    "diagnostics.incomplete": Rule(),
    "diagnostics.reminder": Rule(words=("закончить", "finish")),
    "diagnostics.result": Rule(
        frozenset({"psychotype", "traits", "stage", "state", "strengths", "challenges", "steps"}),
        ("терапия", "терапии", "терапию", "therapy"),
    ),
    "diagnostics.stream": Rule(frozenset({"stream", "reason"})),
    "diagnostics.progress": Rule(frozenset({"line", "stage", "state"})),
    "prompt.mapping": Rule(limit=20_000),
    "prompt.wording": Rule(limit=20_000),
}
DEFAULTS = {"ru": texts_ru.TEXTS, "en": texts_en.TEXTS}
_sources: list[Source] = []


def register(source: Source) -> None:
    """Ask `source` before the kernel's own texts and before the sources registered earlier."""
    if source not in _sources:
        _sources.insert(0, source)


def unregister(source: Source) -> None:
    """Ask `source` no more."""
    _sources.remove(source)


def get(key: str, language: str, **values: object) -> str:
    """The text under `key` with its marks filled from `values`.

    A language other than Russian and English gets the Russian text. Raises UnknownText for an unknown key,
    TextError for a mark without a value or a filled text over the key's limit.
    """
    rule = _rule(key)
    template = _template(key, language)
    if key.startswith(PROMPTS):
        return _rendered(key, template, rule, tuple(values.items()))
    return _filled(key, template, rule, values)


@lru_cache(maxsize=256)
def _rendered(key: str, template: str, rule: Rule, values: tuple[tuple[str, object], ...]) -> str:
    """System prompts, whose values are no person's: rendered once for each version of their text."""
    return _filled(key, template, rule, dict(values))


def _filled(key: str, template: str, rule: Rule, values: Mapping[str, object]) -> str:
    missing = set(MARK.findall(template)) - values.keys()
    if missing:
        said = _("The text “%(key)s” needs a value for %(marks)s.")
        raise TextError(said % {"key": key, "marks": _listed(missing)})
    text = MARK.sub(lambda mark: str(values[mark[1]]), template)
    if _units(text) > rule.limit:
        said = _("The text “%(key)s” is %(count)s characters long, %(limit)s are allowed.")
        raise TextError(said % {"key": key, "count": _units(text), "limit": rule.limit})
    return text


def check_text(key: str, text: str) -> None:
    """Refuse a text that may not stand under `key`: raises TextError with the reason, UnknownText."""
    rule = _rule(key)
    found = set(MARK.findall(text))
    if missing := rule.marks - found:
        raise TextError(_("The text “%(key)s” must hold %(marks)s.") % {"key": key, "marks": _listed(missing)})
    if unknown := found - rule.marks:
        said = _("Nothing is known to fill %(marks)s in the text “%(key)s”.")
        raise TextError(said % {"key": key, "marks": _listed(unknown)})
    if rule.words and not any(re.search(rf"(?<!\w){word}(?!\w)", text.lower()) for word in rule.words):
        said = _("The text “%(key)s” must hold one of the words %(words)s.")
        raise TextError(said % {"key": key, "words": ", ".join(rule.words)})
    if _units(MARK.sub("", text)) > rule.limit:
        said = _("The text “%(key)s” is too long: %(limit)s characters are allowed.")
        raise TextError(said % {"key": key, "limit": rule.limit})


def _template(key: str, language: str) -> str:
    code = language.lower().partition("-")[0]
    code = code if code in DEFAULTS else DEFAULT_LANGUAGE
    for source in _sources:
        if (text := source(key, code)) is not None and not misfit(key, text):
            return text
    return DEFAULTS[code][key]


def misfit(key: str, text: str) -> str:
    """Why a text may not stand under `key`; "" for one that may."""
    try:
        check_text(key, text)
    except TextError as error:
        return str(error)
    return ""


def misfits() -> list[str]:
    """Why texts of the sources are not said: their rule has changed since, and the kernel speaks instead."""
    held = [(source, key, code) for source in _sources for key in RULES for code in DEFAULTS]
    found = ((key, code, text) for source, key, code in held if (text := source(key, code)) is not None)
    return [f"{code}: {reason}" for key, code, text in found if (reason := misfit(key, text))]


def _rule(key: str) -> Rule:
    try:
        return RULES[key]
    except KeyError:
        raise UnknownText(f"there is no text “{key}”") from None


def _listed(marks: set[str] | frozenset[str]) -> str:
    return ", ".join(f"{{{mark}}}" for mark in sorted(marks))


def _units(text: str) -> int:
    """Length as Telegram counts it: UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
