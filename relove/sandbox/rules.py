"""What can happen in a world, and who may make it happen.

Every function changes the world at once and returns the changes in commit order, the one the caller asked for
first. Refusals are RpcError, with Telegram's names.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from relove.sandbox.tl import RpcError, utf16_length
from relove.sandbox.world import Box, Channel, Event, Forward, Message, Thread, User, World, remove_sorted

MAX_TEXT = 4096
MAX_CAPTION = 1024


@dataclass(slots=True, frozen=True)
class Change:
    """An event of a box, with the message it is about (None for deletions)."""

    box: Box
    event: Event
    message: Message | None = None


@dataclass(slots=True, kw_only=True)
class Draft:
    """What somebody wants to say. Text is kept as it comes, but for white space at its ends."""

    text: str
    reply_to: int | None = None
    entities: list[Any] | None = None
    media: Any = None
    date: int | None = None
    grouped: int | None = None
    forward: Forward | None = None
    random_id: int | None = None

    def checked(self) -> "Draft":
        if not self.entities:  # offsets of entities count from the start of the text
            self.text = self.text.strip()
        if not self.text.strip() and self.media is None:
            raise RpcError("MESSAGE_EMPTY")
        if utf16_length(self.text) > MAX_TEXT:
            raise RpcError("MESSAGE_TOO_LONG")
        return self

    def message(self, id: int, sender: int | None, **fields: Any) -> Message:
        return Message(
            id=id,
            date=self.date or int(time.time()),
            text=self.text,
            sender=sender,
            entities=self.entities,
            media=self.media,
            grouped=self.grouped,
            forward=self.forward,
            **fields,
        )


def may_read(world: World, user: User, channel: Channel) -> None:
    """A channel is open to its members, to all if it has a name, and with the channel it is linked to."""
    if user.id in channel.members:
        return
    other = world.channels.get(channel.linked or 0)
    public = channel.username or (other and (other.username or user.id in other.members))
    if user.id in channel.banned or not public:
        raise RpcError("CHANNEL_PRIVATE")


def may_write(world: World, channel: Channel, user: User, draft: Draft) -> None:
    if user.id in channel.admins:
        return
    if user.id in channel.banned:
        raise RpcError("USER_BANNED_IN_CHANNEL")
    may_read(world, user, channel)
    if channel.broadcast or channel.closed:
        raise RpcError("CHAT_WRITE_FORBIDDEN")
    if user.id not in channel.members:
        _may_comment_as_guest(channel, draft)
    wait = channel.last_sent.get(user.id, 0) + channel.slowmode - time.time()
    if channel.slowmode and wait > 0:
        raise RpcError(f"SLOWMODE_WAIT_{int(wait) + 1}")


def _may_comment_as_guest(channel: Channel, draft: Draft) -> None:
    if channel.linked is None or draft.reply_to is None:
        raise RpcError("CHAT_WRITE_FORBIDDEN")
    if not channel.guests:
        raise RpcError("CHAT_GUEST_SEND_FORBIDDEN")


def say_in_channel(world: World, channel: Channel, sender: User | None, draft: Draft) -> list[Change]:
    """A group message, a comment, or (in a broadcast channel) a post and its copy for the discussion."""
    draft.checked()
    if sender is not None:
        may_write(world, channel, sender, draft)
        channel.last_sent[sender.id] = time.time()
    author = None if channel.broadcast or sender is None else sender.id
    message = draft.message(channel.new_id(), author, **_reply(channel, draft.reply_to))
    message.views = 1 if channel.broadcast else None
    channel.put(message)
    _count_reply(channel, message)
    world.write_ledger(channel.id, channel.kind, message, draft.random_id)
    changes = [Change(channel, channel.record("new", (message.id,)), message)]
    group = world.channels.get(channel.linked or 0) if channel.broadcast else None
    return changes + ([_copy_to_discussion(channel, group, message)] if group else [])


def _reply(channel: Channel, reply_to: int | None) -> dict[str, int | None]:
    if reply_to is None:
        return {}
    parent = channel.messages.get(reply_to)
    if parent is None:
        raise RpcError("MSG_ID_INVALID")
    return {"reply_to": reply_to, "top": parent.top or parent.id}


def _count_reply(channel: Channel, message: Message) -> None:
    """A comment counts for its thread, and for the message it answers where that is another one."""
    if message.top is None:
        return
    channel.threads.setdefault(message.top, Thread()).ids.append(message.id)
    for counted in {message.top, message.reply_to}:
        if counted in channel.messages:
            channel.messages[counted].replies += 1


def _copy_to_discussion(channel: Channel, group: Channel, post: Message) -> Change:
    copy = Message(
        id=group.new_id(),
        date=post.date,
        text=post.text,
        sender=None,
        entities=post.entities,
        media=post.media,
        grouped=post.grouped,
        forward=Forward(date=post.date, channel=channel.id, message=post.id, automatic=True),
    )
    post.discussion = copy.id
    group.put(copy)
    return Change(group, group.record("new", (copy.id,)), copy)


def say_privately(world: World, sender: User, receiver: User, draft: Draft) -> list[Change]:
    """Each side gets the message in its own box under its own id. The first change is the sender's."""
    draft.checked()
    parent = sender.messages.get(draft.reply_to or 0)
    mine = draft.message(sender.new_id(), sender.id, peer=receiver.id, out=True)
    mine.reply_to = parent.id if parent else None
    changes = [_put_private(sender, mine)]
    if receiver is not sender:
        theirs = draft.message(receiver.new_id(), sender.id, peer=sender.id, twin=mine.id)
        theirs.reply_to = parent.twin if parent else None
        mine.twin = theirs.id
        changes.append(_put_private(receiver, theirs))
    world.write_ledger(receiver.id, "private", mine, draft.random_id)
    return changes


