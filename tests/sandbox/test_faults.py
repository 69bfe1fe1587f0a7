"""Every kind of fault, once."""

import asyncio
import time
from random import Random
from typing import Any

import pytest
from telethon import errors, events

from relove.sandbox.faults import Fault, Faults
from relove.sandbox.server import Sandbox
from relove.sandbox.world import Channel, User
from tests.sandbox.conftest import Connect
from tests.sandbox.tools import DEADLINE, heard, publish, send

pytestmark = pytest.mark.anyio

REFUSALS: dict[str, type[Exception]] = {
    "FLOOD_WAIT_30": errors.FloodWaitError,
    "FLOOD_PREMIUM_WAIT_30": errors.FloodPremiumWaitError,
    "SLOWMODE_WAIT_30": errors.SlowModeWaitError,
    "PEER_FLOOD": errors.PeerFloodError,
    "CHAT_WRITE_FORBIDDEN": errors.ChatWriteForbiddenError,
    "CHAT_GUEST_SEND_FORBIDDEN": errors.ChatGuestSendForbiddenError,
    "USER_BANNED_IN_CHANNEL": errors.UserBannedInChannelError,
    "CHANNEL_PRIVATE": errors.ChannelPrivateError,
    "MSG_ID_INVALID": errors.MsgIdInvalidError,
    "USER_DEACTIVATED_BAN": errors.UserDeactivatedBanError,
    "SESSION_REVOKED": errors.SessionRevokedError,
    "AUTH_KEY_UNREGISTERED": errors.AuthKeyUnregisteredError,
    "AUTH_KEY_DUPLICATED": errors.AuthKeyDuplicatedError,
    "RPC_CALL_FAIL": errors.RpcCallFailError,
}


def fault(sandbox: Sandbox, kind: str, **fields: Any) -> Fault:
    return sandbox.core.faults.add(kind=kind, method="messages.SendMessage", **fields)


@pytest.mark.parametrize("kind", REFUSALS)
async def test_a_refusal_comes_once_and_nothing_is_accepted(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User, kind: str
) -> None:
    client = await connect(anna)
    fault(sandbox, kind, account=anna.id, times=1)
    with pytest.raises(REFUSALS[kind]):
        await client(send("boris", "раз"))
    assert not sandbox.core.world.ledger
    client._flood_waited_requests.clear()  # Telethon's own memory of a wait
    await client(send("boris", "два"))
    assert [entry.text for entry in sandbox.core.world.ledger] == ["два"]


async def test_a_fault_is_for_one_account_and_one_chat(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User
) -> None:
    world = sandbox.core.world
    world.add_user(first_name="Вера", username="vera")
    fault(sandbox, "PEER_FLOOD", account=anna.id, chat=boris.id)
    first, second = await connect(anna), await connect(boris)
    await first(send("vera", "можно"))
    await second(send("vera", "можно"))
    with pytest.raises(errors.PeerFloodError):
        await first(send("boris", "нельзя"))


async def test_a_sticky_wait_lasts_until_its_end(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User
) -> None:
    sticky = fault(sandbox, "FLOOD_WAIT_100", sticky=True)
    client = await connect(anna)
    for _ in range(2):
        client._flood_waited_requests.clear()
        with pytest.raises(errors.FloodWaitError) as caught:
            await client(send("boris", "раз"))
        assert 98 <= caught.value.seconds <= 100
    sticky.until = time.time()
    client._flood_waited_requests.clear()
    await client(send("boris", "раз"))


async def test_a_slow_answer_is_committed_at_once(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User
) -> None:
    client = await connect(anna)
    fault(sandbox, "slow:0.3", times=1)
    async with heard(await connect(boris), events.NewMessage()) as news:
        started = time.monotonic()
        answer = asyncio.ensure_future(client(send("boris", "раз")))
        await news.next()
        assert not answer.done()
        await asyncio.wait_for(answer, DEADLINE)
        assert time.monotonic() - started >= 0.3


async def test_silence_is_committed_and_never_answered(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User
) -> None:
    client = await connect(anna)
    fault(sandbox, "silence", times=1)
    peer = await client.get_input_entity("boris")
    async with heard(await connect(boris), events.NewMessage()) as news:
        waiting = asyncio.ensure_future(client(send(peer, "раз")))
        assert await news.texts(1) == ["раз"]
    await asyncio.wait_for(client(send(peer, "два")), DEADLINE)
    assert not waiting.done()
    assert [entry.text for entry in sandbox.core.world.ledger] == ["раз", "два"]
    waiting.cancel()


@pytest.mark.parametrize(("kind", "accepted"), [("drop_before", 0), ("drop_after", 1)])
async def test_the_line_is_cut_around_the_commit(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User, kind: str, accepted: int
) -> None:
    client = await connect(anna, auto_reconnect=False)
    fault(sandbox, kind, times=1)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(client(send("boris", "раз")), DEADLINE)
    assert len(sandbox.core.world.ledger) == accepted


async def test_a_client_that_repeats_after_a_cut_is_told_of_the_duplicate(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User
) -> None:
    client = await connect(anna)
    fault(sandbox, "drop_after", times=1)
    with pytest.raises(errors.RandomIdDuplicateError):
        await asyncio.wait_for(client(send("boris", "раз")), DEADLINE)
    assert len(sandbox.core.world.ledger) == 1


async def test_dropped_updates_are_recovered_by_the_gap(
    sandbox: Sandbox, connect: Connect, anna: User, channel: Channel
) -> None:
    client = await connect(anna)
    async with heard(client, events.NewMessage()) as news:
        publish(sandbox, channel, "раз")
        await news.next()
        sandbox.core.faults.add(kind="drop_updates", account=anna.id, times=1)
        publish(sandbox, channel, "два")
        publish(sandbox, channel, "три")
        assert await news.texts(2) == ["два", "три"]


@pytest.mark.parametrize("kind", ["reorder_updates", "repeat_updates"])
async def test_disordered_updates_arrive_once_and_in_order(
    sandbox: Sandbox, connect: Connect, anna: User, channel: Channel, kind: str
) -> None:
    client = await connect(anna, sequential_updates=True)
    async with heard(client, events.NewMessage()) as news:
        publish(sandbox, channel, "раз")
        await news.next()
        sandbox.core.faults.add(kind=kind, account=anna.id, times=1)
        for text in ("два", "три", "четыре"):
            publish(sandbox, channel, text)
        assert await news.texts(3) == ["два", "три", "четыре"]
    assert sandbox.core.stats.requests[anna.id, "updates.GetChannelDifference"] == 0


async def test_shares_are_drawn_and_kinds_checked() -> None:
    faults = Faults(Random(1))
    faults.add(kind="RPC_CALL_FAIL", share=0.25)
    hits = sum(faults.for_call(1, "x", None) is not None for _ in range(1000))
    assert 180 < hits < 320
    for wrong in ({"kind": "drop_everything"}, {"kind": "PEER_FLOOD", "share": 2}):
        with pytest.raises(ValueError, match=r"fault|share"):
            faults.add(**wrong)
    assert faults.remove() == 1
