"""Account calls of the commentators carried out against a sandbox, without a runner: over real MTProto."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from accounts_mgmt import calls
from accounts_mgmt.models import AccountCall
from commentators.models import TelegramChannel
from relove.db import in_thread
from relove.telegram.gateway import GatewayError
from relove.telegram.mtproto import MtprotoGateway
from tests.commentators.conftest import Place
from tests.relove.gateway_scene import Scene, scene

Play = Callable[[Scene, MtprotoGateway], Awaitable[None]]


def play(place: Place, act: Play, **settings: Any) -> None:
    """Let `act` happen in a sandbox whose channel is the place's; its account is the listening one."""

    async def run() -> None:
        async with scene(**settings) as telegram, telegram.gateway() as gateway:
            await in_thread(_same_channel, place.channel, telegram)
            await act(telegram, gateway)

    asyncio.run(run())


def _same_channel(channel: TelegramChannel, telegram: Scene) -> None:
    TelegramChannel.objects.filter(pk=channel.pk).update(username=telegram.channel.username)
    for ours, theirs in ((channel.chat, telegram.channel), (channel.discussion, telegram.group)):
        assert ours is not None
        ours.telegram_id = theirs.id
        ours.save()


async def carry_out(gateway: MtprotoGateway, most: int = 50) -> list[AccountCall]:
    """Every waiting call, and those that come of them, in their order; answered as a runner would."""
    done: list[AccountCall] = []
    while len(done) < most:
        call = await in_thread(AccountCall.objects.filter(state="waiting").order_by("id").first)
        if call is None:
            return done
        await _answer(gateway, call)
        done.append(call)
    raise AssertionError("the calls come to no end")


async def _answer(gateway: MtprotoGateway, call: AccountCall) -> None:
    call.state = AccountCall.State.RUNNING
    await in_thread(call.save)
    try:
        given = calls.Call(call.pk, call.account_id, call.arguments)
        call.result = await calls.get(call.kind).run(gateway, given)
        call.state = AccountCall.State.DONE
    except GatewayError as error:
        call.state, call.error = AccountCall.State.REFUSED, error.code
    await in_thread(call.save)
