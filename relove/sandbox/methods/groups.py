"""Groups somebody makes: title, description, photo, invitations, pins, who may write, the list of dialogues."""

from typing import Any

from telethon.tl import types
from telethon.tl.functions import channels, messages

from relove.sandbox import rules
from relove.sandbox.methods.photos import uploaded
from relove.sandbox.methods.registry import Call, handles
from relove.sandbox.tl import RpcError
from relove.sandbox.world import Channel

_TITLE, _ABOUT = 128, 255


@handles(channels.CreateChannelRequest)
def create_channel(call: Call, request: Any) -> Any:
    if not 0 < len(request.title.strip()) <= _TITLE:
        raise RpcError("CHAT_TITLE_EMPTY")
    channel = call.world.add_channel(
        title=request.title, about=request.about, broadcast=not request.megagroup, admins={call.user.id}
    )
    rules.join(call.world, channel, call.user)
    return _changed(call, channel)


@handles(channels.DeleteChannelRequest)
def delete_channel(call: Call, request: Any) -> Any:
    channel = _own(call, request.channel)
    for number in list(channel.members):
        rules.leave(channel, call.world.users[number])
    answer = _changed(call, channel)
    del call.world.channels[channel.id], call.world.invites[channel.invite]
    return answer


@handles(channels.EditTitleRequest)
def edit_title(call: Call, request: Any) -> Any:
    channel = _own(call, request.channel)
    if channel.title == request.title:
        raise RpcError("CHAT_NOT_MODIFIED")
    channel.title = request.title
    return _changed(call, channel)


@handles(messages.EditChatAboutRequest)
def edit_about(call: Call, request: Any) -> bool:
    channel = _own(call, request.peer)
    if channel.about == request.about:
        raise RpcError("CHAT_ABOUT_NOT_MODIFIED")
    if len(request.about) > _ABOUT:
        raise RpcError("CHAT_ABOUT_TOO_LONG")
    channel.about = request.about
    call.core.touch()
    return True


@handles(channels.EditPhotoRequest)
def edit_photo(call: Call, request: Any) -> Any:
    channel = _own(call, request.channel)
    channel.photo = uploaded(call, request.photo.file)
    return _changed(call, channel)


@handles(messages.ExportChatInviteRequest)
def export_invite(call: Call, request: Any) -> Any:
    channel = _own(call, request.peer)
    link = f"https://t.me/+{channel.invite}"
    return types.ChatInviteExported(link=link, admin_id=call.user.id, date=None, permanent=True)


@handles(channels.InviteToChannelRequest)
def invite(call: Call, request: Any) -> Any:
    """Whoever's privacy forbids it is left out and named."""
    channel = _own(call, request.channel)
    missing = []
    for person in map(call.person, request.users):
        if person.uninvited:
            missing.append(types.MissingInvitee(person.id))
        elif person.id in channel.members:
            raise RpcError("USER_ALREADY_PARTICIPANT")
        else:
            rules.join(call.world, channel, person)
            call.core.hub.tell_joined(person, channel)
    return types.messages.InvitedUsers(_changed(call, channel), missing)


@handles(channels.GetParticipantRequest)
def get_participant(call: Call, request: Any) -> Any:
    channel, person = call.channel(request.channel), call.person(request.participant)
    if person.id not in channel.members:
        raise RpcError("USER_NOT_PARTICIPANT")
    users = [call.core.views.user(call.user, person)]
    return types.channels.ChannelParticipant(types.ChannelParticipant(person.id, None), [], users)


@handles(messages.UpdatePinnedMessageRequest)
def pin(call: Call, request: Any) -> Any:
    channel = _own(call, request.peer)
    if request.id not in channel.messages:
        raise RpcError("MESSAGE_ID_INVALID")
    if request.id in channel.pinned:
        raise RpcError("CHAT_NOT_MODIFIED")
    channel.pinned = (*channel.pinned, request.id)
    return _changed(call, channel)


@handles(messages.EditChatDefaultBannedRightsRequest)
def close(call: Call, request: Any) -> Any:
    channel = _own(call, request.peer)
    if channel.closed == bool(request.banned_rights.send_messages):
        raise RpcError("CHAT_NOT_MODIFIED")
    channel.closed = bool(request.banned_rights.send_messages)
    return _changed(call, channel)


def _own(call: Call, given: Any) -> Channel:
    channel = call.channel(given)
    if call.user.id not in channel.admins:
        raise RpcError("CHAT_ADMIN_REQUIRED")
    return channel


def _changed(call: Call, channel: Channel) -> Any:
    channel.version += 1
    call.core.touch()
    return call.updates(channel, [], [types.UpdateChannel(channel.id)])
