"""What this domain hears from Telegram, and the account calls it brings: one service call each."""

from typing import Any

from django.utils import timezone

from accounts_mgmt import calls, updates
from commentators import direct as direct
from commentators import drafting, metrics, monitoring, replying
from relove import llm_work
from relove.db import in_thread
from relove.telegram.gateway import (
    DeletedMessages,
    EditedMessage,
    Gateway,
    NewMessage,
    Peer,
    PeerKind,
    PeerUnknown,
    Refused,
    Update,
)

FIRST_POSTS = 100
GAP_LIMIT = 2_000

llm_work.register(drafting.claim, drafting.advance_one)
llm_work.register(replying.claim, replying.advance_one)


@updates.on(NewMessage.kind)
@updates.on(EditedMessage.kind)
def post_seen(account_id: int, update: Update) -> None:
    assert isinstance(update, NewMessage | EditedMessage)
    if update.message.is_post:
        monitoring.saw_post(account_id, update.message)


@updates.on(DeletedMessages.kind)
def posts_deleted(account_id: int, update: Update) -> None:
    assert isinstance(update, DeletedMessages)
    if update.chat is not None:
        monitoring.saw_deletion(update.chat.id, update.ids, timezone.now())


@calls.kind("check_channel", repeatable=True)
async def check_channel(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Look a channel up by its name and keep what is found: title, members, description, comments."""
    channel_id = call.arguments["channel"]
    name = await in_thread(monitoring.name_of, channel_id)
    try:
        found = await gateway.resolve(name)
    except Refused as error:
        await in_thread(monitoring.unreadable, channel_id, error, timezone.now())
        raise
    return await in_thread(monitoring.checked, channel_id, call.account, found, timezone.now())


@calls.kind("join_channel", repeatable=True)
async def join_channel(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Join a channel, for live updates; asked for explicitly, never by itself."""
    found = await gateway.resolve(await in_thread(monitoring.name_of, call.arguments["channel"]))
    await gateway.join(found.peer)
    return {"joined": True}


@calls.kind("read_channel", repeatable=True)
async def read_channel(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Read what is new in a channel since it was last read."""
    channel_id = call.arguments["channel"]
    address, name, after = await in_thread(monitoring.reading_place, channel_id)
    # the first reading begins with the newest posts, a later one leaves no gap
    limit = GAP_LIMIT if after else FIRST_POSTS
    try:
        try:
            messages = await gateway.history(address, after=after, limit=limit)
        except PeerUnknown:
            # this account has not met the channel: public ones are found by name
            await gateway.resolve(name)
            messages = await gateway.history(address, after=after, limit=limit)
    except Refused as error:
        await in_thread(monitoring.unreadable, channel_id, error, timezone.now())
        raise
    new = await in_thread(monitoring.read, channel_id, messages, timezone.now())
    return {"read": len(messages), "new": new}


@calls.kind("read_metrics", repeatable=True)
async def read_metrics(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Read reactions and answers of comments, and the views of their posts, of one channel."""
    work = await in_thread(metrics.to_read, call.arguments["channel"], call.account)
    if not work.comments:
        return {"read": 0}
    group, channel = Peer(PeerKind.CHANNEL, work.group), Peer(PeerKind.CHANNEL, work.channel)
    ids = [comment.message_id for comment in work.comments]
    found = {message.id: message.counts for message in await gateway.messages(group, ids)}
    replies = await gateway.replies_to(group, ids)
    posts = await gateway.post_counts(channel, sorted({comment.post_message for comment in work.comments}))
    read = await in_thread(metrics.record, work, found, replies, posts, timezone.now())
    return {"read": read}
