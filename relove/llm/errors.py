"""What can go wrong at the door to a language model; the tree is drawn in relove.llm.

Reasons are parts of sentences for people: they stand on pages, in the language of the process that asked.
"""

from datetime import timedelta
from email.utils import parsedate_to_datetime

from django.conf import settings

RETRY_AFTER_CAP = LONGEST_BACKOFF = 3600.0


class LLMError(Exception):
    """No usable answer. `permanent`: this key will never get one. `retry_after`: seconds, where known."""

    permanent = False

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Busy(LLMError):
    """Not now: too many requests, a server's fault, an open breaker, a spent budget. Nothing was paid."""


class Misconfigured(Busy):
    """The server knows our key, model or address not: it waits for a person."""


class TimedOut(LLMError):
    """No whole answer within LLM_TIMEOUT seconds, however steadily it trickled."""


class BadAnswer(LLMError):
    """An answer came, was paid and kept, and cannot be used; the next try needs a new key."""

    permanent = True


class Refused(LLMError):
    """The model or its server refuses this request."""

    permanent = True


def backoff(error: LLMError, failures: int = 0) -> timedelta:
    """How long whoever asked waits: what the server asks for, or one base.

    Whoever counts its failures in a row waits at least a base after the first, and twice as long after each
    further one, at most an hour.
    """
    base: float = settings.LLM_RETRY_BASE_SECONDS
    least = min(base * 2 ** (failures - 1), LONGEST_BACKOFF) if failures else 0.0
    return timedelta(seconds=max(error.retry_after or (0.0 if failures else base), least))


def retry_after(value: str | None, date: str | None = None) -> float | None:
    """Seconds of a Retry-After header, given in seconds or as an HTTP date, at most an hour.

    A date is measured from the response's own Date header, so that our clock does not matter
    (RFC 9110, 10.2.3).
    """
    if not value:
        return None
    try:
        seconds = float(value) if value.replace(".", "", 1).isdigit() else _between(date, value)
    except (TypeError, ValueError):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_CAP)


def _between(start: str | None, end: str) -> float:
    return (parsedate_to_datetime(end) - parsedate_to_datetime(start or "")).total_seconds()
