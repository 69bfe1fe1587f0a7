"""Natural batching: while one batch is written, the next one gathers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Batcher(Generic[Item, Answer]):
    """Hands items to `write` in lists of at most `limit`, one list at a time.

    Idle it adds no delay; under load the lists grow by themselves. `write` answers a list of the same
    length. When it raises, every item of that list raises the same.
    """

    def __init__(self, write: Callable[[list[Item]], Awaitable[list[Answer]]], limit: int = 200) -> None:
        self._write = write
        self._limit = limit
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._worker: asyncio.Task[None] | None = None

    def submit(self, item: Item) -> "asyncio.Future[Answer]":
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return future

    async def _work(self) -> None:
        # one turn of the loop, so that what becomes ready together is written together
        await asyncio.sleep(0)
        while self._waiting:
            batch, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
            try:
                answers = await self._write([item for item, _ in batch])
            except Exception as error:  # noqa: BLE001  belongs to whoever waits for the items
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
            else:
                for (_, future), answer in zip(batch, answers, strict=True):
                    if not future.done():
                        future.set_result(answer)

    async def join(self) -> None:
        """Until everything submitted so far is written."""
        while self._worker is not None and not self._worker.done():
            await asyncio.wait([self._worker])
