"""The accounts' side of a runner: leases, connections, what is heard.

An account is ours from its lease to the end of it: connected after the one, disconnected before the other.
Its connection is fenced by the lease, so nothing leaves once that is over, whatever the loop is doing.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast

from django.conf import settings

from accounts_mgmt import bookkeeping, health, sign_in_steps, updates
from accounts_mgmt.batching import Batcher
from accounts_mgmt.delivery import Held
from accounts_mgmt.leases import Lease, Leases
from accounts_mgmt.lines import AWAY, Lines
from accounts_mgmt.sessions import DatabaseStores
from accounts_mgmt.turns import Turns
from relove.db import in_thread
from relove.telegram.gateway import Gateway, GatewayError, Listener, Update
from relove.telegram.login import MtprotoLogin
from relove.telegram.mtproto import MtprotoGateway

logger = logging.getLogger(__name__)

AVOID_SECONDS = 15.0
CONNECTING_AT_ONCE = 10
# For the handlers under way; what they do not finish is heard again.
LET_GO_SECONDS = 2.0
ForLease = Callable[[Lease], Awaitable[None]]


class Holding:
    """Leases, connects, listens and lets go. `taken` runs before an account connects, `left` after it is gone."""

    def __init__(
        self,
        capacity: int,
        lines: Lines,
        wake: asyncio.Event,
        *,
        taken: ForLease,
        left: ForLease,
        local_addr: str | None,
    ) -> None:
        self.held: dict[int, Held] = {}
        self._capacity, self._lines, self._wake = capacity, lines, wake
        self._taken, self._left, self._local_addr = taken, left, local_addr
        self._stores = DatabaseStores(lines.store)
        self._taking: dict[asyncio.Task[None], Lease] = {}
        self._leaving: dict[asyncio.Task[None], Lease] = {}
        self._avoid: dict[int, float] = {}
        # many accounts hear what one says in a group: one question for all that is heard meanwhile
        self._questions: Batcher[updates.Heard, bool] = Batcher(lambda heard: in_thread(updates.concerned, heard))

    async def _leases(self) -> Leases:
        return Leases(await self._lines.beat.get(), settings.LEASE_SECONDS)

    async def renew(self) -> None:
        """Renew all leases, also of accounts still connecting; the lost ones are invalid from here on."""
        leases = [*(held.lease for held in self.held.values()), *self._taking.values()]
        if leases:
            await (await self._leases()).renew(leases)

    async def watch(self) -> None:
        """Let go of accounts whose lease, connection or session is over. Works without a database, too."""
        for held in [held for held in self.held.values() if not held.usable]:
            self._let_go(held)
        for task in [task for task, lease in self._taking.items() if not lease.is_valid]:
            task.cancel()

    async def let_go_all(self) -> None:
        for task in self._taking:
            task.cancel()
        await asyncio.gather(*self._taking, return_exceptions=True)
        for held in list(self.held.values()):
            self._let_go(held)
        await asyncio.gather(*self._leaving)

    async def flush(self) -> None:
        usable = [held for held in self.held.values() if held.usable]
        await asyncio.gather(*(held.gateway.flush() for held in usable))

    # --- taking ----------------------------------------------------------------------------------

    async def take(self) -> None:
        """Take free accounts while there is room; a few connect at a time."""
        while leases := await self._acquire():
            for lease in leases:
                self._taking[asyncio.create_task(self._take(lease))] = lease
            if self._room() <= 0:
                await asyncio.wait(self._taking, return_when=asyncio.FIRST_COMPLETED)
            self._collect()

    async def _acquire(self) -> list[Lease]:
        self._collect()
        room = self._room()
        return await (await self._leases()).acquire(room, self._not_now()) if room > 0 else []

    def _collect(self) -> None:
        """Raises what an attempt to connect met and could not handle."""
        for task in [task for task in self._taking if task.done()]:
            del self._taking[task]
            if not task.cancelled():
                task.result()

    def _room(self) -> int:
        return min(self._capacity - len(self.held), CONNECTING_AT_ONCE) - len(self._taking)

    def _not_now(self) -> list[int]:
        now = asyncio.get_running_loop().time()
        self._avoid = {account: until for account, until in self._avoid.items() if until > now}
        busy = [*self._taking.values(), *self._leaving.values()]
        return [*self._avoid, *self.held, *(lease.account for lease in busy)]

    async def _take(self, lease: Lease) -> None:
        """Free what a former holder left, and connect; on any failure leave the account alone for a while."""
        try:
            await self._taken(lease)
            if await in_thread(sign_in_steps.is_under_way, lease.account):
                await self._open_sign_in(lease)
            else:
                await self._connect(lease)
        except GatewayError as error:
            await self._refused(lease, error)
        except bookkeeping.Unusable as error:
            logger.error("account %s is not connected: %s", lease.account, error)
            await in_thread(bookkeeping.set_apart, lease.account, lease.token, str(error))
        except AWAY as error:
            logger.warning("account %s: the database is away (%s)", lease.account, type(error).__name__)
        finally:
            if lease.account not in self.held:
                self._avoid[lease.account] = asyncio.get_running_loop().time() + AVOID_SECONDS
                with contextlib.suppress(*AWAY):
                    await (await self._leases()).release([lease])

    async def _connect(self, lease: Lease) -> None:
        data = await in_thread(bookkeeping.session_of, lease.account)
        gateway = MtprotoGateway(
            data,
            self._stores.of(lease.account, lease.token),
            local_addr=self._local_addr,
            may_send=lambda: lease.is_valid,
        )
        profile = await gateway.connect(self._listener(lease.account))
        held = self.held[lease.account] = Held(lease, gateway)
        held.session_log = await in_thread(bookkeeping.taken, lease.account, profile)
        self._wake.set()

    async def _open_sign_in(self, lease: Lease) -> None:
        """Connect with a key that is nobody's yet; account calls do the rest."""
        data = await in_thread(bookkeeping.half_session_of, lease.account)
        login = MtprotoLogin(data, local_addr=self._local_addr, may_send=lambda: lease.is_valid)
        try:
            await login.connect()
            await sign_in_steps.resume(login, lease.account, lease.token)
            if not login.finished:
                self.held[lease.account] = Held(lease, cast(Gateway, login), signing_in=True)
                self._wake.set()
        except GatewayError as error:
            logger.warning("account %s: signing in does not begin: %s", lease.account, error.code)
            await in_thread(sign_in_steps.connection_refused, lease.account, lease.token, error)
        finally:
            if lease.account not in self.held:
                await login.close()

    async def _refused(self, lease: Lease, error: GatewayError) -> None:
        """An account that does not connect is marked if its session is gone."""
        logger.warning("account %s does not connect: %s", lease.account, error.code)
        effect = health.effect_of(error)
        if effect:
            await in_thread(health.apply, lease.account, lease.token, effect, error.code, None, "connect")

    def _listener(self, account: int) -> Listener:
        turns = Turns()

        async def heard(update: Update) -> None:
            # answered in the order of asking: a chat's turns are taken in the order in which it was heard
            if await self._is_for_us(account, update):
                async with turns.turn(update):
                    await in_thread(updates.dispatch, account, update)

        return heard

    async def _is_for_us(self, account: int, update: Update) -> bool:
        if not updates.may_concern(update):
            return False
        return updates.surely_concerns(update) or await self._questions.submit((account, update))

    # --- letting go ------------------------------------------------------------------------------

    def _let_go(self, held: Held) -> None:
        del self.held[held.lease.account]
        held.lost = True
        task = asyncio.create_task(self._leave(held))
        self._leaving[task] = held.lease
        task.add_done_callback(lambda task: self._leaving.pop(task))

    async def _leave(self, held: Held) -> None:
        """Disconnect (handlers finish, the update state is stored), then give rows and lease back.

        Without a lease nothing is stored any more: another may be about to connect. All that is written carries
        the lease's token: where another holds the account by now, it changes nothing.
        """
        lease, lost = held.lease, not held.lease.is_valid
        if lost:
            logger.warning("account %s: the lease is over", lease.account)
        elif not held.gateway.connected and not held.signing_in:
            self._avoid[lease.account] = asyncio.get_running_loop().time() + AVOID_SECONDS
        if not lost:
            await _within(LET_GO_SECONDS, held.gateway.disconnect())
        await held.gateway.close()
        with contextlib.suppress(*AWAY):
            await self._left(lease)
            if not held.signing_in:
                await in_thread(bookkeeping.given_up, lease.account, held.session_log, lost)
            # last: the next holder closes what it finds open
            await (await self._leases()).release([lease])


async def _within(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    """Give it so long, then leave it alone: cancelled, a statement waits on for a database that is silent."""
    task = asyncio.create_task(work)
    task.add_done_callback(_note_end)
    await asyncio.wait([task], timeout=seconds)


def _note_end(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error:
        logger.warning("letting an account go: %s", type(error).__name__)
