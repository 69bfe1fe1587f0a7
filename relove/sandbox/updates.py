"""Who is online, what is pushed to whom, and what somebody missed.

Pushes go out in commit order with seq=0; the connection that caused a change learns its pts from its answer.
Source: https://core.telegram.org/api/updates
"""

import time
from collections.abc import Iterable
from typing import Any, Protocol

from telethon.tl import types

from relove.sandbox.faults import Faults
from relove.sandbox.rules import Change
from relove.sandbox.tl import Raw
from relove.sandbox.views import Views
from relove.sandbox.world import Box, Channel, Event, Message, User, World


class Listener(Protocol):
    """A connection that wants updates."""

    def push(self, data: bytes) -> None: ...


class Hub:
    def __init__(self, world: World, views: Views, faults: Faults) -> None:
        self.world, self.views, self.faults = world, views, faults
        self.online: dict[int, set[Listener]] = {}
        self._held: dict[int, list[bytes]] = {}

    def enter(self, user: int, listener: Listener) -> None:
        self.online.setdefault(user, set()).add(listener)

    def leave(self, user: int, listener: Listener) -> None:
        listeners = self.online.get(user, set())
        listeners.discard(listener)
        if not listeners:
            self.online.pop(user, None)

    def push(self, changes: Iterable[Change], origin: Listener | None = None) -> None:
        """Pushes changes to all who are concerned; `origin` hears of all but the first."""
        for change in changes:
            self._push(change, origin)
            origin = None

    def _push(self, change: Change, origin: Listener | None) -> None:
        shared: dict[bool, Raw] = {}
        for viewer in self._audience(change.box):
            own = change.message is not None and change.message.sender == viewer.id
            if change.message and viewer.id in change.message.reactions:
                update = Raw(self.views.update(viewer, change)._bytes())
            else:
                update = shared.get(own) or Raw(self.views.update(viewer, change)._bytes())
                shared[own] = update
            self._deliver(viewer, change.box, [change.message] if change.message else [], update, origin)

    def push_reactions(self, box: Box, message: Message, origin: Listener | None = None) -> None:
        for viewer in self._audience(box):
            self._deliver(viewer, box, [message], self.reactions_update(viewer, box, message), origin)

    def push_to(self, user: User, update: Any) -> None:
        """One update without pts (typing, say) for one person."""
        self._deliver(user, user, [], Raw(update._bytes()), None)

    def tell_joined(self, user: User, channel: Channel) -> None:
        """Somebody has brought this person into a group."""
        if user.id in self.online:
            self._deliver(user, channel, [], Raw(types.UpdateChannel(channel.id)._bytes()), None)

    def reactions_update(self, viewer: User, box: Box, message: Message) -> Any:
        reactions = self.views.reactions(viewer, box, message)
        return types.UpdateMessageReactions(self.views.peer(box, message), message.id, reactions)

    def _audience(self, box: Box) -> list[User]:
        if isinstance(box, Channel):
            return [self.world.users[i] for i in self.online.keys() & box.members]
        return [box] if isinstance(box, User) and box.id in self.online else []

    def _deliver(
        self, viewer: User, box: Box, messages: list[Message], update: Any, origin: Listener | None
    ) -> None:
        listeners = [listener for listener in self.online[viewer.id] if listener is not origin]
        if listeners:
            data = self.bundle(viewer, box, messages, [update])._bytes()
            for copy in self._spoiled(viewer.id, box, messages, data):
                for listener in listeners:
                    listener.push(copy)

    def _spoiled(self, viewer: int, box: Box, messages: list[Message], data: bytes) -> list[bytes]:
        chat = box.id if isinstance(box, Channel) else (messages[0].peer if messages else None)
        fault = self.faults.for_update(viewer, chat)
        held = self._held.pop(viewer, []) if self._held else []
        if fault is None:
            return [data, *held]
        if fault.kind == "reorder_updates" and not held:
            self._held[viewer] = [data]
            return []
        return {"drop_updates": held, "repeat_updates": [data, data, *held]}.get(fault.kind, [data, *held])

    def bundle(self, viewer: User, box: Box, messages: list[Message], updates: list[Any]) -> Any:
        users, chats = self.views.around(viewer, box, messages)
        return types.Updates(updates=updates, users=users, chats=chats, date=int(time.time()), seq=0)

    def state(self, user: User) -> Any:
        return types.updates.State(pts=user.pts, qts=0, date=int(time.time()), seq=0, unread_count=0)

    def difference(self, user: User, pts: int, date: float) -> Any:
        """What the own box gained since `pts`, and which channels moved since `date` (Unix seconds)."""
        missed = user.events_after(pts)
        if missed is None:
            return types.updates.DifferenceTooLong(pts=user.pts)
        part = missed[: self.world.settings.difference_slice]
        whole = len(part) == len(missed)
        channels = self._moved(user, date) if whole else []
        if not part and not channels:
            return types.updates.DifferenceEmpty(date=int(time.time()), seq=0)
        new, other, messages = self._replay(user, user, part)
        users, chats = self._around_all(user, [user, *channels], messages)
        other += [types.UpdateChannelTooLong(channel_id=channel.id, pts=channel.pts) for channel in channels]
        if whole:
            return types.updates.Difference(new, [], other, chats, users, self.state(user))
        state = types.updates.State(pts=part[-1].pts, qts=0, date=int(date), seq=0, unread_count=0)
        return types.updates.DifferenceSlice(new, [], other, chats, users, state)

    def _moved(self, user: User, date: float) -> list[Channel]:
        channels = [self.world.channels[i] for i in user.channels]
        return [channel for channel in channels if channel.moved >= int(date)]

    def channel_difference(self, user: User, channel: Channel, pts: int, limit: int) -> Any:
        """After a too long one the client asks again from the newest pts, and gets an empty one."""
        missed = channel.events_after(pts)
        if missed is None or len(missed) > self.world.settings.channel_too_long:
            return self._too_long(user, channel)
        if not missed:
            return types.updates.ChannelDifferenceEmpty(pts=channel.pts, final=True, timeout=30)
        part = missed[: max(1, min(limit, self.world.settings.difference_slice))]
        new, other, messages = self._replay(user, channel, part)
        users, chats = self.views.around(user, channel, messages)
        return types.updates.ChannelDifference(
            pts=part[-1].pts,
            new_messages=new,
            other_updates=other,
            chats=chats,
            users=users,
            final=len(part) == len(missed),
            timeout=30,
        )

    def _too_long(self, user: User, channel: Channel) -> Any:
        latest = [channel.messages[i] for i in channel.ids[-1:]]
        users, chats = self.views.around(user, channel, latest)
        return types.updates.ChannelDifferenceTooLong(
            dialog=self.dialog(user, channel, types.PeerChannel(channel.id)),
            messages=[self.views.message(user, channel, message) for message in latest],
            chats=chats,
            users=users,
            final=True,
            timeout=30,
        )

    def _replay(self, viewer: User, box: Box, events: list[Event]) -> tuple[list[Any], list[Any], list[Message]]:
        """(new messages, other updates, all messages in them) of a run of events, as things are now."""
        new, other, seen = [], [], []
        for event in events:
            if event.kind not in ("new", "edit"):
                other.append(self.views.update(viewer, Change(box, event)))
                continue
            message = box.messages.get(event.ids[0])
            if message is None:
                continue
            seen.append(message)
            if event.kind == "new":
                new.append(self.views.message(viewer, box, message))
            else:
                other.append(self.views.update(viewer, Change(box, event, message)))
        return new, other, seen

    def _around_all(self, viewer: User, boxes: list[Any], messages: list[Message]) -> tuple[list[Raw], list[Raw]]:
        users, chats = self.views.around(viewer, boxes[0], messages)
        return users, chats + [self.views.channel(viewer, channel) for channel in boxes[1:]]

    def dialog(self, user: User, channel: Channel, peer: Any) -> Any:
        read = channel.read.get(user.id, 0)
        return types.Dialog(
            peer=peer,
            top_message=channel.ids[-1] if channel.ids else 0,
            read_inbox_max_id=read,
            read_outbox_max_id=0,
            unread_count=max(0, channel.last_id - read),
            unread_mentions_count=0,
            unread_reactions_count=0,
            unread_poll_votes_count=0,
            notify_settings=types.PeerNotifySettings(),
            pts=channel.pts,
        )
