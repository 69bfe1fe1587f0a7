"""A runner: holds accounts, listens, sends what is due, carries out account calls.

One asyncio loop in one process. Loops, each able to survive a database that goes away:

    leases    take free accounts, connect them, renew; let go of the lost ones
    watchdog  disconnect what could not be renewed in time, with or without a database
    claims    claim due rows little ahead and start their deliveries
    calls     carry out account calls
    flush     hand entities and update states to the store
    ears      LISTEN, to wake the others

Draining: no new claims; what is not attempted goes back; requests in flight are awaited and settled;
then the clients disconnect and the leases are given back.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import psycopg
from django.conf import settings
from django.utils.translation import gettext
from redis.asyncio import Redis

from accounts_mgmt import bookkeeping, calls, health, outbox, reasons, updates
from accounts_mgmt.batching import Batcher
from accounts_mgmt.call_desk import CallDesk
from accounts_mgmt.claims import Claimed, Settlement, statements
from accounts_mgmt.delivery import Delivery, Held
from accounts_mgmt.leases import Lease, Leases
from accounts_mgmt.limits import DatabaseLimiter, Limiter, RedisLimiter
from accounts_mgmt.lines import Line, insist
from accounts_mgmt.outbox import OutgoingMessage, outgoing_models
from accounts_mgmt.sessions import DatabaseStore
from relove import oplog
from relove.db import in_thread
from relove.telegram.gateway import GatewayError, Listener, Update
from relove.telegram.mtproto import MtprotoGateway

logger = logging.getLogger(__name__)

OUTBOX = outbox.CHANNEL
CLAIM_LIMIT = 100
# Rows due this soon are claimed already and wait in memory for their moment.
AHEAD_SECONDS = 1.0
TICK = 0.5
SUSPECTS_EVERY = 2.0
FLUSH_EVERY = 1.0
AVOID_SECONDS = 15.0
CONNECTING_AT_ONCE = 10
DRAIN_SECONDS = 9.0


@dataclass(slots=True)
class Lines:
    """The runner's connections: apart, so that none waits for another's statement."""

    claim: Line
    attempt: Line
    settle: Line
    beat: Line
    ears: Line
    store: Line

    @classmethod
    def fresh(cls) -> "Lines":
        return cls(Line(), Line(), Line(), Line(), Line(), Line())

    async def close(self) -> None:
        for line in (self.claim, self.attempt, self.settle, self.beat, self.ears, self.store):
            await line.close()


class Runner:
    """Holds up to `capacity` accounts until `stop()`; `beat` is called at least every second."""

    def __init__(
        self, capacity: int, beat: Callable[[], None] = lambda: None, *, local_addr: str | None = None
    ) -> None:
        self.capacity = capacity
        self.beat = beat
        self.local_addr = local_addr
        self.held: dict[int, Held] = {}
        self.lines = Lines.fresh()
        self.drained = asyncio.Event()
        self.wake = asyncio.Event()
        self._avoid: dict[int, float] = {}
        self._deliveries: set[asyncio.Task[None]] = set()
        self._doubtful = False
        self._suspects_at = 0.0
        self._connecting = asyncio.Semaphore(CONNECTING_AT_ONCE)
        self.settlements: Batcher[Settlement, bool] = Batcher(self._settle)
        self.delivery = Delivery(
            limiter=self._limiter(),
            attempts=Batcher(self._attempt),
            place=self._place,
            drained=self.drained,
        )
        self.desk = CallDesk(self.lines.claim, self.held)

    # --- life ------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until stop(): then settle, disconnect, give the leases back."""
        loops = [
            asyncio.create_task(self._forever(step, every))
            for step, every in (
                (self.tend_leases, max(settings.LEASE_SECONDS / 3, 0.2) / 2),
                (self.watch_deadlines, 0.2),
                (self.claim_due, TICK),
                (self.desk.serve, TICK),
                (self.flush, FLUSH_EVERY),
            )
        ]
        loops.append(asyncio.create_task(self._listen()))
        stopped = asyncio.create_task(self.drained.wait())
        try:
            # a loop that ends has met a fault of ours: better a new runner than half of one
            await asyncio.wait([stopped, *loops], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.drained.set()
            for task in loops:
                task.cancel()
            ended = await asyncio.gather(*loops, return_exceptions=True)
            await self._wind_up()
        for error in ended:
            if isinstance(error, Exception):
                raise error

    def stop(self) -> None:
        self.drained.set()

    async def _forever(self, step: Callable[[], Awaitable[None]], every: float) -> None:
        """Repeat a step; a database that is away costs a pause, nothing else."""
        waits_for_news = step in (self.claim_due, self.desk.serve)
        while True:
            try:
                await step()
            except (psycopg.Error, OSError) as error:
                logger.warning("%s: the database is away (%s)", step.__name__, type(error).__name__)
                await asyncio.sleep(0.5)
            self.beat()
            if waits_for_news:
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
                await connection.execute(f"LISTEN {OUTBOX}")
                await connection.execute(f"LISTEN {calls.CHANNEL}")
                self.wake.set()
                async for _notice in connection.notifies():
                    self.wake.set()
            except (psycopg.Error, OSError):
                await asyncio.sleep(0.5)

    async def _wind_up(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                if self._deliveries:
                    await asyncio.wait(self._deliveries)
                await self.settlements.join()
                await self.desk.join()
        await asyncio.gather(*(self._let_go(held, release=True) for held in list(self.held.values())))
        await self.lines.close()

    # --- accounts --------------------------------------------------------------------------------

    async def _leases(self) -> Leases:
        return Leases(await self.lines.beat.get(), settings.LEASE_SECONDS)

    async def tend_leases(self) -> None:
        """Renew what is held, let go of what is lost, take what is free."""
        leases = await self._leases()
        for lease in await leases.renew([held.lease for held in self.held.values()]):
            lost = self.held.get(lease.account)
            if lost and lost.lease is lease:
                await self._let_go(lost, release=False)
        for held in [held for held in self.held.values() if held.lost or not held.gateway.connected]:
            await self._let_go(held, release=True)
        now = asyncio.get_running_loop().time()
        self._avoid = {account: until for account, until in self._avoid.items() if until > now}
        room = self.capacity - len(self.held)
        if room > 0:
            avoid = [*self._avoid, *self.held]
            taken = await leases.acquire(min(room, CONNECTING_AT_ONCE), avoid)
            await asyncio.gather(*(self._take(lease) for lease in taken))
            if len(taken) == CONNECTING_AT_ONCE:
                await self.tend_leases()

    async def _take(self, lease: Lease) -> None:
        """Connect an account just leased, and bring back what a former holder left."""
        self._avoid[lease.account] = asyncio.get_running_loop().time() + AVOID_SECONDS
        store = DatabaseStore(self.lines.store, lease.account, lease.token)
        data = await in_thread(bookkeeping.session_of, lease.account)
        gateway = MtprotoGateway(data, store, local_addr=self.local_addr)
        held = Held(lease, gateway)
        try:
            profile = await gateway.connect(self._listener(lease.account))
        except GatewayError as error:
            await self._refused(lease, error)
            return
        self.held[lease.account] = held
        self._avoid.pop(lease.account, None)
        await self._take_over(lease)
        held.session_log = await in_thread(bookkeeping.taken, lease.account, profile)
        self.wake.set()

    async def _refused(self, lease: Lease, error: GatewayError) -> None:
        """An account that does not connect is marked if its session is gone, and left alone for a while."""
        logger.warning("account %s does not connect: %s", lease.account, error.code)
        effect = health.effect_of(error)
        if effect:
            await in_thread(health.apply, lease.account, lease.token, effect, error.code, None, "connect")
        await (await self._leases()).release([lease])

    async def _take_over(self, lease: Lease) -> None:
        for kind in outgoing_models():
            await self.lines.claim.rows(
                statements(kind).take_over,
                [gettext(reasons.CRASHED), [lease.account], [lease.token]],
            )
        await self.desk.take_over(lease)

    def _listener(self, account: int) -> Listener:
        async def heard(update: Update) -> None:
            if updates.heard(update):
                await in_thread(updates.dispatch, account, update)

        return heard

    async def _let_go(self, held: Held, *, release: bool) -> None:
        """Disconnect (handlers finish, the update state is stored), then give the lease back."""
        held.lost = True
        self.held.pop(held.lease.account, None)
        with contextlib.suppress(TimeoutError, psycopg.Error, OSError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await held.gateway.disconnect()
        with contextlib.suppress(psycopg.Error, OSError):
            if release:
                await self.give_back(list(held.in_hand.values()))
                await (await self._leases()).release([held.lease])
            await in_thread(bookkeeping.given_up, held.lease.account, held.session_log, release)

    async def watch_deadlines(self) -> None:
        """A holder that could not renew in time disconnects by itself: another may be about to connect."""
        self.beat()
        for held in [held for held in self.held.values() if not held.lease.is_valid]:
            logger.warning("account %s: the lease ran out", held.lease.account)
            await self._let_go(held, release=False)

    async def flush(self) -> None:
        for held in list(self.held.values()):
            if held.usable:
                with contextlib.suppress(GatewayError):
                    await held.gateway.flush()

    # --- the outbox ------------------------------------------------------------------------------

    async def claim_due(self) -> None:
        """Claim what is due for every account with room, and start its delivery."""
        if self._doubtful:
            await self._return_unseen()
        loop = asyncio.get_running_loop()
        blocked = self.delivery.blocked
        for chat in [chat for chat, until in blocked.items() if until <= loop.time()]:
            del blocked[chat]
        with_suspects = loop.time() - self._suspects_at >= SUSPECTS_EVERY
        if with_suspects:
            self._suspects_at = loop.time()
        for kind in outgoing_models():
            while await self._claim(kind, suspects=False) == CLAIM_LIMIT:
                continue
            if with_suspects:
                await self._claim(kind, suspects=True)

    async def _claim(self, kind: type[OutgoingMessage], *, suspects: bool) -> int:
        """One claim; a suspect (a process died with it) travels alone, so that blame is certain."""
        ready = [
            (held, 1 if suspects else settings.CLAIM_AHEAD - len(held.in_hand))
            for held in self.held.values()
            if held.usable
        ]
        ready = [(held, room) for held, room in ready if room > 0]
        if not ready or self.drained.is_set():
            return 0
        parameters = {
            "accounts": [held.lease.account for held, _ in ready],
            "tokens": [held.lease.token for held, _ in ready],
            "rooms": [room for _, room in ready],
            "ahead": AHEAD_SECONDS,
            "suspects": suspects,
            "blocked": list(self.delivery.blocked),
            "limit": 1 if suspects else CLAIM_LIMIT,
        }
        self._doubtful = True
        rows = await self.lines.claim.rows(statements(kind).claim, parameters)
        self._doubtful = False
        for row in rows:
            self._start(Claimed(kind, *row))
        return len(rows)

    async def _return_unseen(self) -> None:
        """A claim whose answer was lost may have left rows in our name that we do not know of."""
        for kind in outgoing_models():
            tokens = [held.lease.token for held in self.held.values()]
            sql = f"SELECT id, created_at, claimed_by, sender_id FROM {kind._meta.db_table} WHERE status = 'sending' AND claimed_by = ANY(%s)"  # noqa: E501
            known = {row.id for held in self.held.values() for row in held.in_hand.values()}
            unseen = [row for row in await self.lines.claim.rows(sql, [tokens]) if row[0] not in known]
            await self.lines.claim.rows(
                statements(kind).give_back, [[row[n] for row in unseen] for n in (0, 1, 2)]
            )
        self._doubtful = False

    def _start(self, row: Claimed) -> None:
        held = self.held.get(row.account)
        if held is None:
            self._background(self.give_back([row]))
            return
        held.in_hand[row.table, row.id] = row
        self._background(self._deliver(held, row))

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _deliver(self, held: Held, row: Claimed) -> None:
        """The outbox's settle: whatever happens to a row, its verdict is written."""
        try:
            settlement = await self.delivery.deliver_one(held, row)
            if settlement is None:
                await self.give_back([row])
            else:
                await self.settlements.submit(settlement)
        except (psycopg.OperationalError, OSError) as error:
            # the lease is over or we are going; a successor finds the row by its token
            logger.warning("row %s of %s left as it is: %s", row.id, row.table, type(error).__name__)
        except Exception:
            logger.exception("row %s of %s: unexpected", row.id, row.table)
            await self.settlements.submit(bookkeeping.unexpected(row))
        finally:
            held.in_hand.pop((row.table, row.id), None)
            if not held.in_hand:
                self.wake.set()

    def _pointless(self) -> bool:
        return not any(held.lease.is_valid for held in self.held.values())

    async def _attempt(self, rows: list[Claimed]) -> list[bool]:
        allowed: set[tuple[str, int]] = set()
        for kind, group in bookkeeping.by_kind(rows):
            ids, times = [row.id for row in group], [row.created_at for row in group]
            sql = statements(kind)
            parameters = [ids, times, [row.token for row in group], *sql.attempt_params, ids, times]
            found = await insist(
                lambda s=sql, p=parameters: self.lines.attempt.rows(s.attempt, p), self._pointless
            )
            allowed |= {(kind._meta.db_table, number) for (number,) in found}
        return [(row.table, row.id) in allowed for row in rows]

    async def _settle(self, batch: list[Settlement]) -> list[bool]:
        kept: set[tuple[str, int]] = set()
        for kind, group in bookkeeping.by_kind(batch):
            columns = bookkeeping.settle_columns(group)
            sql = statements(kind).settle
            found = await insist(lambda s=sql, c=columns: self.lines.settle.rows(s, c), self._pointless)
            kept |= {(kind._meta.db_table, number) for (number,) in found}
        written = [s for s in batch if (s.row.table, s.row.id) in kept]
        operations = [bookkeeping.operation(settlement) for settlement in written]
        if operations:
            await self.lines.settle.rows(oplog.OPERATIONS_INSERT, oplog.columns(operations))
        return [(s.row.table, s.row.id) in kept for s in batch]

    async def _place(self, row: Claimed) -> None:
        await self.lines.attempt.rows(
            statements(row.kind).place, [row.chat_id, row.reply_to, row.id, row.created_at, row.token]
        )

    async def give_back(self, rows: list[Claimed]) -> None:
        for kind, group in bookkeeping.by_kind(rows):
            columns = [[getattr(row, name) for row in group] for name in ("id", "created_at", "token")]
            await self.lines.settle.rows(statements(kind).give_back, columns)

    # --- limits ----------------------------------------------------------------------------------

    def _limiter(self) -> Limiter:
        if settings.REDIS_URL:
            return RedisLimiter(Redis.from_url(settings.REDIS_URL), self._recent)
        return DatabaseLimiter(self.lines.attempt)

    async def _recent(self) -> list[tuple[int, int | None, float]]:
        """What was attempted in the last minute, by anybody."""
        rows = []
        for kind in outgoing_models():
            rows += await self.lines.attempt.rows(bookkeeping.recent_sql(kind), [])
        return rows
