"""Reading known posts again: what readers made of them, what was edited, what is gone.

Live updates tell members only, and only while they listen; this finds the rest, often while a post is fresh
and ever less (commentators.falling).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from commentators import monitoring, posts
from commentators.models import TelegramChannel, TelegramPost
from relove.telegram.gateway import Message

KIND = "refresh_posts"
# Telegram gives at most so many messages at a time.
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """Posts to be read again: by their first message, all messages they are made of."""

    channel_id: int
    posts: dict[int, list[int]]

    @property
    def message_ids(self) -> list[int]:
        return [number for parts in self.posts.values() for number in parts]


def ask_due(now: datetime) -> int:
    """Ask for a reading of every watched channel with posts due; answers how many."""
    channels = TelegramChannel.objects.watched().filter(
        id__in=TelegramPost.objects.to_refresh(now).values("channel")
    )
    readable = channels.exclude(chat=None).filter(problem="").with_readers()
    return sum(monitoring.ask_reading(channel, KIND, now) for channel in readable)


def to_read(channel_id: int, now: datetime) -> Wanted:
    """The posts of a channel that are due, those waiting longest first, as many as one request takes."""
    due = TelegramPost.objects.to_refresh(now).filter(channel=channel_id)
    due = due.order_by(F("refreshed_at").asc(nulls_first=True), "-created_at")
    wanted, room = dict[int, list[int]](), AT_ONCE
    for first, media in due.values_list("message_id", "media_urls")[:AT_ONCE]:
        parts = sorted({first, *(item["message_id"] for item in media)})
        if len(parts) > room:
            break
        wanted[first], room = parts, room - len(parts)
    return Wanted(channel_id, wanted)


def record(wanted: Wanted, messages: Sequence[Message], now: datetime) -> None:
    """Keep what was found; a post of which no message is there any more was deleted."""
    found = {message.id for message in messages}
    posts.store(wanted.channel_id, messages)
    gone = [first for first, parts in wanted.posts.items() if not found.intersection(parts)]
    posts.mark_deleted(wanted.channel_id, gone, now)
    TelegramPost.objects.filter(channel=wanted.channel_id, message_id__in=wanted.posts).update(refreshed_at=now)
