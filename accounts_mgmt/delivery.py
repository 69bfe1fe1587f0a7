"""One claimed row on its way: place, limits, the last check, the request, the verdict.

`verdict` is pure. `Delivery` talks to the gateway and to the two batchers; it never sleeps for longer
than a second and never writes a row itself: what it returns is settled by the runner.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext

from accounts_mgmt import health, reasons
from accounts_mgmt.batching import Batcher
from accounts_mgmt.claims import GUARD, Claimed, Settlement
from accounts_mgmt.leases import Lease
from accounts_mgmt.limits import ceiling, leaving, pace
from accounts_mgmt.outbox import Status, first_failing, outgoing_models
from accounts_mgmt.turnstile import Turnstile
from relove import options
from relove.db import in_thread
from relove.faultpoints import reach
from relove.models import Chat
from relove.telegram.gateway import (
    AccountStopped,
    AlreadySent,
    Gateway,
    GatewayError,
    OutcomeUnknown,
    Outgoing,
    Peer,
    PeerKind,
    PeerUnknown,
    Refused,
    Sent,
    Temporary,
    Waiting,
)

T = TypeVar("T")

ATTEMPTS = 3
# Requests in flight for each account, and how many more rows may be on their way to one: while a request waits
# for Telegram, the next have their limits and their last check.
LANES = 8
PREPARED = 8
# That check holds for so long; a row that finds no free lane meanwhile goes back.
CHECK_HOLDS = 0.3
# A refused guard that may pass later is looked at again after this.
GUARD_SECONDS = 60.0
UNKNOWN_SECONDS = (2.0, 300.0)
# Longer waits give the row back: a lane is for sending, not for waiting.
LONGEST_WAIT = 1.0
KINDS = {
    Chat.Kind.PRIVATE: PeerKind.USER,
    Chat.Kind.GROUP: PeerKind.CHAT,
    Chat.Kind.SUPERGROUP: PeerKind.CHANNEL,
    Chat.Kind.CHANNEL: PeerKind.CHANNEL,
}


def retry_delay(failures: int, jitter: float) -> float:
    """Seconds after the nth failure: one base, then two (the customer's 5 and 10 minutes), ± 20 %."""
    seconds: float = options.value("RETRY_BASE_SECONDS") * 2 ** (failures - 1) * (1 + 0.2 * jitter)
    return seconds


def verdict(row: Claimed, error: GatewayError, *, requested: bool, jitter: float) -> Settlement:
    """How a row goes on after an error. `requested`: the message itself was on its way; `jitter` -1 to 1."""
    reason = reasons.sentence(error)
    if isinstance(error, Waiting | AccountStopped):
        # Telegram said no for now: it costs no attempt, and this attempt did not deliver
        delay = error.retry_after or 0.0
        return Settlement(row, back(row), delay=delay, unclear=row.unclear, code=error.code, reason=reason)
    if isinstance(error, OutcomeUnknown) and requested:
        low, high = UNKNOWN_SECONDS
        delay = min(max(row.unclear_for, low), high)
        return Settlement(row, Status.UNKNOWN, delay=delay, unclear=True, code=error.code, reason=reason)
    if isinstance(error, Refused):
        return Settlement(row, Status.FAILED, failed=True, code=error.code, reason=reason)
    failures = row.retry_count + 1
    if failures >= ATTEMPTS:
        reason = gettext(reasons.EXHAUSTED) % {"code": error.code}
        return Settlement(row, Status.FAILED, failed=True, code=error.code, reason=reason)
    maybe = row.unclear or (requested and isinstance(error, Temporary))
    return Settlement(
        row,
        Status.UNKNOWN if maybe else Status.PENDING,
        failed=True,
        delay=retry_delay(failures, jitter),
        unclear=maybe,
        code=error.code,
        reason=reason,
    )


def back(row: Claimed) -> Status:
    """Where a row waits that this attempt has not delivered."""
    return Status.UNKNOWN if row.unclear else Status.PENDING


@dataclass(slots=True)
class Held:
    """An account in this runner's hands."""

    lease: Lease
    gateway: Gateway
    lanes: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LANES))
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LANES + PREPARED))
    in_hand: dict[tuple[str, int], Claimed] = field(default_factory=dict)
    session_log: int | None = None
    lost: bool = False
    # its gateway is one for signing in: account calls of that kind are all it takes
    signing_in: bool = False

    @property
    def usable(self) -> bool:
        return not self.lost and self.lease.is_valid and self.gateway.connected


class GivenBack(Exception):
    """The row goes back to the queue untouched."""


