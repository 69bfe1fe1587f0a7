"""Where the messages of a process wait for their limits: in the order they came, many in one question."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from accounts_mgmt.limits import SHORT_WAIT, Limit, Limiter

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class _Waiting:
    limits: Sequence[Limit]
    wanted: Callable[[], bool]
    answer: "asyncio.Future[float]"


class Turnstile:
    """Asks the limiter on behalf of everybody.

    Asked one by one, each would wait for the round trips of all before. Whoever needs to wait a moment only (the
    ceiling's spacing) keeps those behind from asking in vain.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._waiting: deque[_Waiting] = deque()
        self._worker: asyncio.Task[None] | None = None

    def ask(self, limits: Sequence[Limit], wanted: Callable[[], bool]) -> "asyncio.Future[float]":
        """0 when granted, else the seconds to wait. Where `wanted` says no meanwhile, nothing is used up."""
        answer: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(limits, wanted, answer))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return answer

    async def _work(self) -> None:
        # one turn of the loop, so that what becomes ready together is asked together
        await asyncio.sleep(0)
        while self._drop_unwanted():
            asked = list(islice(self._waiting, AT_ONCE))
            try:
                waits = await self._limiter.grant([one.limits for one in asked])
            except Exception as error:  # noqa: BLE001  belongs to whoever asked
                for _one in asked:
                    _settle(self._waiting.popleft(), error)
            else:
                await asyncio.sleep(self._tell(waits))

    def _drop_unwanted(self) -> int:
        """How many are left."""
        unwanted = [one for one in self._waiting if not one.wanted()]
        if unwanted:
            self._waiting = deque(one for one in self._waiting if one not in unwanted)
        for one in unwanted:
            _settle(one, SHORT_WAIT)
        return len(self._waiting)

    def _tell(self, waits: Sequence[float]) -> float:
        """Hand out the answers, up to the first who waits here; returns for how long."""
        for wait in waits:
            if 0 < wait <= SHORT_WAIT:
                return wait
            _settle(self._waiting.popleft(), wait)
        return 0.0


def _settle(one: _Waiting, answer: float | Exception) -> None:
    if one.answer.done():
        return
    if isinstance(answer, Exception):
        one.answer.set_exception(answer)
    else:
        one.answer.set_result(answer)
