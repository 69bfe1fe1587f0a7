"""What this domain hears from Telegram, and the account calls it brings: one service call each."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from django.utils import timezone

from accounts_mgmt import calls, updates
from commentators import backfill, drafting, metrics, monitoring, refreshing, replying, services, thumbnails
from commentators import direct as direct
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

T = TypeVar("T")

FIRST_POSTS = 100
GAP_LIMIT = 2_000
# how much of what a group said since the oldest comment is looked through for answers
SAID_SINCE = 200

llm_work.register(drafting.claim, drafting.advance_one, "telegram_posts")
llm_work.register(replying.claim, replying.advance_one, "direct_messages")


def is_post(update: Update) -> bool:
    return isinstance(update, NewMessage | EditedMessage) and update.message.is_post


@updates.on(NewMessage.kind, look=is_post)
@updates.on(EditedMessage.kind, look=is_post)
def post_seen(account_id: int, update: Update) -> None:
    assert isinstance(update, NewMessage | EditedMessage)
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
    number = monitoring.number_of(name)
    try:
        found = await (gateway.channel(Peer(PeerKind.CHANNEL, number)) if number else gateway.resolve(name))
    except Refused as error:
        await in_thread(monitoring.unreadable, call, "check_channel", error, timezone.now())
        raise
    return await in_thread(monitoring.checked, channel_id, call.account, found, timezone.now())


@calls.kind("join_channel", repeatable=True)
async def join_channel(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Join a channel, for live updates; asked for explicitly, never by itself."""
    place = await in_thread(monitoring.reading_place, call.arguments["channel"])
    await met(gateway, place, lambda: gateway.join(place.address))
    return {"joined": True}


async def met(gateway: Gateway, place: monitoring.Place, ask: Callable[[], Awaitable[T]]) -> T:
    """Ask in a channel that the account may not have met: a public one is found by its name, once."""
    try:
        return await ask()
    except PeerUnknown:
        await gateway.resolve(place.name)
        return await ask()


@calls.kind("read_channel", repeatable=True)
async def read_channel(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Read what is new in a channel since it was last read."""
    channel_id = call.arguments["channel"]
    place = await in_thread(monitoring.reading_place, channel_id)
    # the first reading begins with the newest posts, a later one leaves no gap
    limit = GAP_LIMIT if place.last else FIRST_POSTS
    try:
        messages = await met(gateway, place, lambda: gateway.history(place.address, after=place.last, limit=limit))
    except Refused as error:
        await in_thread(monitoring.unreadable, call, "read_channel", error, timezone.now())
        raise
    new = await in_thread(monitoring.read, channel_id, messages, timezone.now())
    return {"read": len(messages), "new": new}


@calls.kind("backfill_channel", repeatable=True)
async def backfill_channel(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Read the next page of earlier posts; the page after it is asked for when this one is stored."""
    page = await in_thread(backfill.next_page, call.arguments["channel"])
    if page is None:
        return {"read": 0}
    place = page.place
    try:
        messages = await met(
            gateway, place, lambda: gateway.history(place.address, before=page.below, limit=page.limit)
        )
    except Refused as error:
        await in_thread(backfill.refused, page, call, error, timezone.now())
        raise
    found = await in_thread(backfill.keep, page, messages, timezone.now())
    return {"read": len(messages), "found": found}


@calls.kind("refresh_posts", repeatable=True)
async def refresh_posts(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Read known posts of a channel again: response, edits, and which of them are gone."""
    channel_id = call.arguments["channel"]
    place = await in_thread(monitoring.reading_place, channel_id)
    wanted = await in_thread(refreshing.to_read, channel_id, timezone.now())
    ids = wanted.message_ids
    messages = await met(gateway, place, lambda: gateway.messages(place.address, ids)) if ids else []
    await in_thread(refreshing.record, wanted, messages, timezone.now())
    return {"read": len(messages), "gone": len(ids) - len(messages)}


# Not repeated after a crash: nobody may delete what somebody has decided to keep meanwhile.
@calls.kind("delete_comment", repeatable=False)
async def delete_comment(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Delete a comment of the account's own, and say so at the comment."""
    comment_id = call.arguments["comment"]
    channel_id, group, message_id = await in_thread(services.place_of, comment_id)
    channel = await in_thread(monitoring.reading_place, channel_id)
    await met(gateway, channel, lambda: gateway.delete(group, [message_id]))
    await in_thread(services.deleted, comment_id, call.account)
    return {"deleted": True}


@calls.kind("read_thumbnails", repeatable=True)
async def read_thumbnails(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Load small pictures of a channel's posts, for our own pages."""
    channel_id = call.arguments["channel"]
    place = await in_thread(monitoring.reading_place, channel_id)
    wanted = await in_thread(thumbnails.to_read, channel_id, timezone.now())
    ids = wanted.message_ids
    found = await met(gateway, place, lambda: gateway.thumbnails(place.address, ids)) if ids else {}
    return {"found": await in_thread(thumbnails.record, channel_id, wanted, found, timezone.now())}


@calls.kind("read_metrics", repeatable=True)
async def read_metrics(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Read reactions and answers of comments, and the views of their posts, of one channel."""
    work = await in_thread(metrics.to_read, call.arguments["channel"], call.account)
    if not work.comments:
        return {"read": 0}
    group, channel = Peer(PeerKind.CHANNEL, work.group), Peer(PeerKind.CHANNEL, work.channel)
    ids = [comment.message_id for comment in work.comments]
    found = {message.id: message.counts for message in await gateway.messages(group, ids)}
    said = await gateway.history(group, after=min(ids) - 1, limit=SAID_SINCE)
    posts = await gateway.post_counts(channel, sorted({comment.post_message for comment in work.comments}))
    read = await in_thread(metrics.record, work, found, said, posts, timezone.now())
    return {"read": read}
