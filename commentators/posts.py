"""Storing posts: each once, whether it came live, by interval, twice, in parts or edited."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from commentators import freshness
from commentators.models import TelegramChannel, TelegramPost
from relove import llm_work
from relove.db import notify
from relove.language import storable
from relove.telegram.gateway import Counts, Message

REFRESHED = ["text", "media_urls", "engagement", "edited_at", "refreshed_at"]


@transaction.atomic
def store(channel_id: int, messages: Sequence[Message]) -> list[int]:
    """Store or refresh posts of a channel; answers the ids of the new ones.

    The channel's row is locked: the parts of an album may arrive at once in two processes.
    """
    channel = TelegramChannel.objects.select_for_update().get(id=channel_id)
    posts = [message for message in messages if not message.is_service]
    merged = _merge_albums(channel, posts)
    ids = [post.message_id for post in merged]
    known = {post.message_id: post for post in channel.posts.filter(message_id__in=ids)}
    for post in merged:
        _keep_newer_text(post, known.get(post.message_id))
    TelegramPost.objects.bulk_create(
        merged,
        update_conflicts=True,
        unique_fields=["channel", "message_id"],
        update_fields=REFRESHED,
    )
    new = list(channel.posts.filter(message_id__in=set(ids) - known.keys()).values_list("id", flat=True))
    if new or _worded(channel, ids):
        notify(llm_work.CHANNEL)
    return new


def _keep_newer_text(post: TelegramPost, stored: TelegramPost | None) -> None:
    """A reading that was on its way when an edit came must not take the edit back."""
    if stored and stored.edited_at and (post.edited_at is None or post.edited_at < stored.edited_at):
        post.text, post.edited_at = stored.text, stored.edited_at


def _worded(channel: TelegramChannel, ids: Sequence[int]) -> int:
    """Posts passed over for want of a text that have one now: an album's caption, an edit."""
    silent = channel.posts.filter(message_id__in=ids, stage=TelegramPost.Stage.IGNORED, summary__isnull=True)
    silent = silent.filter(created_at__gt=timezone.now() - freshness.limit(), deleted_at__isnull=True)
    return silent.exclude(text="").update(stage=TelegramPost.Stage.NEW, stage_reason="")


def _merge_albums(channel: TelegramChannel, messages: Sequence[Message]) -> list[TelegramPost]:
    """One post for a message, and one for all parts of an album, those stored earlier included."""
    albums = {message.album for message in messages if message.album}
    stored = {post.album_id: post for post in channel.posts.filter(album_id__in=albums)}
    posts: dict[Any, TelegramPost] = {}
    for message in sorted(messages, key=lambda message: message.id):
        key = ("album", message.album) if message.album else message.id
        post = posts.get(key) or stored.get(message.album or 0)
        if post is None:
            posts[key] = _post(channel, message)
        else:
            posts[key] = post
            _add_part(channel, post, message)
    return list(posts.values())


def _post(channel: TelegramChannel, message: Message) -> TelegramPost:
    return TelegramPost(
        channel=channel,
        message_id=message.id,
        album_id=message.album,
        text=storable(message.text),
        media_urls=_media(channel, message),
        engagement=engagement(message.counts),
        created_at=message.date,
        edited_at=message.edited_at,
        refreshed_at=Now(),
    )


def _add_part(channel: TelegramChannel, post: TelegramPost, message: Message) -> None:
    """A further part of an album: its media, and the caption, which any part may carry."""
    known = {item["message_id"] for item in post.media_urls}
    post.media_urls = post.media_urls + [
        item for item in _media(channel, message) if item["message_id"] not in known
    ]
    if message.text:
        post.text = storable(message.text)
    if message.id == post.message_id:
        # readers' response to an album is counted at its first part
        post.engagement, post.refreshed_at = engagement(message.counts), Now()
    post.edited_at = message.edited_at or post.edited_at


def _media(channel: TelegramChannel, message: Message) -> list[dict[str, Any]]:
    if not message.media:
        return []
    link = f"https://t.me/{channel.username}/{message.id}"
    return [{"kind": message.media, "message_id": message.id, "url": link}]


def engagement(counts: Counts) -> dict[str, int | None]:
    """The customer's {views, likes, comments}; None where Telegram does not count."""
    return {"views": counts.views, "likes": counts.reactions, "comments": counts.replies}


def mark_deleted(channel_id: int, message_ids: Sequence[int], now: datetime) -> int:
    return TelegramPost.objects.filter(
        channel_id=channel_id, message_id__in=message_ids, deleted_at__isnull=True
    ).update(deleted_at=now)
