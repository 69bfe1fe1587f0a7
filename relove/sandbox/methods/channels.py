"""channels.* and invitations: finding, joining, leaving, reading and clearing channels and groups."""

from typing import Any

from telethon.tl import types
from telethon.tl.functions import channels, messages

from relove.sandbox import rules
from relove.sandbox.methods.history import channel_messages
from relove.sandbox.methods.registry import Call, handles
from relove.sandbox.tl import RpcError
from relove.sandbox.world import Channel, Message


@handles(channels.GetChannelsRequest)
def get_channels(call: Call, request: Any) -> Any:
    found = [call.channel(given) for given in request.id]
    return types.messages.Chats(chats=[call.core.views.channel(call.user, channel) for channel in found])


@handles(channels.GetFullChannelRequest)
def get_full_channel(call: Call, request: Any) -> Any:
    channel = call.channel(request.channel)
    read = channel.read.get(call.user.id, 0)
    full = types.ChannelFull(
        id=channel.id,
        about=channel.about,
        read_inbox_max_id=read,
        read_outbox_max_id=0,
        unread_count=max(0, channel.last_id - read),
        chat_photo=types.PhotoEmpty(0),
        notify_settings=types.PeerNotifySettings(),
        bot_info=[],
        pts=channel.pts,
        participants_count=len(channel.members),
        linked_chat_id=channel.linked,
        slowmode_seconds=channel.slowmode or None,
        available_reactions=types.ChatReactionsAll(),
    )
    users, chats = call.core.views.around(call.user, channel, [])
    return types.messages.ChatFull(full_chat=full, chats=chats, users=users)


@handles(channels.JoinChannelRequest)
def join_channel(call: Call, request: Any) -> Any:
    return _joined(call, call.channel(request.channel))


def _joined(call: Call, channel: Channel) -> Any:
    rules.join(call.world, channel, call.user)
    call.core.touch()
    return types.messages.ChatInviteJoinResultOk(_changed(call, channel))


def _changed(call: Call, channel: Channel) -> Any:
    return call.updates(channel, [], [types.UpdateChannel(channel.id)])


@handles(channels.LeaveChannelRequest)
def leave_channel(call: Call, request: Any) -> Any:
    channel = call.channel(request.channel)
    rules.leave(channel, call.user)
    call.core.touch()
    return _changed(call, channel)


@handles(messages.CheckChatInviteRequest)
def check_invite(call: Call, request: Any) -> Any:
    channel = _invited(call, request.hash)
    if call.user.id in channel.members:
        return types.ChatInviteAlready(call.core.views.channel(call.user, channel))
    return types.ChatInvite(
        title=channel.title,
        photo=types.PhotoEmpty(0),
        participants_count=len(channel.members),
        color=0,
        channel=True,
        broadcast=channel.broadcast,
        public=channel.username is not None,
        megagroup=not channel.broadcast,
        about=channel.about or None,
    )


@handles(messages.ImportChatInviteRequest)
def import_invite(call: Call, request: Any) -> Any:
    channel = _invited(call, request.hash)
    if call.user.id in channel.members:
        raise RpcError("USER_ALREADY_PARTICIPANT")
    return _joined(call, channel)


def _invited(call: Call, hash: str) -> Channel:
    if hash not in call.world.invites:
        raise RpcError("INVITE_HASH_INVALID")
    return call.world.invites[hash]


@handles(channels.GetMessagesRequest)
def get_messages(call: Call, request: Any) -> Any:
    channel = call.channel(request.channel)
    ids = [getattr(item, "id", 0) for item in request.id]
    return channel_messages(call, channel, ids, len(ids))


@handles(channels.ReadHistoryRequest)
def read_history(call: Call, request: Any) -> bool:
    channel = call.channel(request.channel)
    channel.read[call.user.id] = min(request.max_id or channel.last_id, channel.last_id)
    return True


@handles(channels.DeleteMessagesRequest)
def delete_messages(call: Call, request: Any) -> Any:
    channel = call.channel(request.channel)
    own = call.user.id in channel.admins
    if not own and any(_foreign(call, channel.messages.get(id)) for id in request.id):
        raise RpcError("MESSAGE_DELETE_FORBIDDEN")
    changes = rules.delete(call.world, channel, request.id)
    call.commit(changes)
    moved = sum(change.event.count for change in changes if change.box is channel)
    return types.messages.AffectedMessages(pts=channel.pts, pts_count=moved)


def _foreign(call: Call, message: Message | None) -> bool:
    return message is not None and message.sender != call.user.id
