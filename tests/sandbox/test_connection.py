"""Keys, connections, sessions."""

import asyncio
import socket
from typing import Any

import pytest
from telethon import errors, functions, types
from telethon.crypto import AuthKey
from telethon.errors import AuthKeyNotFound
from telethon.network import mtprotostate

from relove.sandbox.server import Sandbox
from relove.sandbox.world import User
from tests.sandbox.conftest import Connect, session_for
from tests.sandbox.tools import DEADLINE, WrongClock

pytestmark = pytest.mark.anyio


async def test_a_fresh_key_is_agreed_upon_and_belongs_to_nobody(connect: Connect) -> None:
    client = await connect()
    assert client.session.auth_key
    assert not await client.is_user_authorized()
    with pytest.raises(errors.AuthKeyUnregisteredError):
        await client(functions.account.GetAuthorizationsRequest())


async def test_a_ready_key_is_signed_in(connect: Connect, anna: User) -> None:
    me = await (await connect(anna)).get_me()
    assert (me.id, me.first_name, me.username, me.phone) == (anna.id, "Анна", "anna", "79990000001")


async def test_an_unknown_key_is_refused_at_the_transport(sandbox: Sandbox, connect: Connect, anna: User) -> None:
    session = session_for(sandbox, anna)
    session.auth_key = AuthKey(b"x" * 256)
    with pytest.raises(AuthKeyNotFound):
        await connect(session=session, connection_retries=1)


async def test_bytes_that_are_no_packet_close_the_connection(sandbox: Sandbox) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", sandbox.telegram_port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    try:
        answer = await asyncio.wait_for(reader.read(), DEADLINE)
    except ConnectionResetError:
        answer = b""
    assert answer == b""
    writer.close()


@pytest.mark.parametrize("wrong_by", [-301, 31, 7200])
async def test_a_message_dated_too_early_or_too_late_is_not_answered(
    wrong_by: int, connect: Connect, anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Telegram does; a stock client is told by how much its clock is wrong, and asks again."""
    client = await connect(anna)
    state = client._sender._state
    clock = WrongClock()
    monkeypatch.setattr(mtprotostate, "time", clock)
    # within what is allowed nothing is said
    for clock.wrong_by in (-25, 25):
        await client(functions.account.GetAuthorizationsRequest())
        assert state.time_offset == 0
    clock.wrong_by, state._last_msg_id = wrong_by, 0
    await asyncio.wait_for(client(functions.account.GetAuthorizationsRequest()), DEADLINE)
    assert abs(state.time_offset + wrong_by) <= 1


async def test_a_method_it_does_not_know_is_refused_and_recorded(
    sandbox: Sandbox, connect: Connect, anna: User
) -> None:
    client = await connect(anna)
    with pytest.raises(errors.BadRequestError, match="METHOD_NOT_IMPLEMENTED"):
        await client(functions.help.GetCountriesListRequest("ru", 0))
    assert sandbox.core.stats.unhandled == {"help.GetCountriesList": 1}


async def test_a_key_used_from_two_addresses_dies(sandbox: Sandbox, connect: Connect, anna: User) -> None:
    first = await connect(anna, local_addr=("127.0.0.1", 0))
    with pytest.raises(errors.AuthKeyDuplicatedError):
        await connect(anna, local_addr=("127.0.0.2", 0))
    with pytest.raises(errors.AuthKeyDuplicatedError):
        await first(functions.account.GetAuthorizationsRequest())
    assert sandbox.core.keyring.ready(anna.id).number == 1, "the next session asked for is another one"


async def test_after_the_window_another_address_is_a_move(sandbox: Sandbox, connect: Connect, anna: User) -> None:
    sandbox.core.world.settings.duplicated_key_window = 0
    await connect(anna, local_addr=("127.0.0.1", 0))
    second = await connect(anna, local_addr=("127.0.0.2", 0))
    assert (await second.get_me()).id == anna.id
    assert sandbox.core.stats.overlaps == {anna.id: 1}


async def test_several_connections_from_one_address_are_legal(
    sandbox: Sandbox, connect: Connect, anna: User
) -> None:
    clients = [await connect(anna) for _ in range(3)]
    assert {(await client.get_me()).id for client in clients} == {anna.id}
    assert not sandbox.core.stats.overlaps


async def test_sessions_are_listed_and_ended(sandbox: Sandbox, connect: Connect, anna: User) -> None:
    client = await connect(anna, device_model="reLove")
    other = await connect(session=session_for(sandbox, anna, 1), device_model="Phone")
    listed = (await client(functions.account.GetAuthorizationsRequest())).authorizations
    assert {(item.device_model, bool(item.current)) for item in listed} == {
        ("reLove", True),
        ("Phone", False),
    }
    [foreign] = [item for item in listed if not item.current]
    assert await client(functions.account.ResetAuthorizationRequest(foreign.hash))
    with pytest.raises(errors.AuthKeyUnregisteredError):
        await other(functions.account.GetAuthorizationsRequest())


async def test_logging_out_ends_the_session(connect: Connect, anna: User) -> None:
    client = await connect(anna)
    await client(functions.auth.LogOutRequest())
    with pytest.raises(errors.AuthKeyUnregisteredError):
        await client(functions.account.GetAuthorizationsRequest())


async def test_service_messages_are_answered(connect: Connect, anna: User) -> None:
    client = await connect(anna)
    calls: list[Any] = [functions.PingRequest(5), functions.PingDelayDisconnectRequest(6, 75)]
    pongs = [await asyncio.wait_for(client(call), DEADLINE) for call in calls]
    assert [pong.ping_id for pong in pongs] == [5, 6]
    assert isinstance(await client(functions.GetFutureSaltsRequest(1)), types.FutureSalts)


async def test_only_loopback_is_listened_on() -> None:
    with pytest.raises(ValueError, match="loopback"):
        Sandbox(host="0.0.0.0")  # noqa: S104
    async with Sandbox(host="127.0.0.9") as sandbox:
        with socket.create_connection(("127.0.0.9", sandbox.telegram_port)):
            pass
