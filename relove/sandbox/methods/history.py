"""Reading messages: history, threads, search, single messages, dialogs, counters."""

from bisect import bisect_left, bisect_right
from typing import Any

from telethon.tl import types
from telethon.tl.functions import messages

from relove.sandbox.methods.registry import Call, handles
from relove.sandbox.tl import RpcError, seconds
from relove.sandbox.world import Box, Channel, Message, Thread, User

_MAX_PAGE = 100
_FOREVER = float("inf")


def channel_messages(call: Call, channel: Channel, ids: list[int], count: int) -> Any:
    """Messages of a channel by id; what does not exist comes as MessageEmpty."""
    return types.messages.ChannelMessages(pts=channel.pts, count=count, topics=[], **_contents(call, channel, ids))


def private_messages(call: Call, ids: list[int], count: int) -> Any:
    contents = _contents(call, call.user, ids)
    if len(ids) < count:
        return types.messages.MessagesSlice(count=count, topics=[], **contents)
    return types.messages.Messages(topics=[], **contents)


def _contents(call: Call, box: Box, ids: list[int]) -> dict[str, Any]:
    found = [box.messages[id] for id in ids if id in box.messages]
    views = call.core.views
    users, chats = views.around(call.user, box, found)
    listed = [
        views.message(call.user, box, box.messages[id])
        if id in box.messages
        else types.MessageEmpty(id=id, peer_id=None)
        for id in ids
    ]
    return {"messages": listed, "users": users, "chats": chats}


def _page(ids: list[int], request: Any, box: Box) -> list[int]:
    """A page of an ascending list, the newest first, by Telegram's offsets.

    Source: https://core.telegram.org/api/offsets
    """
    end = len(ids)
    if request.offset_id:
        end = bisect_left(ids, request.offset_id)
    date = seconds(getattr(request, "offset_date", None))
    if date and not request.offset_id:
        end = bisect_left(ids, date, key=lambda id: box.messages[id].date)
    end = min(end, bisect_left(ids, request.max_id)) if request.max_id else end
    end = min(len(ids), max(0, end - request.add_offset))
    start = max(0, end - min(max(request.limit, 0), _MAX_PAGE))
    if request.min_id:
        start = max(start, bisect_right(ids, request.min_id))
    return ids[start:end][::-1]


def _ids(call: Call, peer: User | Channel) -> list[int]:
    if isinstance(peer, Channel):
        return peer.ids
    return call.user.dialogs.get(peer.id, Thread()).ids


def _listed(call: Call, peer: User | Channel, ids: list[int], count: int) -> Any:
    if isinstance(peer, Channel):
        return channel_messages(call, peer, ids, count)
    return private_messages(call, ids, count)


@handles(messages.GetHistoryRequest)
def get_history(call: Call, request: Any) -> Any:
    peer = call.peer(request.peer)
    ids = _ids(call, peer)
    return _listed(call, peer, _page(ids, request, call.box(peer)), len(ids))


@handles(messages.SearchRequest)
def search(call: Call, request: Any) -> Any:
    peer = call.peer(request.peer)
    box = call.box(peer)
    author = call.person(request.from_id).id if request.from_id else None
    ids = _thread(peer, request.top_msg_id).ids if request.top_msg_id else _ids(call, peer)
    found = [id for id in ids if _matches(box.messages[id], request, author)]
    return _listed(call, peer, _page(found, request, box), len(found))


def _matches(message: Message, request: Any, author: int | None) -> bool:
    return (
        request.q.lower() in message.text.lower()
        and author in (None, message.sender)
        and (seconds(request.min_date) or 0) <= message.date <= (seconds(request.max_date) or _FOREVER)
    )


@handles(messages.GetMessagesRequest)
def get_messages(call: Call, request: Any) -> Any:
    ids = [getattr(item, "id", 0) for item in request.id]
    return private_messages(call, ids, len(ids))


def _thread(peer: Any, top: int) -> Thread:
    if not isinstance(peer, Channel) or top not in peer.messages:
        raise RpcError("MSG_ID_INVALID")
    return peer.threads.get(top, Thread())


def _discussion(call: Call, peer: Any, msg_id: int) -> tuple[Channel, list[int]]:
    """The discussion group and the copies of the post (of all parts of an album) in it."""
    if isinstance(peer, Channel) and not peer.broadcast and msg_id in peer.messages:
        return peer, [msg_id]
    post = peer.messages.get(msg_id) if isinstance(peer, Channel) and peer.linked else None
    if post is None:
        raise RpcError("MSG_ID_INVALID")
    group = call.world.channels[peer.linked]
    near = (peer.messages.get(id) for id in range(msg_id - 10, msg_id + 11))
    album = [part for part in near if part and (part is post or (post.grouped and part.grouped == post.grouped))]
    copies = [part.discussion for part in album if part.discussion in group.messages]
    if not copies:
        raise RpcError("MSG_ID_INVALID")
    return group, [id for id in copies if id is not None]


@handles(messages.GetDiscussionMessageRequest)
def get_discussion_message(call: Call, request: Any) -> Any:
    group, ids = _discussion(call, call.peer(request.peer), request.msg_id)
    contents = _contents(call, group, sorted(ids, reverse=True))
    comments = group.threads.get(min(ids), Thread()).ids
    return types.messages.DiscussionMessage(
        unread_count=len(comments), max_id=comments[-1] if comments else None, **contents
    )


