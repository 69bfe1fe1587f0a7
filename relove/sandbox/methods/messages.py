"""messages.*: sending, editing, deleting, reacting, reading, typing."""

from collections.abc import Callable
from typing import Any

from telethon.tl import types
from telethon.tl.functions import messages

from relove.sandbox import media, pictures, rules
from relove.sandbox.methods.photos import uploaded
from relove.sandbox.methods.registry import Call, handles
from relove.sandbox.rules import MAX_CAPTION, Change, Draft
from relove.sandbox.tl import RpcError, utf16_length
from relove.sandbox.world import Box, Channel, Message, User


@handles(messages.SendMessageRequest)
def send_message(call: Call, request: Any) -> Any:
    return _send(call, request)


@handles(messages.SendMediaRequest)
def send_media(call: Call, request: Any) -> Any:
    """A photo with its caption; Telegram refuses captions longer than 1024 UTF-16 units."""
    if not isinstance(request.media, types.InputMediaUploadedPhoto):
        raise RpcError("MEDIA_INVALID")
    if utf16_length(request.message) > MAX_CAPTION:
        raise RpcError("MEDIA_CAPTION_TOO_LONG")
    return _send(call, request, lambda: _photo(call, request.media.file))


def _photo(call: Call, file: Any) -> Any:
    data = uploaded(call, file)
    try:
        shape = pictures.shape_of(data)
    except OSError as error:
        raise RpcError("PHOTO_INVALID_DIMENSIONS") from error
    number = int.from_bytes(call.world.digest("photo", len(call.world.photos))[:7], "little")
    call.world.photos[number] = data
    return media.photo(number, shape)


def _send(call: Call, request: Any, made: Callable[[], Any] = lambda: None) -> Any:
    """Accept a message once; `made` gives its media, and is asked only then."""
    peer = call.peer(request.peer, to_write=True)
    earlier = call.world.remembered(call.user.id, request.random_id)
    if earlier:
        return _repeated(call, request.random_id, *earlier)
    call.core.take_rate()
    draft = Draft(
        text=request.message,
        reply_to=getattr(request.reply_to, "reply_to_msg_id", None),
        entities=request.entities,
        random_id=request.random_id,
        media=made(),
    )
    if isinstance(peer, Channel):
        changes = rules.say_in_channel(call.world, peer, call.user, draft)
    else:
        changes = rules.say_privately(call.world, call.user, peer, draft)
    box, message = changes[0].box, _message(changes[0])
    call.world.remember(call.user.id, request.random_id, box.id, message.id)
    call.commit(changes)
    return _sent(call, changes[0], request.random_id)


def _message(change: Change) -> Message:
    assert change.message is not None
    return change.message


def _sent(call: Call, change: Change, random_id: int) -> Any:
    """Telegram answers a plain private message with its short form, anything else with the whole update."""
    message, event = _message(change), change.event
    if isinstance(change.box, User) and message.media is None:
        return types.UpdateShortSentMessage(
            id=message.id,
            pts=event.pts,
            pts_count=event.count,
            date=message.date,
            out=True,
            entities=message.entities,
        )
    update = call.core.views.update(call.user, change)
    return call.updates(change.box, [message], [types.UpdateMessageID(message.id, random_id), update])


def _repeated(call: Call, random_id: int, box_id: int, message_id: int) -> Any:
    """The answer to a random_id that is remembered: an error, or the message that was accepted then."""
    box: Box | None = call.world.channels.get(box_id) or call.world.users.get(box_id)
    if call.world.settings.duplicate_answer == "error" or not box or message_id not in box.messages:
        raise RpcError("RANDOM_ID_DUPLICATE")
    created = [event for event in box.events if event.kind == "new" and event.ids == (message_id,)]
    if not created:
        raise RpcError("RANDOM_ID_DUPLICATE")
    return _sent(call, Change(box, created[0], box.messages[message_id]), random_id)


@handles(messages.EditMessageRequest)
def edit_message(call: Call, request: Any) -> Any:
    peer = call.peer(request.peer)
    box = call.box(peer)
    message = box.messages.get(request.id)
    if message is None:
        raise RpcError("MESSAGE_ID_INVALID")
    if message.sender != call.user.id and not (isinstance(peer, Channel) and call.user.id in peer.admins):
        raise RpcError("MESSAGE_AUTHOR_REQUIRED")
    changes = rules.edit(call.world, box, request.id, request.message or "", request.entities)
    call.commit(changes)
    return call.updates(box, [message], [call.core.views.update(call.user, changes[0])])


@handles(messages.DeleteMessagesRequest)
def delete_messages(call: Call, request: Any) -> Any:
    """Private messages; those of channels are deleted by channels.deleteMessages."""
    changes = rules.delete(call.world, call.user, request.id, everywhere=bool(request.revoke))
    call.commit(changes)
    count = changes[0].event.count if changes else 0
    return types.messages.AffectedMessages(pts=call.user.pts, pts_count=count)


@handles(messages.SendReactionRequest)
def send_reaction(call: Call, request: Any) -> Any:
    peer = call.peer(request.peer)
    box = call.box(peer)
    given = [item for item in request.reaction or [] if isinstance(item, types.ReactionEmoji)]
    emoji = given[0].emoticon if given else None
    message = rules.react(box, request.msg_id, call.user.id, emoji)
    call.core.commit_reaction(box, message, call.origin)
    if isinstance(peer, User) and peer is not call.user and message.twin in peer.messages:
        twin = rules.react(peer, message.twin, call.user.id, emoji)
        call.core.commit_reaction(peer, twin)
    return call.updates(box, [message], [call.core.hub.reactions_update(call.user, box, message)])


@handles(messages.ReadHistoryRequest)
def read_history(call: Call, request: Any) -> Any:
    peer = call.peer(request.peer)
    up_to = request.max_id or call.user.last_id
    changes = rules.read(call.world, call.user, peer, up_to) if isinstance(peer, User) else []
    call.commit(changes)
    return types.messages.AffectedMessages(pts=call.user.pts, pts_count=changes[0].event.count if changes else 0)


@handles(messages.SetTypingRequest)
def set_typing(call: Call, request: Any) -> bool:
    peer = call.peer(request.peer)
    if isinstance(peer, User) and peer is not call.user and peer.id in call.core.hub.online:
        call.core.hub.push_to(peer, types.UpdateUserTyping(call.user.id, request.action))
    return True
