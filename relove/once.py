"""What the way to a page asks for again and again is answered once while a request is under way.

    once.per_request(("names", table), function)

Outside of a request nothing is remembered: `function` is called each time.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
_answers: ContextVar[dict[Hashable, Any] | None] = ContextVar("answers", default=None)


@contextmanager
def request() -> Iterator[None]:
    """A request is under way while the block runs."""
    token = _answers.set({})
    try:
        yield
    finally:
        _answers.reset(token)


def per_request(key: Hashable, function: Callable[[], T]) -> T:
    """The function's answer, the first one of this request."""
    answers = _answers.get()
    if answers is None:
        return function()
    if key not in answers:
        answers[key] = function()
    return answers[key]  # type: ignore[no-any-return]


def forget(key: Hashable) -> None:
    """It is asked for anew; also where it has not been asked for."""
    if answers := _answers.get():
        answers.pop(key, None)
