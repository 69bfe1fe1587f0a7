"""How the world looks to one person: TL objects with that person's access hashes.

People and chats are kept encoded per viewer, because every push carries them whole.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from telethon.tl import types

from relove.sandbox.rules import Change
from relove.sandbox.tl import Raw
from relove.sandbox.world import Box, Channel, Event, Forward, Message, User, World

_CACHE_LIMIT = 200_000


class Views:
    def __init__(self, world: World) -> None:
        self.world = world
        self._encoded: dict[tuple[int, str, int, int, bool], Raw] = {}
        self._hashes: dict[tuple[int, str, int], int] = {}

    def access_hash(self, viewer: int, kind: str, id: int) -> int:
        key = (viewer, kind, id)
        if key not in self._hashes:
            self._hashes[key] = self.world.access_hash(viewer, kind, id)
        return self._hashes[key]

    def user(self, viewer: User, user: User) -> Raw:
        key = (viewer.id, "user", user.id, user.version, True)
        return self._encoded.get(key) or self._keep(key, self._user(viewer, user))

    def channel(self, viewer: User, channel: Channel) -> Raw:
        key = (viewer.id, "channel", channel.id, channel.version, viewer.id in channel.members)
        return self._encoded.get(key) or self._keep(key, self._channel(viewer, channel))

    def _keep(self, key: tuple[int, str, int, int, bool], thing: Any) -> Raw:
        if len(self._encoded) > _CACHE_LIMIT:
            self._encoded.clear()
        self._encoded[key] = Raw(thing._bytes())
        return self._encoded[key]

    def _user(self, viewer: User, user: User) -> Any:
        own = viewer is user
        return types.User(
            id=user.id,
            is_self=own,
            bot=user.bot,
            bot_info_version=1 if user.bot else None,
            access_hash=self.access_hash(viewer.id, "user", user.id),
            first_name=user.first_name,
            last_name=user.last_name or None,
            username=user.username,
            phone=user.phone if own else None,
            photo=types.UserProfilePhoto(user.photo_id, user.photo_dc) if user.photo else None,
            status=None if user.bot else types.UserStatusRecently(),
        )

    def _channel(self, viewer: User, channel: Channel) -> Any:
        return types.Channel(
            id=channel.id,
            title=channel.title,
            photo=types.ChatPhotoEmpty(),
            date=channel.date,
            creator=viewer.id in channel.admins,
            left=viewer.id not in channel.members,
            broadcast=channel.broadcast,
            megagroup=not channel.broadcast,
            has_link=channel.linked is not None,
            slowmode_enabled=channel.slowmode > 0,
            access_hash=self.access_hash(viewer.id, "channel", channel.id),
            username=channel.username,
            default_banned_rights=None
            if channel.broadcast
            else types.ChatBannedRights(until_date=2**31 - 1, send_messages=channel.closed),
            participants_count=len(channel.members),
        )

    def message(self, viewer: User, box: Box, message: Message) -> Any:
        if isinstance(box, Channel):
            peer, sender = types.PeerChannel(box.id), self._sender(box, message)
            out = message.sender == viewer.id
        else:
            peer, sender, out = types.PeerUser(message.peer), None, message.out
        return types.Message(
            id=message.id,
            peer_id=peer,
            date=message.date,
            message=message.text,
            out=out,
            post=isinstance(box, Channel) and box.broadcast,
            from_id=sender,
            fwd_from=_forwarded(message.forward),
            reply_to=_reply_header(message),
            media=message.media,
            entities=message.entities,
            views=message.views,
            forwards=None if message.views is None else 0,
            replies=self._replies(box, message),
            edit_date=message.edited,
            grouped_id=message.grouped,
            reactions=self.reactions(viewer, box, message) if message.reactions else None,
        )

    def _sender(self, box: Channel, message: Message) -> Any:
        if message.sender is not None:
            return types.PeerUser(message.sender)
        if box.broadcast:
            return None
        return types.PeerChannel(message.forward.channel if message.forward else box.id)

    def _replies(self, box: Box, message: Message) -> Any:
        if not isinstance(box, Channel):
            return None
        group = self.world.channels.get(box.linked or 0)
        if box.broadcast and group and message.discussion in group.messages:
            thread = group.threads.get(message.discussion or 0)
            return types.MessageReplies(
                replies=group.messages[message.discussion].replies,
                replies_pts=group.pts,
                comments=True,
                channel_id=group.id,
                max_id=thread.ids[-1] if thread and thread.ids else None,
            )
        automatic = message.forward is not None and message.forward.automatic
        if message.replies or automatic:
            return types.MessageReplies(replies=message.replies, replies_pts=box.pts)
        return None

    def reactions(self, viewer: User, box: Box, message: Message) -> Any:
        mine = message.reactions.get(viewer.id, (None, 0))[0]
        counts = Counter(emoji for emoji, _ in message.reactions.values())
        group = not (isinstance(box, Channel) and box.broadcast)
        return types.MessageReactions(
            results=[
                types.ReactionCount(types.ReactionEmoji(emoji), count, chosen_order=0 if emoji == mine else None)
                for emoji, count in counts.most_common()
            ],
            can_see_list=group,
            recent_reactions=self.reactors(viewer, message)[:3] if group else None,
        )

    def reactors(self, viewer: User, message: Message) -> list[Any]:
        """Who reacted with what, the latest first."""
        return [
            types.MessagePeerReaction(
                peer_id=types.PeerUser(person),
                date=date,
                reaction=types.ReactionEmoji(emoji),
                my=person == viewer.id,
            )
            for person, (emoji, date) in reversed(message.reactions.items())
        ]

    def around(self, viewer: User, box: Box, messages: Iterable[Message]) -> tuple[list[Raw], list[Raw]]:
        """(users, chats) the viewer needs to understand these messages, the box itself included."""
        users, chats = {viewer.id}, set[int]()
        for message in messages:
            users |= {message.sender or 0, message.peer or 0, *message.reactions}
            if message.forward and message.forward.channel:
                chats.add(message.forward.channel)
        if isinstance(box, Channel):
            chats |= {box.id, box.linked or 0}
        known, places = self.world.users, self.world.channels
        return (
            [self.user(viewer, known[i]) for i in users if i in known],
            [self.channel(viewer, places[i]) for i in chats if i in places],
        )

    def update(self, viewer: User, change: Change) -> Any:
        """The update that tells this person of a change."""
        event, box = change.event, change.box
        if isinstance(box, Channel):
            if event.kind == "delete":
                return types.UpdateDeleteChannelMessages(box.id, list(event.ids), event.pts, event.count)
            kind = types.UpdateNewChannelMessage if event.kind == "new" else types.UpdateEditChannelMessage
        else:
            if event.kind == "delete":
                return types.UpdateDeleteMessages(list(event.ids), event.pts, event.count)
            if event.kind in ("read_inbox", "read_outbox"):
                return self._read(box, event)
            kind = types.UpdateNewMessage if event.kind == "new" else types.UpdateEditMessage
        return kind(
            self.message(viewer, box, change.message or box.messages[event.ids[0]]), event.pts, event.count
        )

    def _read(self, box: Box, event: Event) -> Any:
        other, up_to = event.ids
        if event.kind == "read_outbox":
            return types.UpdateReadHistoryOutbox(types.PeerUser(other), up_to, event.pts, event.count)
        return types.UpdateReadHistoryInbox(
            peer=types.PeerUser(other), max_id=up_to, still_unread_count=0, pts=event.pts, pts_count=event.count
        )

    def peer(self, box: Box, message: Message) -> Any:
        return types.PeerChannel(box.id) if isinstance(box, Channel) else types.PeerUser(message.peer)


def _forwarded(forward: Forward | None) -> Any:
    if forward is None:
        return None
    channel = types.PeerChannel(forward.channel) if forward.channel else None
    return types.MessageFwdHeader(
        date=forward.date,
        imported=None,
        from_id=channel,
        from_name=forward.name,
        channel_post=forward.message,
        saved_from_peer=channel if forward.automatic else None,
        saved_from_msg_id=forward.message if forward.automatic else None,
    )


def _reply_header(message: Message) -> Any:
    if message.reply_to is None:
        return None
    top = message.top if message.top != message.reply_to else None
    return types.MessageReplyHeader(reply_to_msg_id=message.reply_to, reply_to_top_id=top)