@dataclass(slots=True)
class Delivery:
    """What rows on their way share in one runner."""

    turnstile: Turnstile
    # right before the request, past all who wait for a chat's pace
    exit: Turnstile
    attempts: Batcher[Claimed, bool]
    place: Callable[[Claimed], Awaitable[None]]
    drained: asyncio.Event
    # chats whose pace is used up, until when by the loop's clock
    blocked: dict[int, float] = field(default_factory=dict)
    # those whose request may be on its way
    sending: set["asyncio.Task[Any]"] = field(default_factory=set)

    async def deliver_one(self, held: Held, row: Claimed) -> Settlement | None:
        """Bring one row to its verdict; None gives it back."""
        if row.due_in > 0:
            await _sleep_or(self.drained, row.due_in)
        async with held.places:
            attempted = requested = False
            started = time.monotonic()
            try:
                found = await self._prepare(held, row)
                if found is None:
                    photo = await in_thread(row.kind.photo_of, row.photo_id) if row.photo_id else b""
                    await self._wait_for_limits(held, row)
                    self._note_sending()
                    attempted = await self.attempts.submit(row)
                    if not attempted:
                        return await in_thread(refusal, row)
                    until = asyncio.get_running_loop().time() + CHECK_HOLDS
                    async with self._lane(held, until):
                        await self._leave(held, until)
                        # after the last wait: a process frozen until here must not send what another now holds
                        self._check(held)
                        reach("before_request", row.text)
                        requested = True
                        found = await self._send(held, row, photo)
                        reach("answer_read")
            except GivenBack:
                return Settlement(row, back(row), unclear=row.unclear) if attempted else None
            except GatewayError as error:
                settlement = await self._after(held, row, error, requested)
            else:
                settlement = sent(row, found)
            settlement.duration_ms = int((time.monotonic() - started) * 1000)
            return settlement

    def _note_sending(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.sending.add(task)
        task.add_done_callback(self.sending.discard)

    async def quiet(self) -> None:
        """Until all whose request may be on its way now have their verdict."""
        if self.sending:
            await asyncio.wait(set(self.sending))

    async def _prepare(self, held: Held, row: Claimed) -> Sent | None:
        """Find the row's place; and for an old unclear row, whether it is there already."""
        self._check(held)
        if row.chat_id is None or (row.reply_to is None and row.kind.is_reply):
            await self._find_place(held, row)
        if row.unclear and row.unclear_for >= settings.RECONCILE_AFTER_SECONDS:
            found = await self._look_up(held, row)
            row.absent = found is None
            if row.absent and row.kind.once_in_reply and await self._look_up(held, row, any_text=True):
                raise Refused(reasons.ANSWERED)
            return found
        return None

    async def _find_place(self, held: Held, row: Claimed) -> None:
        message = await in_thread(load, row)
        peer, reply_to = await message.find_place(held.gateway)
        chat = await in_thread(chat_of, peer)
        row.chat_id, row.chat_kind, row.chat_telegram_id = chat.id, chat.kind, chat.telegram_id
        row.reply_to = reply_to
        await self.place(row)

    async def _wait_for_limits(self, held: Held, row: Claimed) -> None:
        assert row.chat_id is not None
        limits = [*ceiling(), *pace(row.account, row.chat_id, slowed=row.slowed)]
        while limits:
            self._check(held)
            wait = await self.turnstile.ask(limits, lambda: self._may_go(held))
            if wait <= 0:
                return
            if wait > LONGEST_WAIT:
                self.blocked[row.chat_id] = asyncio.get_running_loop().time() + wait
                raise GivenBack
            await _sleep_or(self.drained, wait)

    async def _send(self, held: Held, row: Claimed, photo: bytes) -> Sent:
        return await self._met(held, row, lambda: held.gateway.send(replace(outgoing(row), photo=photo)))

    @asynccontextmanager
    async def _lane(self, held: Held, until: float) -> AsyncIterator[None]:
        """One of the account's requests in flight; raises GivenBack where none is free in time."""
        if held.lanes.locked():
            try:
                async with asyncio.timeout_at(until):
                    await held.lanes.acquire()
            except TimeoutError as error:
                raise GivenBack from error
        else:
            await held.lanes.acquire()
        try:
            yield
        finally:
            held.lanes.release()

    async def _leave(self, held: Held, until: float) -> None:
        """Keep the ceiling at the moment of leaving, too; raises GivenBack where that takes too long."""
        now = asyncio.get_running_loop().time
        while limits := leaving():
            wait = await self.exit.ask(limits, lambda: self._may_go(held) and now() < until)
            if wait <= 0:
                return
            self._check(held)
            if now() + wait > until:
                raise GivenBack
            await _sleep_or(self.drained, wait)

    async def _look_up(self, held: Held, row: Claimed, *, any_text: bool = False) -> Sent | None:
        return await self._met(held, row, lambda: look_up(held.gateway, row, any_text=any_text))

    async def _met(self, held: Held, row: Claimed, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask in a chat that only another account, or a process that died, has met: find the way there once."""
        try:
            return await ask()
        except PeerUnknown:
            await self._find_place(held, row)
            return await ask()

    async def _after(self, held: Held, row: Claimed, error: GatewayError, requested: bool) -> Settlement:
        if isinstance(error, AlreadySent):
            return await self._already_sent(held, row)
        effect = health.effect_of(error)
        if effect:
            await in_thread(health.apply, row.account, row.token, effect, error.code, row.chat_id)
            held.lost = held.lost or effect.ends_session
        settlement = verdict(row, error, requested=requested, jitter=random.uniform(-1, 1))
        maybe_sent = row.unclear or (requested and isinstance(error, Temporary))
        if settlement.status == Status.FAILED and maybe_sent:
            return await self._last_look(held, row, settlement)
        return settlement

    async def _already_sent(self, held: Held, row: Claimed) -> Settlement:
        """Telegram has it under an id it does not say: the history does."""
        try:
            found = await self._look_up(held, row)
        except GatewayError as error:
            return verdict(row, OutcomeUnknown(error.code), requested=True, jitter=0.0)
        if found:
            return sent(row, found)
        return Settlement(row, Status.SENT, sent_at=timezone.now(), code="RANDOM_ID_DUPLICATE")

    async def _last_look(self, held: Held, row: Claimed, failed: Settlement) -> Settlement:
        """An earlier attempt may have delivered it, or three 5xx: look before calling it a failure."""
        try:
            found = await self._look_up(held, row)
        except GatewayError:
            reason = gettext(reasons.UNREADABLE)
            return Settlement(
                row,
                Status.UNKNOWN,
                failed=True,
                unclear=True,
                code=failed.code,
                reason=reason,
                set_aside=True,
            )
        return sent(row, found) if found else failed

    def _check(self, held: Held) -> None:
        if not self._may_go(held):
            raise GivenBack

    def _may_go(self, held: Held) -> bool:
        return held.usable and not self.drained.is_set()


def outgoing(row: Claimed) -> Outgoing:
    assert row.chat_kind is not None
    assert row.chat_telegram_id is not None
    peer = Peer(KINDS[Chat.Kind(row.chat_kind)], row.chat_telegram_id)
    return Outgoing(peer, row.text, row.random_id, row.reply_to)


def sent(row: Claimed, found: Sent) -> Settlement:
    return Settlement(row, Status.SENT, message_id=found.message_id, sent_at=found.date)


async def look_up(gateway: Gateway, row: Claimed, *, any_text: bool = False) -> Sent | None:
    """The row's message in the chat's recent history: ours, same text and reply, no other row's.

    `any_text`: another of ours in reply to the same will do, which the database does not know of.
    """
    since = row.first_attempt_at or timezone.now()
    found = await gateway.find_own(outgoing(row), since, any_text=any_text)
    if not found:
        return None
    taken = await in_thread(bound_ids, row, [one.message_id for one in found])
    return next((one for one in reversed(found) if one.message_id not in taken), None)


def bound_ids(row: Claimed, ids: list[int]) -> set[int]:
    """Which of the ids belong to other rows already, of whatever kind."""
    bound: set[int] = set()
    for kind in outgoing_models():
        rows = kind._default_manager.filter(sender=row.account, chat=row.chat_id, message_id__in=ids)
        others = rows.exclude(id=row.id) if kind is row.kind else rows
        bound |= set(others.values_list("message_id", flat=True))
    return bound


def load(row: Claimed) -> Any:
    return row.kind._default_manager.select_related(*row.kind.place_fields).get(
        id=row.id, created_at=row.created_at
    )


def chat_of(peer: Peer) -> Chat:
    kinds = {PeerKind.USER: Chat.Kind.PRIVATE, PeerKind.CHAT: Chat.Kind.GROUP}
    kind = kinds.get(peer.kind)
    known = Chat.objects.filter(telegram_id=peer.id)
    if kind is None:
        found = known.filter(kind__in=(Chat.Kind.SUPERGROUP, Chat.Kind.CHANNEL)).first()
        return found or Chat.objects.get_or_create(kind=Chat.Kind.SUPERGROUP, telegram_id=peer.id)[0]
    return Chat.objects.get_or_create(kind=kind, telegram_id=peer.id)[0]


def refusal(row: Claimed) -> Settlement | None:
    """Which guard a row failed; None when it is no longer ours, or would pass by now."""
    rows = row.kind._default_manager.filter(pk=row.id, created_at=row.created_at)
    failed = first_failing(rows, row.kind.guards())
    if failed is None:
        return None
    status = Status.UNKNOWN if row.unclear else failed.otherwise
    waits = status in (Status.UNKNOWN, Status.PENDING) and not failed.claim_asks
    delay = GUARD_SECONDS if waits else None
    return Settlement(row, status, delay=delay, unclear=row.unclear, code=GUARD, reason=str(failed.reason))


async def _sleep_or(event: asyncio.Event, seconds: float) -> None:
    """Sleep, but wake at once when the event is set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
