"""Storing posts: each once, whether it came live, by interval, twice, in parts or edited."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from commentators import freshness
from commentators.models import TelegramChannel, TelegramPost
from relove import llm_work
from relove.db import array, notify
from relove.language import storable
from relove.telegram.gateway import Counts, Message

REFRESHED = ["text", "media_urls", "engagement", "edited_at", "refreshed_at", "names", "pictured_at"]
# What is new goes in by COPY: many times faster than the INSERT of as many models.
COPY = """
COPY telegram_posts (id, channel_id, message_id, album_id, text, media_urls, engagement,
                     created_at, edited_at, refreshed_at, stage, stage_reason, attempts, stored_at,
                     names) FROM STDIN
"""
IDS = "SELECT message_id, id FROM telegram_posts WHERE channel_id = %s AND message_id = ANY(%s::bigint[])"
NEXT_IDS = """
SELECT nextval(ids) FROM (SELECT pg_get_serial_sequence('telegram_posts', 'id')::regclass AS ids OFFSET 0),
                         generate_series(1, %s)
"""
_encode = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(slots=True)
class Reading:
    """A post as a reading brings it."""

    message_id: int
    album_id: int | None
    text: str
    media_urls: list[dict[str, Any]]
    engagement: dict[str, int | None]
    created_at: datetime
    edited_at: datetime | None
    refreshed_at: datetime | None
    names: list[str]


READING = tuple(field.name for field in fields(Reading))


@transaction.atomic
def store(channel_id: int, messages: Sequence[Message]) -> list[int]:
    """Store or refresh posts of a channel; answers the ids of the new ones.

    The channel's row is locked: the parts of an album may arrive at once in two processes, and what is
    new to us is then new to everybody.
    """
    channel = TelegramChannel.objects.select_for_update(no_key=True).get(id=channel_id)
    posts = [message for message in messages if not message.is_service]
    read = {post.message_id: post for post in _merge_albums(channel, posts)}
    known = _ids(channel, list(read))
    _refresh(channel, [read[number] for number in known])
    new = _insert(channel, [post for number, post in read.items() if number not in known])
    if new or _worded(channel, list(known)):
        notify(llm_work.CHANNEL, TelegramPost._meta.db_table)
    return new


def _ids(channel: TelegramChannel, message_ids: list[int]) -> dict[int, int]:
    """Ids of stored posts by message; one array instead of a parameter for each of thousands."""
    with connection.cursor() as cursor:
        cursor.execute(IDS, [channel.id, array(message_ids)])
        return dict(cursor.fetchall())


def _insert(channel: TelegramChannel, posts: Sequence[Reading]) -> list[int]:
    """Their ids, which are drawn before: COPY does not tell them."""
    if not posts:
        return []
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(NEXT_IDS, [len(posts)])
        ids = [number for (number,) in cursor.fetchall()]
        with cursor.copy(COPY) as copy:
            for number, post in zip(ids, posts, strict=True):
                media, counts = _encode(post.media_urls) if post.media_urls else "[]", _encode(post.engagement)
                place = (number, channel.id, post.message_id, post.album_id, post.text, media, counts)
                times = (post.created_at, post.edited_at, post.refreshed_at)
                copy.write_row((*place, *times, TelegramPost.Stage.NEW, "", 0, now, post.names))
    return ids


def _refresh(channel: TelegramChannel, posts: Sequence[Reading]) -> None:
    if not posts:
        return
    read = {post.message_id: post for post in posts}
    stored = list(channel.posts.filter(message_id__in=read))
    for post in stored:
        now = read[post.message_id]
        if post.media_urls != now.media_urls:
            post.pictured_at = None
        post.media_urls, post.engagement, post.refreshed_at = now.media_urls, now.engagement, now.refreshed_at
        if not _is_older(now, post):
            post.text, post.edited_at, post.names = now.text, now.edited_at, now.names
    TelegramPost.objects.bulk_update(stored, REFRESHED, batch_size=500)


def _is_older(read: Reading, stored: TelegramPost) -> bool:
    """A reading that was on its way when an edit came must not take the edit back."""
    return stored.edited_at is not None and (read.edited_at is None or read.edited_at < stored.edited_at)


def _worded(channel: TelegramChannel, ids: Sequence[int]) -> int:
    """Posts passed over for want of a text that have one now: an album's caption, an edit."""
    silent = channel.posts.filter(message_id__in=ids, stage=TelegramPost.Stage.IGNORED, summary__isnull=True)
    silent = silent.filter(created_at__gt=timezone.now() - freshness.limit(), deleted_at__isnull=True)
    return silent.exclude(text="").update(stage=TelegramPost.Stage.NEW, stage_reason="")


def _merge_albums(channel: TelegramChannel, messages: Sequence[Message]) -> list[Reading]:
    """One post for a message, and one for all parts of an album, those stored earlier included."""
    now = timezone.now()
    albums = {message.album for message in messages if message.album}
    rows = channel.posts.filter(album_id__in=albums).values_list(*READING) if albums else []
    stored = {post.album_id: post for post in itertools.starmap(Reading, rows)}
    posts: dict[Any, Reading] = {}
    for message in sorted(messages, key=lambda message: message.id):
        key = ("album", message.album) if message.album else message.id
        post = posts.get(key) or stored.get(message.album or 0)
        if post is None:
            posts[key] = _reading(channel, message, now)
        else:
            posts[key] = post
            _add_part(channel, post, message, now)
    return list(posts.values())


def _reading(channel: TelegramChannel, message: Message, now: datetime) -> Reading:
    return Reading(
        message_id=message.id,
        album_id=message.album,
        text=storable(message.text),
        media_urls=_media(channel, message),
        engagement=engagement(message.counts),
        created_at=message.date,
        edited_at=message.edited_at,
        refreshed_at=now,
        names=_names(message),
    )


def _add_part(channel: TelegramChannel, post: Reading, message: Message, now: datetime) -> None:
    """A further part of an album: its media, and the caption, which any part may carry."""
    known = {item["message_id"] for item in post.media_urls}
    post.media_urls = post.media_urls + [
        item for item in _media(channel, message) if item["message_id"] not in known
    ]
    if message.text:
        post.text, post.names = storable(message.text), _names(message)
    if message.id == post.message_id:
        # readers' response to an album is counted at its first part
        post.engagement, post.refreshed_at = engagement(message.counts), now
    post.edited_at = message.edited_at or post.edited_at


def _media(channel: TelegramChannel, message: Message) -> list[dict[str, Any]]:
    if not message.media:
        return []
    link = f"https://t.me/{channel.username}/{message.id}"
    return [{"kind": message.media, "message_id": message.id, "url": link}]


def _names(message: Message) -> list[str]:
    """Of people in the text, as Telegram tells them: masked before it leaves for a model."""
    return [storable(name)[:255] for name in message.names]


def engagement(counts: Counts) -> dict[str, int | None]:
    """The customer's {views, likes, comments}; None where Telegram does not count."""
    return {"views": counts.views, "likes": counts.reactions, "comments": counts.replies}


def mark_deleted(channel_id: int, message_ids: Sequence[int], now: datetime) -> int:
    return TelegramPost.objects.filter(
        channel_id=channel_id, message_id__in=message_ids, deleted_at__isnull=True
    ).update(deleted_at=now)
