"""A worker of a task queue: its tasks hand ids to clients that are connected in an event-loop thread.

A task ends when it has handed its id over: one that waited would leave the account's other requests unsent.
"""

import asyncio
import logging
import threading
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import cache

from relove.sandbox.contenders.clients import Clients
from relove.sandbox.contenders.plan import Plan
from relove.sandbox.contenders.table import Table

logger = logging.getLogger(__name__)


class Worker:
    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._connect(Plan.load()), self._loop).result()

    async def _connect(self, plan: Plan) -> None:
        self._clients, self._table = Clients(plan), await Table.connect(plan.database)
        await self._clients.connect()

    def hand(self, id: int) -> None:
        """Have the message of this id sent; returns at once."""
        asyncio.run_coroutine_threadsafe(self._deliver(id), self._loop).add_done_callback(_note)

    async def _deliver(self, id: int) -> None:
        row = await self._table.get(id)
        row.message_id = await self._clients.send(row.message)
        row.status, row.sent_at = "sent", datetime.now(UTC)
        await self._table.save(row)


def _note(ended: "Future[None]") -> None:
    if error := ended.exception():
        logger.error("a message was not sent", exc_info=error)


@cache
def worker() -> Worker:
    """The one of this process, connected at first use."""
    return Worker()
