"""A runner: holds accounts, listens, sends what is due, carries out account calls.

One asyncio loop in one process. Loops, each able to survive a database that goes away:

    renew     renew the leases
    take      take free accounts and connect them
    watch     let go of what is over: disconnect in time, with or without a database
    claims    claim due rows little ahead and start their deliveries
    calls     carry out account calls
    flush     hand entities and update states to the store
    attending say that we live and obey a pause of everything
    options   know what staff have set
    key       let the pages know to whom they seal what they hand over
    ears      LISTEN, to wake the others

Draining: no new claims; what is not attempted goes back; requests in flight are awaited and settled;
then the clients disconnect and the leases are given back.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from django.conf import settings

from accounts_mgmt import calls, freezing, handover, outbox
from accounts_mgmt.attending import Attending
from accounts_mgmt.call_desk import CallDesk
from accounts_mgmt.delivery import Held
from accounts_mgmt.dispatching import Dispatcher
from accounts_mgmt.holding import Holding
from accounts_mgmt.leases import Lease
from accounts_mgmt.lines import AWAY, Lines
from relove import options
from relove.db import in_thread

logger = logging.getLogger(__name__)

TICK = 0.5
WATCH_EVERY = 0.2
FLUSH_EVERY = 1.0
PUBLISH_EVERY = 60.0
# For requests in flight. Letting go comes after it, and all of it within the ten seconds of a drain.
DRAIN_SECONDS = 6.0
Step = Callable[[], Awaitable[None]]


class Runner:
    """Holds up to `capacity` accounts until `stop()`; `beat` is called at least every second."""

    def __init__(
        self, capacity: int, beat: Callable[[], None] = lambda: None, *, local_addr: str | None = None
    ) -> None:
        self.beat = beat
        self.lines = Lines.fresh()
        self.drained, self.wake = asyncio.Event(), asyncio.Event()
        self.holding = Holding(
            capacity, self.lines, self.wake, taken=self._taken, left=self._left, local_addr=local_addr
        )
        self.dispatcher = Dispatcher(self.lines, self.held, self.drained, self.wake)
        self.attending = Attending(self.lines.beat, self.dispatcher.quiet)
        self.desk = CallDesk(self.lines.claim, self.held)

    @property
    def held(self) -> dict[int, Held]:
        return self.holding.held

    async def run(self) -> None:
        """Until stop(): then settle, disconnect, give the leases back."""
        await self._look_before()
        tend = max(settings.LEASE_SECONDS / 3, 0.2) / 2
        loops = [
            asyncio.create_task(loop)
            for loop in (
                self._forever(self.holding.renew, tend),
                self._forever(self.holding.watch, WATCH_EVERY),
                self._forever(self.holding.take, tend),
                self._forever(self.holding.flush, FLUSH_EVERY),
                self._forever(self.dispatcher.claim_due, TICK, wakes=True),
                self._forever(self.desk.serve, TICK, wakes=True),
                self._forever(self.attending.beat, TICK),
                self._forever(self._publish_key, PUBLISH_EVERY),
                self._forever(self._refresh_options, options.REFRESH_SECONDS),
                self._listen(),
                self.drained.wait(),
            )
        ]
        try:
            # a loop that ends has met a fault of ours: better a new runner than half of one
            await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.drained.set()
            # renewing and watching go on until the last account is let go
            for task in loops[2:]:
                task.cancel()
            await self._wind_up()
            for task in loops[:2]:
                task.cancel()
            ended = await asyncio.gather(*loops, return_exceptions=True)
            await self.lines.close()
        for error in ended:
            if isinstance(error, Exception):
                raise error

    def stop(self) -> None:
        self.drained.set()

    async def _look_before(self) -> None:
        """Before anything is claimed: whether this database knows what has been sent."""
        looked = False
        while not looked and not self.drained.is_set():
            try:
                await in_thread(freezing.begin)
                looked = True
            except AWAY as error:
                logger.warning("the database is away (%s)", type(error).__name__)
                self.beat()
                await asyncio.sleep(TICK)

    async def _forever(self, step: Step, every: float, *, wakes: bool = False) -> None:
        """Repeat a step; a database that is away costs a pause, nothing else."""
        while True:
            try:
                await step()
            except AWAY as error:
                logger.warning("%s: the database is away (%s)", step.__name__, type(error).__name__)
                await asyncio.sleep(TICK)
            self.beat()
            if wakes:
                await self._news(every)
            else:
                await asyncio.sleep(every)

    async def _news(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.wake.wait()
        # both waiters are resumed before either clears it
        await asyncio.sleep(0)
        self.wake.clear()

    async def _listen(self) -> None:
        while True:
            try:
                connection = await self.lines.ears.get()
                await connection.execute(f"LISTEN {outbox.CHANNEL}")
                await connection.execute(f"LISTEN {calls.CHANNEL}")
                self.wake.set()
                async for _notice in connection.notifies():
                    self.wake.set()
            except AWAY:
                await asyncio.sleep(TICK)

    async def _publish_key(self) -> None:
        await in_thread(handover.publish)

    async def _refresh_options(self) -> None:
        await in_thread(options.refresh)

    async def _taken(self, lease: Lease) -> None:
        await self.dispatcher.take_over([lease])
        await self.desk.take_over(lease)

    async def _left(self, lease: Lease) -> None:
        await self.dispatcher.give_back_all(lease)

    async def _wind_up(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await self.dispatcher.join()
                await self.desk.join()
        await self.holding.let_go_all()
        with contextlib.suppress(*AWAY):
            await self.attending.leave()
