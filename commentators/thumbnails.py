"""Small pictures of posts: asked for by account calls, made anew by us, kept for a while.

A post is looked at once; further parts of an album that come later have it looked at again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from commentators import monitoring
from commentators.models import PostThumbnail, TelegramChannel, TelegramPost
from relove.pictures import NoPicture, Picture, jpeg

KIND = "read_thumbnails"
LONGEST = 320
# Posts that get pictures are younger than this, and keep them for as long.
KEPT = timedelta(days=30)
AT_ONCE = 40


@dataclass(frozen=True, slots=True)
class Wanted:
    """Posts without pictures: by the post's id, what media it had when we looked, and its messages."""

    posts: dict[int, tuple[list[object], list[int]]]

    @property
    def message_ids(self) -> list[int]:
        return [number for _media, parts in self.posts.values() for number in parts]


def ask_due(now: datetime) -> int:
    """Ask for pictures wherever posts lack them, and drop those that are old; answers how many calls."""
    PostThumbnail.objects.filter(created_at__lt=now - KEPT).delete()
    waiting = TelegramPost.objects.without_pictures(now - KEPT).values("channel")
    channels = TelegramChannel.objects.watched().filter(id__in=waiting, problem="").exclude(chat=None)
    return sum(monitoring.ask_reading(channel, KIND, now) for channel in channels.with_readers())


def to_read(channel_id: int, now: datetime) -> Wanted:
    """The newest first, as many as a call takes."""
    rows = TelegramPost.objects.without_pictures(now - KEPT).filter(channel=channel_id).order_by("-created_at")
    wanted, room = dict[int, tuple[list[object], list[int]]](), AT_ONCE
    for post_id, media in rows.values_list("id", "media_urls")[:AT_ONCE]:
        parts = [item["message_id"] for item in media]
        if len(parts) > room:
            break
        wanted[post_id], room = (media, parts), room - len(parts)
    return Wanted(wanted)


@transaction.atomic
def record(channel_id: int, wanted: Wanted, found: Mapping[int, bytes], now: datetime) -> int:
    """Keep what can be shown of what was found; answers how many pictures."""
    made = [
        PostThumbnail(post_id=post_id, message_id=number, image=small.data, width=small.width, height=small.height)
        for post_id, (_media, parts) in wanted.posts.items()
        for number in parts
        if number in found and (small := _small(found[number]))
    ]
    PostThumbnail.objects.bulk_create(made, ignore_conflicts=True)
    for post_id, (media, _parts) in wanted.posts.items():
        rows = TelegramPost.objects.filter(id=post_id, channel_id=channel_id, media_urls=media)
        rows.update(pictured_at=now)
    return len(made)


def _small(data: bytes) -> Picture | None:
    try:
        return jpeg(data, LONGEST)
    except NoPicture:
        return None
