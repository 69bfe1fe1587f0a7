"""What became of a comment: reactions, answers, and what its post gained in views since."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, IntegerField, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from accounts_mgmt import calls
from accounts_mgmt.models import AccountCall
from accounts_mgmt.outbox import Status
from commentators import falling, touches
from commentators.models import GeneratedComment, TelegramChannel, TelegramPost
from commentators.posts import engagement
from relove import oplog
from relove.telegram.gateway import Counts, Message

AT_ONCE = 100
# the fields of Read, in their order
READ_COLUMNS = (
    "id",
    "created_at",
    "message_id",
    "post_id",
    "post__message_id",
    "post_views_before",
    "reply_to",
    "replies",
)


@dataclass(frozen=True, slots=True)
class Read:
    """A comment whose response is to be read."""

    id: int
    created_at: datetime
    message_id: int
    post_id: int
    post_message: int
    views_before: int | None
    reply_to: int | None
    replies: int


@dataclass(frozen=True, slots=True)
class Work:
    """One channel's comments to read; `channel` and `group` are bare Telegram ids."""

    channel_id: int
    account_id: int
    channel: int
    group: int
    comments: list[Read]


def counted(name: str) -> Any:
    """A figure of a comment's engagement_metrics in SQL, 0 where nothing has been read yet."""
    return Coalesce(Cast(KeyTextTransform(name, "engagement_metrics"), IntegerField()), 0)


def due(now: datetime) -> Q:
    """Sent comments whose response is to be read again."""
    fresh = falling.due("sent_at", "metrics_at", now, falling.COMMENTS)
    return Q(status=Status.SENT, message_id__isnull=False) & fresh


def ask_due(now: datetime) -> int:
    """Ask for a reading in every channel with comments due; answers how many."""
    channels = TelegramChannel.objects.filter(
        id__in=GeneratedComment.objects.filter(due(now)).values("channel")
    ).exclude(discussion=None)
    asked = 0
    for channel in channels.select_related("listener"):
        waiting = AccountCall.objects.open().filter(kind="read_metrics", arguments__channel=channel.id)
        account = _reader(channel)
        if account and not waiting.exists():
            calls.ask(account, "read_metrics", {"channel": channel.id}, now=now)
            asked += 1
    return asked


def _reader(channel: TelegramChannel) -> int | None:
    """An account that has met the discussion group: one that commented there."""
    sent = GeneratedComment.objects.filter(channel=channel, status=Status.SENT, sender__state="active")
    return sent.order_by("-id").values_list("sender_id", flat=True).first()


def to_read(channel_id: int, account_id: int) -> Work:
    channel = TelegramChannel.objects.select_related("chat", "discussion").get(id=channel_id)
    rows = (
        GeneratedComment.objects.filter(due(timezone.now()), channel=channel, chat=channel.discussion_id)
        .order_by(F("metrics_at").asc(nulls_first=True))
        .annotate(replies=counted("replies"))
        .values_list(*READ_COLUMNS)[:AT_ONCE]
    )
    return Work(
        channel_id=channel.id,
        account_id=account_id,
        channel=channel.chat.telegram_id if channel.chat else 0,
        group=channel.discussion.telegram_id if channel.discussion else 0,
        comments=[Read(*row) for row in rows],
    )


def record(
    work: Work,
    found: Mapping[int, Counts],
    said: Sequence[Message],
    posts: Mapping[int, Counts],
    now: datetime,
) -> int:
    """Write engagement_metrics {likes, replies, post_views}; answers how many comments were there.

    `said` is what the group said since. A comment that is gone from the group was deleted there: it is
    marked so.
    """
    replies = Counter(message.reply_to for message in said)
    touches.record(work.group, work.comments, said, now)
    read: list[int] = []
    for one in work.comments:
        row = GeneratedComment.objects.filter(id=one.id, created_at=one.created_at)
        counts = found.get(one.message_id)
        if counts is None:
            row.update(status=Status.DELETED, metrics_at=now)
            continue
        metrics = {
            "likes": counts.reactions,
            # only the recent history is counted: answers that have left it are not forgotten
            "replies": max(one.replies, replies[one.message_id]),
            "post_views": _gained(one, posts.get(one.post_message)),
        }
        row.update(engagement_metrics=metrics, metrics_at=now)
        read.append(one.id)
    for message_id, counts in posts.items():
        TelegramPost.objects.filter(channel_id=work.channel_id, message_id=message_id).update(
            engagement=engagement(counts)
        )
    oplog.log_operations(
        [
            oplog.Operation(
                "record_metrics", "success", account_id=work.account_id, subject=("generated_comments", number)
            )
            for number in read
        ]
    )
    return len(read)


def _gained(comment: Read, counts: Counts | None) -> int | None:
    """Views of the post since the comment was queued; None where either figure is unknown."""
    if counts is None or counts.views is None or comment.views_before is None:
        return None
    return max(0, counts.views - comment.views_before)
