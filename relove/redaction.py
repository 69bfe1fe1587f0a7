"""What a log line may say: no secret, no phone, nothing that a person wrote. Pure, without Django.

A log is English and written by us. What a line says itself is trusted; what is put into it is not:

- the text of an exception is shown for kinds whose text comes from a machine, and withheld for all others;
- an argument of many words is somebody's text;
- in whatever is left, keys, phones, addresses and marks of people are replaced, and so is what stands in
  quotes with a blank in it and what is written in other letters than English ones.
"""

import re
import traceback
from collections.abc import Iterable, Mapping
from typing import Any

from relove.prompting import EMAIL, NICK, PATTERNS, PHONE

WITHHELD = "•••"
# Words under these names are never shown, whatever they are.
PRIVATE = re.compile(
    r"text|content|body|message(?!_id)|caption|prompt|answer|question|password|passwd|secret|token(?!s)|code$"
    r"|phone|session$|auth|cookie|api_?key|api_?hash|first_name|last_name|username|email|user_agent",
    re.IGNORECASE,
)
# Of an argument; ours have fewer.
MOST_WORDS = 4
# Loggers whose arguments are sentences of code, and worth reading.
SPOKEN_BY_CODE = {"django.security.csrf", "relove.cluster.processes"}
# Loggers that put an exception's text into the line by themselves, and after what.
QUOTES_ERRORS = {"django-q": " - ", "asyncio": "\n"}

# Exceptions whose text comes from the machine: errors of connections, of Python's own names and types, and
# the trees of our doors, whose text is a code. Anything else may quote what it choked on.
PLAIN_ERRORS = {
    "builtins.OSError",
    "builtins.ImportError",
    "builtins.NameError",
    "builtins.AttributeError",
    "builtins.NotImplementedError",
    "builtins.ArithmeticError",
    "asyncio.exceptions.CancelledError",
    "django.core.exceptions.ImproperlyConfigured",
    "django.db.utils.OperationalError",
    "django.db.utils.InterfaceError",
    "psycopg.OperationalError",
    "psycopg.InterfaceError",
    "redis.exceptions.ConnectionError",
    "relove.telegram.gateway.GatewayError",
    "relove.llm.errors.LLMError",
}

KEYS = re.compile(
    r"(?i:bearer|basic) [\w.+/=~-]{8,}"
    r"|\b\d{8,10}:[\w-]{30,}"  # a bot's token
    r"|\bsk-[\w-]{12,}"
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"  # user:password@
    r"|\b[0-9a-fA-F]{32,}\b"
    r"|(?<![\w/.-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{40,}={0,2}"
    r"|\bb(?P<quote>['\"])(?:\\.|(?!(?P=quote)).)*(?P=quote)"  # bytes as Python shows them
)
QUERY = re.compile(r"\?[^\s\"']+(?=[\s\"']|$)")
FIELD = re.compile(r"(?i)((?:password|secret|token|api_key|api_hash|code)=)[^\s,&;)]+")
QUOTED = re.compile(r"(?<!\w)'(?:\\.|[^'\\\n])*'(?!\w)|\"(?:\\.|[^\"\\\n])*\"|«[^»\n]*»|`[^`\n]*`")
REQUEST_LINE = re.compile(r"\bHTTP/\d")
FOREIGN = re.compile(r"[^\W\d_a-zA-Z](?:[^\n]*[^\W\d_a-zA-Z])?")
# Bare digits as people and Telegram write phones; longer ones are ids.
DIGITS = re.compile(r"(?<![\w.:+-])(?:[78]\d{10}|9\d{9})(?![\w.-])")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_PERSONAL = [pattern for kind, pattern in PATTERNS if kind in (EMAIL, NICK, PHONE)]


class Redactor:
    """Takes out what no log may hold; `secrets` are the values that are known, however they are quoted."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= 8}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known)) or r"(?!)")

    def text(self, text: str) -> str:
        """A line, or a part of one, without secrets and without what people wrote."""
        text = FIELD.sub(rf"\1{WITHHELD}", KEYS.sub(WITHHELD, self._known.sub(WITHHELD, text)))
        text = QUERY.sub(f"?{WITHHELD}", text)
        for pattern in (*_PERSONAL, DIGITS):
            text = pattern.sub(WITHHELD, text)
        return CONTROL.sub("\ufffd", FOREIGN.sub(WITHHELD, QUOTED.sub(_quoted, text)))

    def line(self, line: str, logger: str) -> str:
        """What a logger says."""
        end = QUOTES_ERRORS.get(logger)
        return self.text(line.partition(end)[0] if end else line)

    def value(self, value: Any, logger: str = "") -> Any:
        """An argument of a line."""
        if value is None or isinstance(value, bool | int | float):
            return WITHHELD if isinstance(value, int) and DIGITS.fullmatch(str(value)) else value
        if isinstance(value, BaseException):
            return self.error(value)
        if isinstance(value, Mapping):
            return self.named(value, logger)
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(one, logger) for one in value]
        text = str(value)
        if len(text.split()) > MOST_WORDS and logger not in SPOKEN_BY_CODE and not REQUEST_LINE.search(text):
            return WITHHELD
        return self.text(text)

    def named(self, values: Mapping[Any, Any], logger: str = "") -> dict[str, Any]:
        return {
            str(name): WITHHELD
            if PRIVATE.search(str(name)) and not isinstance(value, int | float | None)
            else self.value(value, logger)
            for name, value in values.items()
        }

    def error(self, error: BaseException) -> str:
        """What an exception says: nothing, unless its kind is known to speak of machines alone."""
        kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
        if not kinds & PLAIN_ERRORS:
            return f"{type(error).__name__} ({WITHHELD})"
        said = self.text(str(error).splitlines()[0] if str(error) else "")
        return f"{type(error).__name__}: {said}"

    def traceback(self, error: BaseException) -> str:
        """Where an exception and those before it came from; frames show our code, never values."""
        parts = []
        for one in _chain(error):
            frames = "".join(traceback.format_tb(one.__traceback__))
            parts.append(f"Traceback (most recent call last):\n{frames}{self.error(one)}")
        return "\n\n".join(parts)


def _chain(error: BaseException) -> list[BaseException]:
    """An exception after those that led to it and those it is made of, each once."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and all(one is not other for other in found):
            found.append(one)
            waiting.append(one.__cause__ or (None if one.__suppress_context__ else one.__context__))
            waiting += one.exceptions if isinstance(one, BaseExceptionGroup) else ()
    return found[::-1]


def _quoted(match: re.Match[str]) -> str:
    quoted = match[0]
    is_prose = " " in quoted.strip() and not REQUEST_LINE.search(quoted)
    return f"{quoted[0]}{WITHHELD}{quoted[-1]}" if is_prose else quoted