@handles(messages.GetRepliesRequest)
def get_replies(call: Call, request: Any) -> Any:
    group, ids = _discussion(call, call.peer(request.peer), request.msg_id)
    thread = _thread(group, min(ids)).ids
    return channel_messages(call, group, _page(thread, request, group), len(thread))


@handles(messages.GetMessagesViewsRequest)
def get_messages_views(call: Call, request: Any) -> Any:
    """Counts `increment`, so that a test can prove it is never asked for."""
    peer = call.peer(request.peer)
    box = call.box(peer)
    found = [box.messages.get(id) for id in request.id]
    if request.increment:
        call.core.stats.views_increments[call.user.id] += len(found)
        for message in found:
            if message and message.views is not None:
                message.views += 1
    users, chats = call.core.views.around(call.user, box, [])
    counters = [_counters(call, box, message) for message in found]
    return types.messages.MessageViews(views=counters, chats=chats, users=users)


def _counters(call: Call, box: Box, message: Message | None) -> Any:
    if message is None or message.views is None:
        return types.MessageViews()
    shown = call.core.views.message(call.user, box, message)
    return types.MessageViews(views=message.views, forwards=0, replies=shown.replies)


@handles(messages.GetMessagesReactionsRequest)
def get_messages_reactions(call: Call, request: Any) -> Any:
    peer = call.peer(request.peer)
    box = call.box(peer)
    found = [box.messages[id] for id in request.id if id in box.messages]
    updates = [call.core.hub.reactions_update(call.user, box, message) for message in found]
    return call.updates(box, found, updates)


@handles(messages.GetMessageReactionsListRequest)
def get_reactions_list(call: Call, request: Any) -> Any:
    peer = call.peer(request.peer)
    box = call.box(peer)
    message = box.messages.get(request.id)
    if message is None or (isinstance(peer, Channel) and peer.broadcast):
        raise RpcError("MSG_ID_INVALID")
    users, chats = call.core.views.around(call.user, box, [message])
    reactors = call.core.views.reactors(call.user, message)
    shown = reactors[: max(0, request.limit)]
    return types.messages.MessageReactionsList(count=len(reactors), reactions=shown, chats=chats, users=users)


@handles(messages.GetDialogsRequest)
def get_dialogs(call: Call, request: Any) -> Any:
    peers: list[User | Channel] = [call.world.channels[id] for id in call.user.channels]
    peers += [call.world.users[id] for id in call.user.dialogs]
    before = seconds(request.offset_date) or _FOREVER
    dated = sorted(((_top_date(call, peer), peer) for peer in peers), key=lambda pair: -pair[0])
    listed = [peer for date, peer in dated if date < before]
    page = listed[: max(1, min(request.limit, _MAX_PAGE))]
    contents = _dialogs(call, page)
    if len(page) == len(peers):
        return types.messages.Dialogs(**contents)
    return types.messages.DialogsSlice(count=len(peers), **contents)


@handles(messages.GetPeerDialogsRequest)
def get_peer_dialogs(call: Call, request: Any) -> Any:
    peers = [call.peer(item.peer) for item in request.peers]
    return types.messages.PeerDialogs(**_dialogs(call, peers), state=call.core.hub.state(call.user))


def _top_date(call: Call, peer: User | Channel) -> int:
    ids = _ids(call, peer)
    return call.box(peer).messages[ids[-1]].date if ids else getattr(peer, "date", 0)


def _dialogs(call: Call, peers: list[User | Channel]) -> dict[str, Any]:
    views, viewer = call.core.views, call.user
    shown, people, chats = [], {viewer.id: viewer}, {}
    for peer in peers:
        box, ids = call.box(peer), _ids(call, peer)
        if ids:
            top = box.messages[ids[-1]]
            shown.append(views.message(viewer, box, top))
            if top.sender:
                people[top.sender] = call.world.users[top.sender]
        if isinstance(peer, Channel):
            chats[peer.id] = peer
        else:
            people[peer.id] = peer
    return {
        "dialogs": [_dialog(call, peer) for peer in peers],
        "messages": shown,
        "chats": [views.channel(viewer, channel) for channel in chats.values()],
        "users": [views.user(viewer, person) for person in people.values()],
    }


def _dialog(call: Call, peer: User | Channel) -> Any:
    if isinstance(peer, Channel):
        return call.core.hub.dialog(call.user, peer, types.PeerChannel(peer.id))
    thread = call.user.dialogs.get(peer.id, Thread())
    unread = thread.ids[bisect_right(thread.ids, thread.read_inbox) :]
    return types.Dialog(
        peer=types.PeerUser(peer.id),
        top_message=thread.ids[-1] if thread.ids else 0,
        read_inbox_max_id=thread.read_inbox,
        read_outbox_max_id=0,
        unread_count=sum(not call.user.messages[id].out for id in unread),
        unread_mentions_count=0,
        unread_reactions_count=0,
        unread_poll_votes_count=0,
        notify_settings=types.PeerNotifySettings(),
    )
