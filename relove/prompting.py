"""What may be said to a language model: clean, masked, fenced text (design: text from outside is untrusted).

Pure, without Django. Masking is one-way: nothing here can put a name or a link back.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypedDict

from relove.names import people


class Message(TypedDict):
    """One message of a chat completion."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Masked:
    """Text without personal marks, and how many of each kind were taken out."""

    text: str
    counts: dict[str, int] = field(default_factory=dict)


OPEN, CLOSE = "⟦", "⟧"
LINK, EMAIL, NICK, PHONE, NAME = "ссылка", "почта", "ник", "телефон", "имя"
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (EMAIL, re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    (
        LINK,
        re.compile(
            r"(?:https?|tg|ftp)://[^\s<>\"'«»⟦⟧]+|www\.[^\s<>\"'«»⟦⟧]+"
            r"|(?<![\w@.])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+"
            r"(?:com|ru|org|net|me|io|info|su|рф|ua|by|kz|uk|de|app|dev|site|online|pro|tv|ly|gg|ai)\b"
            r"(?:/[^\s<>\"'«»⟦⟧]*)?",
            re.IGNORECASE,
        ),
    ),
    (NICK, re.compile(r"(?<![\w@])@[A-Za-z]\w{2,31}")),
    (
        PHONE,
        re.compile(r"(?<![\w.,+])(?:\+\d|8|7)[\s(-]{0,2}\d{3}(?:[\s)-]{0,2}\d){6,9}(?![\w])|\+\d{9,15}(?!\d)"),
    ),
)
MARK = re.compile(rf"\[(?:{LINK}|{EMAIL}|{NICK}|{PHONE}|{NAME})(?: \d+)?\]", re.IGNORECASE)
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
# Control characters but for the line's end and the tab, and lone surrogates.
HARMFUL = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff{BIDI}]+")
# Letters of a name's ending in Russian cases: «Анна» also as «Анны», «Анной».
ENDING = r"(?:[а-яё]{0,2})"


def clean(text: str) -> str:
    """`text` without NUL, other control characters, lone surrogates and direction overrides."""
    return HARMFUL.sub("", text)


def mask(text: str, names: Iterable[str] = ()) -> Masked:
    """Replace links, e-mails, @usernames, phones and people by marks: `[ссылка 1]`, `[имя]`.

    People are those whose `names` are given, and those relove.names finds.
    """
    counts: dict[str, int] = {}
    text = clean(text)
    for kind, pattern in PATTERNS:
        text = _numbered(text, kind, pattern, counts)
    for name in sorted({name.strip() for name in names if len(name.strip()) > 1}, key=len, reverse=True):
        text, found = _name_pattern(name).subn(f"[{NAME}]", text)
        if found:
            counts[NAME] = counts.get(NAME, 0) + found
    for start, end in reversed(people(text)):
        text = f"{text[:start]}[{NAME}]{text[end:]}"
        counts[NAME] = counts.get(NAME, 0) + 1
    return Masked(text, counts)


def _numbered(text: str, kind: str, pattern: re.Pattern[str], counts: dict[str, int]) -> str:
    """The same link gets the same number everywhere in one text."""
    numbers: dict[str, int] = {}

    def mark(match: re.Match[str]) -> str:
        return f"[{kind} {numbers.setdefault(match[0].lower(), len(numbers) + 1)}]"

    text = pattern.sub(mark, text)
    if numbers:
        counts[kind] = len(numbers)
    return text


def _name_pattern(name: str) -> re.Pattern[str]:
    stem = name[:-1] if len(name) > 3 and name[-1].lower() in "аяйь" else name
    return re.compile(rf"(?<!\w){re.escape(stem)}{ENDING}(?!\w)", re.IGNORECASE)


def fenced(text: str, label: str = "text") -> str:
    """`text` between markers it cannot forge: the markers' brackets are taken out of it first."""
    inner = clean(text).replace(OPEN, "[").replace(CLOSE, "]")
    return f"{OPEN}{label}{CLOSE}\n{inner}\n{OPEN}/{label}{CLOSE}"


def unfenced(content: str, label: str = "text") -> str | None:
    """What `fenced` put between its markers in `content`; None where there is no such block."""
    _, opened, rest = content.partition(f"{OPEN}{label}{CLOSE}\n")
    inner, closed, _ = rest.partition(f"\n{OPEN}/{label}{CLOSE}")
    return inner if opened and closed else None


def system(content: str) -> Message:
    """Our own orders to the model."""
    return {"role": "system", "content": clean(content)}


def user(content: str) -> Message:
    """What the model is to work on."""
    return {"role": "user", "content": clean(content)}
