"""Fixed texts and prompt parts by key and language.

An app may register a source (sales: its versioned scripts); sources are asked newest first, then come the
kernel's own texts in texts_ru and texts_en. A mark is written `{owner}`; any other brace is plain text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from relove import texts_en, texts_ru

Source = Callable[[str, str], str | None]
"""(key, language) → a text with marks, or None where the source has none."""

DEFAULT_LANGUAGE = "ru"
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
    missing = set(MARK.findall(template)) - values.keys()
    if missing:
        raise TextError(f"The text “{key}” needs a value for {_listed(missing)}.")
    text = MARK.sub(lambda mark: str(values[mark[1]]), template)
    if _units(text) > rule.limit:
        raise TextError(f"The text “{key}” is {_units(text)} characters long, {rule.limit} are allowed.")
    return text


def check_text(key: str, text: str) -> None:
    """Refuse a text that may not stand under `key`: raises TextError with the reason, UnknownText."""
    rule = _rule(key)
    found = set(MARK.findall(text))
    if missing := rule.marks - found:
        raise TextError(f"The text “{key}” must hold {_listed(missing)}.")
    if unknown := found - rule.marks:
        raise TextError(f"Nothing is known to fill {_listed(unknown)} in the text “{key}”.")
    if rule.words and not any(re.search(rf"(?<!\w){word}(?!\w)", text.lower()) for word in rule.words):
        raise TextError(f"The text “{key}” must hold one of the words {', '.join(rule.words)}.")
    if _units(MARK.sub("", text)) > rule.limit:
        raise TextError(f"The text “{key}” is too long: {rule.limit} characters are allowed.")


def _template(key: str, language: str) -> str:
    code = language.lower().partition("-")[0]
    code = code if code in DEFAULTS else DEFAULT_LANGUAGE
    for source in _sources:
        if (text := source(key, code)) is not None:
            check_text(key, text)
            return text
    return DEFAULTS[code][key]


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