def _put_private(owner: User, message: Message) -> Change:
    owner.put(message)
    owner.dialogs.setdefault(message.peer or 0, Thread()).ids.append(message.id)
    return Change(owner, owner.record("new", (message.id,)), message)


def edit(world: World, box: Box, id: int, text: str, entities: list[Any] | None = None) -> list[Change]:
    """A post's copy in the discussion group and the other side of a private message change with it."""
    message = box.messages.get(id)
    if message is None:
        raise RpcError("MESSAGE_ID_INVALID")
    if message.text == text and message.entities == entities:
        raise RpcError("MESSAGE_NOT_MODIFIED")
    Draft(text=text, media=message.media).checked()
    changes = []
    for place, copy in [(box, message), *_copies(world, box, message)]:
        copy.text, copy.entities, copy.edited = text, entities, int(time.time())
        changes.append(Change(place, place.record("edit", (copy.id,)), copy))
    return changes


def _copies(world: World, box: Box, message: Message) -> Iterable[tuple[Box, Message]]:
    other: Box | None = None
    if isinstance(box, Channel):
        other, id = world.channels.get(box.linked or 0), message.discussion
    else:
        other, id = world.users.get(message.peer or 0), message.twin
    if other and id in other.messages:
        yield other, other.messages[id]


def delete(world: World, box: Box, ids: list[int], *, everywhere: bool = True) -> list[Change]:
    """Deletes what exists; a post takes its copy in the discussion group along."""
    found = [box.messages[i] for i in ids if i in box.messages]
    elsewhere: dict[int, tuple[Box, list[int]]] = {}
    if everywhere:
        for message in found:
            for other, copy in _copies(world, box, message):
                elsewhere.setdefault(id(other), (other, []))[1].append(copy.id)
    places = [(box, [m.id for m in found]), *elsewhere.values()]
    return [_drop(place, gone) for place, gone in places if gone]


def _drop(box: Box, ids: list[int]) -> Change:
    for message in box.drop(ids):
        if isinstance(box, User):
            remove_sorted(box.dialogs[message.peer or 0].ids, message.id)
        elif isinstance(box, Channel) and message.top is not None:
            remove_sorted(box.threads[message.top].ids, message.id)
            for counted in {message.top, message.reply_to} & box.messages.keys():
                box.messages[counted].replies -= 1  # type: ignore[index]
    return Change(box, box.record("delete", tuple(ids)))


def read(world: World, reader: User, other: User, up_to: int) -> list[Change]:
    """Somebody read a private dialogue up to a message of their box: both sides are told, once."""
    thread = reader.dialogs.get(other.id, Thread())
    seen = [i for i in thread.ids if thread.read_inbox < i <= up_to]
    if not seen:
        return []
    thread.read_inbox = seen[-1]
    changes = [Change(reader, reader.record("read_inbox", (other.id, seen[-1])))]
    theirs = [twin for i in seen if (twin := reader.messages[i].twin) and not reader.messages[i].out]
    if theirs and other is not reader:
        changes.append(Change(other, other.record("read_outbox", (reader.id, theirs[-1]))))
    return changes


def react(box: Box, id: int, person: int, emoji: str | None) -> Message:
    """Sets or takes back a person's reaction. Reactions have no pts: they are pushed, or read again."""
    message = box.messages.get(id)
    if message is None:
        raise RpcError("MESSAGE_ID_INVALID")
    if emoji is None:
        message.reactions.pop(person, None)
    else:
        message.reactions[person] = (emoji, int(time.time()))
    return message


def join(world: World, channel: Channel, user: User) -> None:
    if user.id in channel.banned:
        raise RpcError("CHANNEL_PRIVATE")
    channel.members.add(user.id)
    user.channels.add(channel.id)


def leave(channel: Channel, user: User) -> None:
    if user.id not in channel.members:
        raise RpcError("USER_NOT_PARTICIPANT")
    channel.members.discard(user.id)
    user.channels.discard(channel.id)
