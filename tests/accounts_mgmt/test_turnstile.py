"""Many messages ask for their limits at once: in order, in few questions, and nobody passes who waits behind."""

import asyncio
from collections.abc import Callable, Sequence

from accounts_mgmt.limits import Limit
from accounts_mgmt.turnstile import Turnstile


def limit(key: str) -> list[Limit]:
    return [Limit(key, 1, 1.0)]


class Answers:
    """A limiter that answers as told: one list of waits for each question; it keeps what it was asked."""

    def __init__(self, *answers: list[float]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def grant(self, questions: Sequence[Sequence[Limit]]) -> list[float]:
        self.asked.append("".join(limits[0].key for limits in questions))
        await asyncio.sleep(0)
        return self._answers.pop(0)


def wanting(key: str, unwanted: str) -> Callable[[], bool]:
    return lambda: key not in unwanted


def ask(limiter: Answers, keys: str, unwanted: str = "") -> list[float]:
    async def main() -> list[float]:
        turnstile = Turnstile(limiter)
        return await asyncio.gather(*(turnstile.ask(limit(key), wanting(key, unwanted)) for key in keys))

    return asyncio.run(main())


def test_what_comes_together_is_asked_together() -> None:
    limiter = Answers([0.0, 5.0, 0.0])
    assert ask(limiter, "abc") == [0, 5, 0]
    assert limiter.asked == ["abc"]


def test_a_short_wait_keeps_those_behind_and_what_was_granted_goes_at_once() -> None:
    limiter = Answers([0.0, 0.01], [0.01], [0.0, 7.0])
    assert ask(limiter, "abc") == [0, 0, 7]
    assert limiter.asked == ["abc", "bc", "bc"]


def test_who_is_not_wanted_any_more_uses_nothing_up() -> None:
    limiter = Answers([0.0])
    first, second = ask(limiter, "ab", unwanted="a")
    assert (first > 0, second) == (True, 0)
    assert limiter.asked == ["b"]


def test_a_failure_belongs_to_those_who_asked() -> None:
    class Gone(Answers):
        async def grant(self, questions: Sequence[Sequence[Limit]]) -> list[float]:
            if not self.asked:
                self.asked.append("")
                raise ConnectionError
            return [0.0] * len(questions)

    async def main() -> list[object]:
        turnstile = Turnstile(Gone())
        failed = await asyncio.gather(turnstile.ask(limit("a"), lambda: True), return_exceptions=True)
        return [*failed, await turnstile.ask(limit("b"), lambda: True)]

    failed, granted = asyncio.run(main())
    assert isinstance(failed, ConnectionError)
    assert granted == 0
