"""From Telethon's objects to the gateway's values."""

from datetime import datetime
from typing import Any

from telethon import utils
from telethon.tl import types

from relove.language import storable
from relove.telegram.gateway import (
    ChannelInfo,
    Counts,
    DeletedMessages,
    EditedMessage,
    Message,
    MessagesRead,
    NewMessage,
    Peer,
    PeerKind,
    Person,
    ReactionsChanged,
    Update,
)

_NEW = (types.UpdateNewMessage, types.UpdateNewChannelMessage)
_READ = (types.UpdateReadHistoryInbox, types.UpdateReadHistoryOutbox)
_EDITED = (types.UpdateEditMessage, types.UpdateEditChannelMessage)


def peer(telegram: Any) -> Peer:
    """A Peer from any of Telethon's peer types."""
    if isinstance(telegram, types.PeerUser):
        return Peer(PeerKind.USER, telegram.user_id)
    if isinstance(telegram, types.PeerChat):
        return Peer(PeerKind.CHAT, telegram.chat_id)
    return Peer(PeerKind.CHANNEL, telegram.channel_id)


def marked_id(address: Peer) -> int:
    """Telethon's marked id of an address."""
    kinds = {
        PeerKind.USER: types.PeerUser,
        PeerKind.CHAT: types.PeerChat,
        PeerKind.CHANNEL: types.PeerChannel,
    }
    marked: int = utils.get_peer_id(kinds[address.kind](address.id))
    return marked


def person(user: types.User) -> Person:
    return Person(
        id=user.id,
        username=storable(user.username or ""),
        first_name=storable(user.first_name or ""),
        last_name=storable(user.last_name or ""),
        is_bot=bool(user.bot),
    )


def counts(message: Any) -> Counts:
    replies, reactions = getattr(message, "replies", None), getattr(message, "reactions", None)
    return Counts(
        views=getattr(message, "views", None),
        forwards=getattr(message, "forwards", None),
        replies=replies.replies if replies else None,
        reactions=reaction_count(reactions),
    )


def reaction_count(reactions: types.MessageReactions | None) -> int:
    return sum(result.count for result in reactions.results) if reactions else 0


def message(raw: Any, people: dict[int, types.User]) -> Message:
    """A Message from a Message or MessageService; `people` by user id."""
    sender_id = getattr(raw.from_id, "user_id", None)
    if sender_id is None and isinstance(raw.peer_id, types.PeerUser) and not raw.out:
        sender_id = raw.peer_id.user_id  # in a private chat Telegram leaves from_id out
    reply = raw.reply_to if isinstance(raw.reply_to, types.MessageReplyHeader) else None
    sender = people.get(sender_id) if sender_id else None
    return Message(
        chat=peer(raw.peer_id),
        id=raw.id,
        text=getattr(raw, "message", "") or "",
        date=raw.date,
        sender=person(sender) if sender else (Person(sender_id) if sender_id else None),
        out=bool(raw.out),
        is_post=bool(raw.post),
        edited_at=_edited(raw),
        reply_to=reply.reply_to_msg_id if reply else None,
        thread=(reply.reply_to_top_id or reply.reply_to_msg_id) if reply else None,
        album=getattr(raw, "grouped_id", None),
        media=_media(getattr(raw, "media", None)),
        forwarded=getattr(raw, "fwd_from", None) is not None,
        is_service=isinstance(raw, types.MessageService),
        names=_names(raw, people),
        counts=counts(raw),
    )


def _names(raw: Any, people: dict[int, types.User]) -> tuple[str, ...]:
    """Of who signed the message, and of whom it mentions by name; lengths are in UTF-16 units."""
    text = (getattr(raw, "message", "") or "").encode("utf-16-le", "surrogatepass")
    found = [getattr(raw, "post_author", None) or ""]
    for entity in getattr(raw, "entities", None) or ():
        if isinstance(entity, types.MessageEntityMentionName):
            start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
            user = people.get(entity.user_id)
            found += [text[start:end].decode("utf-16-le", "replace")]
            found += [user.first_name or "", user.last_name or ""] if user else []
    return tuple(dict.fromkeys(name.strip() for name in found if name.strip()))


def _edited(raw: Any) -> datetime | None:
    # a reaction also sets the edit date; Telegram then hides it
    edited: datetime | None = getattr(raw, "edit_date", None)
    return None if getattr(raw, "edit_hide", False) else edited


def _media(media: Any) -> str:
    """What kind of media, in a word of relove.show.MEDIA; empty for none and for link previews."""
    if media is None or isinstance(media, types.MessageMediaEmpty | types.MessageMediaWebPage):
        return ""
    if isinstance(media, types.MessageMediaDocument):
        return _document(media.document)
    return type(media).__name__.removeprefix("MessageMedia").lower()


def _document(document: Any) -> str:
    """Telegram sends all of these as documents; what they are stands in their attributes."""
    found = {type(each): each for each in getattr(document, "attributes", None) or ()}
    audio, video = found.get(types.DocumentAttributeAudio), found.get(types.DocumentAttributeVideo)
    if types.DocumentAttributeSticker in found:
        return "sticker"
    if types.DocumentAttributeAnimated in found:
        return "gif"
    if audio:
        return "voice" if audio.voice else "audio"
    if video:
        return "round" if video.round_message else "video"
    return "document"


def people_of(users: Any) -> dict[int, types.User]:
    return {user.id: user for user in users if isinstance(user, types.User)}


def update(raw: Any, entities: dict[int, Any]) -> Update | None:
    """The update in our words; None for kinds nobody listens to."""
    people = people_of(entities.values())
    if isinstance(raw, _NEW + _EDITED):
        if isinstance(raw.message, types.MessageEmpty):
            return None
        kind = NewMessage if isinstance(raw, _NEW) else EditedMessage
        return kind(message(raw.message, people))
    if isinstance(raw, types.UpdateDeleteChannelMessages):
        return DeletedMessages(Peer(PeerKind.CHANNEL, raw.channel_id), tuple(raw.messages))
    if isinstance(raw, types.UpdateDeleteMessages):
        return DeletedMessages(None, tuple(raw.messages))
    if isinstance(raw, _READ) and isinstance(raw.peer, types.PeerUser):
        return MessagesRead(peer(raw.peer), raw.max_id, ours=isinstance(raw, types.UpdateReadHistoryOutbox))
    if isinstance(raw, types.UpdateMessageReactions):
        return ReactionsChanged(peer(raw.peer), raw.msg_id, reaction_count(raw.reactions))
    return None


def channel_info(channel: types.Channel, full: types.ChannelFull) -> ChannelInfo:
    return ChannelInfo(
        peer=Peer(PeerKind.CHANNEL, channel.id),
        title=storable(channel.title),
        username=storable(channel.username or ""),
        description=storable(full.about or ""),
        members_count=full.participants_count,
        is_broadcast=bool(channel.broadcast),
        is_member=not channel.left,
        linked_group=Peer(PeerKind.CHANNEL, full.linked_chat_id) if full.linked_chat_id else None,
    )
