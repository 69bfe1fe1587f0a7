"""The outbox's side of a runner: claim what is due, start its delivery, write how it ended."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from django.conf import settings
from django.utils.translation import gettext

from accounts_mgmt import bookkeeping, reasons
from accounts_mgmt.batching import Batcher
from accounts_mgmt.claims import Claimed, Settlement, statements
from accounts_mgmt.delivery import Delivery, Held
from accounts_mgmt.leases import Lease
from accounts_mgmt.limits import DatabaseLimiter, Limiter, RedisLimiter
from accounts_mgmt.lines import AWAY, Lines, insist
from accounts_mgmt.outbox import OutgoingMessage, Status, outgoing_models
from accounts_mgmt.turnstile import Turnstile
from relove import logs, oplog
from relove.faultpoints import reach

logger = logging.getLogger(__name__)

CLAIM_LIMIT = 100
# Rows due this soon are claimed already and wait in memory for their moment.
AHEAD_SECONDS = 1.0
SWEEP_SECONDS = 30.0


class Dispatcher:
    """Claims rows of the accounts in `held` and brings each to its end, until `drained` is set.

    `wake` is set when there is room for more.
    """

    def __init__(self, lines: Lines, held: dict[int, Held], drained: asyncio.Event, wake: asyncio.Event) -> None:
        self._lines, self._held, self._drained, self._wake = lines, held, drained, wake
        self._running: set[asyncio.Task[None]] = set()
        self._suspect: asyncio.Task[None] | None = None
        # rows may stand in our name that we do not know of
        self._doubtful = False
        self._swept_at = 0.0
        self._settlements: Batcher[Settlement, bool] = Batcher(self._settle)
        self._delivery = Delivery(
            turnstile=Turnstile(limiter := self._limiter()),
            exit=Turnstile(limiter),
            attempts=Batcher(self._attempt),
            place=self._place,
            drained=drained,
        )

    # --- claiming --------------------------------------------------------------------------------

    async def claim_due(self) -> None:
        """Claim what is due for every account with room, and start its delivery."""
        now = asyncio.get_running_loop().time()
        if self._doubtful or now - self._swept_at >= SWEEP_SECONDS:
            await self.sweep()
            self._swept_at = now
        blocked = self._delivery.blocked
        for chat in [chat for chat, until in blocked.items() if until <= now]:
            del blocked[chat]
        for kind in outgoing_models():
            while await self._claim(kind, suspects=False) == CLAIM_LIMIT:
                continue
        # after all others: hardly ever there is one, and nobody need wait for the question
        for kind in outgoing_models():
            if self._suspect is None or self._suspect.done():
                await self._claim(kind, suspects=True)

    async def _claim(self, kind: type[OutgoingMessage], *, suspects: bool) -> int:
        """One claim; a suspect (processes died with it) travels alone, so that blame is certain."""
        ready = [
            (held.lease, 1 if suspects else settings.CLAIM_AHEAD - len(held.in_hand))
            for held in self._held.values()
            if held.usable
        ]
        ready = [(lease, room) for lease, room in ready if room > 0]
        if not ready or self._drained.is_set():
            return 0
        parameters = {
            "accounts": [lease.account for lease, _ in ready],
            "tokens": [lease.token for lease, _ in ready],
            "rooms": [room for _, room in ready],
            "ahead": AHEAD_SECONDS,
            "suspects": suspects,
            "blocked": list(self._delivery.blocked),
            "limit": 1 if suspects else CLAIM_LIMIT,
        }
        self._doubtful = True
        rows = await self._lines.claim.rows(statements(kind).claim, parameters)
        self._doubtful = False
        if rows:
            reach("after_claim")
        for row in rows:
            task = self._start(Claimed(kind, *row))
            self._suspect = task if suspects else self._suspect
        return len(rows)

    def _start(self, row: Claimed) -> asyncio.Task[None]:
        held = self._held.get(row.account)
        if held is None:
            # let go while the claim was under way
            return self._background(self._give_back([row]))
        held.in_hand[row.key] = row
        return self._background(self._deliver(held, row))

    def _background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    # --- what others left, and what we may have lost sight of ----------------------------------------

    async def take_over(self, leases: list[Lease]) -> None:
        """Free the rows that former holders of these accounts died with."""
        accounts, tokens = [lease.account for lease in leases], [lease.token for lease in leases]
        for kind in outgoing_models():
            parameters = [gettext(reasons.CRASHED), accounts, tokens]
            await self._lines.claim.rows(statements(kind).take_over, parameters)

    async def sweep(self) -> None:
        """Find what a lost answer of the database, ours or a former holder's, has left in between."""
        leases = [held.lease for held in self._held.values()]
        await self.take_over(leases)
        accounts, tokens = [lease.account for lease in leases], [lease.token for lease in leases]
        for kind in outgoing_models():
            # before the question: a row that is settled meanwhile is no longer in anybody's name
            known = {row.id for held in self._held.values() for row in held.in_hand.values() if row.kind is kind}
            rows = await self._lines.claim.rows(statements(kind).unseen, [accounts, tokens])
            unseen = [row for row in rows if row[0] not in known]
            columns = [[row[n] for row in unseen] for n in range(3)]
            await self._lines.claim.rows(statements(kind).give_back, columns)
        self._doubtful = False

    async def give_back_all(self, lease: Lease) -> None:
        """Whatever stands in the name of a lease that ends."""
        for kind in outgoing_models():
            await self._lines.settle.rows(statements(kind).give_back_all, [lease.account, lease.token])

    async def quiet(self) -> None:
        """Until nothing that has been attempted by now is on its way any more."""
        await self._delivery.quiet()

    async def join(self) -> None:
        """Until every delivery under way has ended and is written."""
        if self._running:
            await asyncio.wait(self._running)
        await self._settlements.join()

    # --- delivering ------------------------------------------------------------------------------

    async def _deliver(self, held: Held, row: Claimed) -> None:
        """The outbox's settle: whatever happens to a row, its verdict is written."""
        # this is an asyncio task of its own, and what is bound here is its own, too
        logs.bind(row.table, row.id, account=row.account)
        try:
            settlement = await self._delivery.deliver_one(held, row)
            if settlement is None:
                await self._give_back([row])
            else:
                await self._settlements.submit(settlement)
        except AWAY as error:
            # found again by the sweep, or by the account's next holder
            self._doubtful = True
            logger.warning("row %s of %s left as it is: %s", row.id, row.table, type(error).__name__)
        except Exception:
            logger.exception("row %s of %s: unexpected", row.id, row.table)
            await self._settlements.submit(bookkeeping.unexpected(row))
        finally:
            held.in_hand.pop(row.key, None)
            # once on the way down: what is claimed now is here before the window is empty
            if len(held.in_hand) in (0, settings.CLAIM_AHEAD // 2) or asyncio.current_task() is self._suspect:
                self._wake.set()

    def _pointless(self) -> bool:
        return not any(held.lease.is_valid for held in self._held.values())

    async def _attempt(self, rows: list[Claimed]) -> list[bool]:
        allowed: set[tuple[str, int]] = set()
        for kind, group in bookkeeping.by_kind(rows):
            ids, times = [row.id for row in group], [row.created_at for row in group]
            sql = statements(kind)
            parameters = [ids, times, [row.token for row in group], *sql.attempt_params]
            found = await insist(self._lines.attempt, sql.attempt, parameters, self._pointless)
            allowed |= {(kind._meta.db_table, number) for (number,) in found}
        return [row.key in allowed for row in rows]

    async def _settle(self, batch: list[Settlement]) -> list[bool]:
        kept: set[tuple[str, int]] = set()
        for kind, group in bookkeeping.by_kind(batch):
            columns = bookkeeping.settle_columns(group)
            found = await insist(self._lines.settle, statements(kind).settle, columns, self._pointless)
            kept |= {(kind._meta.db_table, number) for (number,) in found}
        reach("after_commit")
        await self._note([s for s in batch if s.row.key in kept])
        return [s.row.key in kept for s in batch]

    async def _note(self, written: list[Settlement]) -> None:
        """What else a batch means, each in one statement for all of it."""
        for kind, group in bookkeeping.by_kind([s for s in written if s.status == Status.SENT]):
            if kind.after_sent:
                senders, times = [s.row.account for s in group], [s.sent_at for s in group]
                await self._lines.settle.rows(kind.after_sent, [senders, times])
        oplog.say([bookkeeping.operation(s) for s in written if bookkeeping.is_news(s)])

    async def _place(self, row: Claimed) -> None:
        parameters = [row.chat_id, row.reply_to, row.id, row.created_at, row.token]
        await self._lines.attempt.rows(statements(row.kind).place, parameters)

    async def _give_back(self, rows: list[Claimed]) -> None:
        for kind, group in bookkeeping.by_kind(rows):
            columns = [[getattr(row, name) for row in group] for name in ("id", "created_at", "token")]
            await self._lines.settle.rows(statements(kind).give_back, columns)

    # --- limits ----------------------------------------------------------------------------------

    def _limiter(self) -> Limiter:
        if self._lines.redis:
            return RedisLimiter(self._lines.redis, self._recent)
        return DatabaseLimiter(self._lines.attempt)

    async def _recent(self) -> list[tuple[int, int | None, float]]:
        """What was attempted in the last minute, by anybody."""
        rows = []
        for kind in outgoing_models():
            rows += await self._lines.attempt.rows(statements(kind).recent, [])
        return rows
