"""Who may see, join and write what."""

from collections.abc import Callable

import pytest
from telethon import errors, functions, types, utils

from relove.sandbox import rules, worlds
from relove.sandbox.server import Sandbox
from relove.sandbox.world import Channel, User
from tests.sandbox.conftest import Connect
from tests.sandbox.tools import discussion, publish, send

pytestmark = pytest.mark.anyio


async def test_an_access_hash_is_good_for_one_viewer(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User, channel: Channel
) -> None:
    first, second = await connect(anna), await connect(boris)
    theirs = utils.get_input_channel(await second.get_input_entity("kanal"))
    person = await second.get_input_entity("anna")
    with pytest.raises(errors.ChannelInvalidError):
        await first(functions.channels.GetChannelsRequest([theirs]))
    stranger = sandbox.core.world.add_user(first_name="Чужой", username="chuzhoy")
    person = await second.get_input_entity("chuzhoy")
    with pytest.raises(errors.PeerIdInvalidError):
        await first(send(person, "раз"))
    assert (await first.get_entity("chuzhoy")).id == stranger.id


async def test_joining_and_leaving(sandbox: Sandbox, connect: Connect, channel: Channel) -> None:
    visitor = sandbox.core.world.add_user(first_name="Гость")
    client = await connect(visitor)
    assert (await client.get_entity("kanal")).left
    await client(functions.channels.JoinChannelRequest("kanal"))
    assert visitor.id in channel.members
    assert not (await client.get_entity("kanal")).left
    full = await client(functions.channels.GetFullChannelRequest("kanal"))
    assert (full.full_chat.linked_chat_id, full.full_chat.participants_count) == (channel.linked, 3)
    await client(functions.channels.LeaveChannelRequest("kanal"))
    assert visitor.id not in channel.members


async def test_a_private_group_is_entered_by_invitation(sandbox: Sandbox, connect: Connect, anna: User) -> None:
    group = sandbox.core.world.add_channel(title="Закрытая", broadcast=False)
    client = await connect(anna)
    invite = await client(functions.messages.CheckChatInviteRequest(group.invite))
    assert isinstance(invite, types.ChatInvite)
    joined = await client(functions.messages.ImportChatInviteRequest(group.invite))
    await client(send(joined.updates.chats[0], "я здесь"))
    again = await client(functions.messages.CheckChatInviteRequest(group.invite))
    assert isinstance(again, types.ChatInviteAlready)
    with pytest.raises(errors.UserAlreadyParticipantError):
        await client(functions.messages.ImportChatInviteRequest(group.invite))
    rules.leave(group, anna)
    with pytest.raises(errors.ChannelPrivateError):
        await client.get_messages(joined.updates.chats[0])
    with pytest.raises(errors.InviteHashInvalidError):
        await client(functions.messages.CheckChatInviteRequest("nothing"))


Setting = Callable[[Sandbox, Channel, User], object]


@pytest.mark.parametrize(
    ("prepare", "error"),
    [
        (lambda s, g, u: setattr(g, "guests", False), errors.ChatGuestSendForbiddenError),
        (lambda s, g, u: setattr(g, "closed", True), errors.ChatWriteForbiddenError),
        (lambda s, g, u: g.banned.add(u.id), errors.UserBannedInChannelError),
    ],
)
async def test_who_may_not_comment(
    sandbox: Sandbox,
    connect: Connect,
    anna: User,
    channel: Channel,
    group: Channel,
    prepare: Setting,
    error: type[Exception],
) -> None:
    client = await connect(anna)
    peer, top = await discussion(client, channel, publish(sandbox, channel, "Пост").id)
    await client(send(peer, "можно", reply_to=top))
    prepare(sandbox, group, anna)
    with pytest.raises(error):
        await client(send(peer, "нельзя", reply_to=top))


async def test_who_has_not_joined_only_comments(
    sandbox: Sandbox, connect: Connect, anna: User, channel: Channel
) -> None:
    client = await connect(anna)
    peer, _ = await discussion(client, channel, publish(sandbox, channel, "Пост").id)
    with pytest.raises(errors.ChatWriteForbiddenError):
        await client(send(peer, "просто так"))
    with pytest.raises(errors.ChatWriteForbiddenError):
        await client(send("kanal", "пост от читателя"))


async def test_slow_mode_is_per_account(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User, channel: Channel, group: Channel
) -> None:
    group.slowmode = 30
    first, second = await connect(anna), await connect(boris)
    post = publish(sandbox, channel, "Пост").id
    peer, top = await discussion(first, channel, post)
    await first(send(peer, "раз", reply_to=top))
    with pytest.raises(errors.SlowModeWaitError) as caught:
        await first(send(peer, "два", reply_to=top))
    assert 28 <= caught.value.seconds <= 30
    foreign, _ = await discussion(second, channel, post)
    await second(send(foreign, "раз", reply_to=top))


async def test_a_channel_without_a_name_is_closed_to_strangers(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User, channel: Channel
) -> None:
    client = await connect(anna)
    peer = await client.get_input_entity("kanal")
    worlds.change_channel(sandbox.core.world, channel, {"username": None, "banned": ["anna"]})
    with pytest.raises(errors.ChannelPrivateError):
        await client.get_messages(peer)
    with pytest.raises(errors.UsernameNotOccupiedError):
        await client(functions.contacts.ResolveUsernameRequest("kanal"))
