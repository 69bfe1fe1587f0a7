"""What comments bring: sums over a period beside the period before, and the trail to private messages.

Pure queries. A response is what engagement_metrics says now of comments sent in the period, so a figure
of yesterday may still grow; where Telegram counts nothing it stays None.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts_mgmt.outbox import Status
from commentators.metrics import counted
from commentators.models import DirectMessage, GeneratedComment
from commentators.touches import TABLE, Rule
from relove.models import UserActivityLog

# A private message counts as brought by a comment that many days after it, not later.
TRAIL_DAYS = 14
TRAIL = timedelta(days=TRAIL_DAYS)
BEST = 10

# One pass over the comments of both periods; each grouping set is a page's table or chart.
SUMS = """
SELECT sent_at >= %(start)s AS now,
       CASE WHEN GROUPING(day) = 0 THEN 'day' WHEN GROUPING(hour) = 0 THEN 'hour'
            WHEN GROUPING(account_id) = 0 THEN 'account' WHEN GROUPING(channel_id) = 0 THEN 'channel'
            WHEN GROUPING(voice) = 0 THEN 'voice' ELSE 'all' END,
       COALESCE(day::text, hour::text, account_id::text, channel_id::text, voice, ''),
       count(*), count(*) FILTER (WHERE likes + replies > 0), sum(likes), sum(replies), sum(post_views)
FROM (SELECT c.sent_at, c.account_id, c.channel_id, p.style || ' · ' || p.tone AS voice,
             (c.sent_at AT TIME ZONE %(zone)s)::date AS day,
             extract(hour FROM c.sent_at AT TIME ZONE %(zone)s)::int AS hour,
             coalesce((c.engagement_metrics->>'likes')::int, 0) AS likes,
             coalesce((c.engagement_metrics->>'replies')::int, 0) AS replies,
             (c.engagement_metrics->>'post_views')::bigint AS post_views
      FROM generated_comments c LEFT JOIN account_personalities p ON p.account_id = c.account_id
      WHERE c.status = 'sent' AND c.sent_at >= %(before)s AND c.sent_at < %(end)s) AS sent
GROUP BY sent_at >= %(start)s, GROUPING SETS ((), (day), (hour), (account_id), (channel_id), (voice))
"""

# Of several touches the one with the stronger rule counts, and the rules are given in that order.
ORIGINS = """
WITH newcomers AS (SELECT user_id, min(created_at) AS at FROM direct_messages WHERE direction = 'in'
                   GROUP BY user_id HAVING min(created_at) >= %(start)s AND min(created_at) < %(end)s)
SELECT (SELECT touch.activity_type
        FROM user_activity_log touch JOIN generated_comments c ON c.id = touch.subject_id
        WHERE touch.user_id = newcomers.user_id AND touch.subject_table = %(table)s
          AND touch.activity_type = ANY(%(rules)s)
          AND c.sent_at < newcomers.at AND c.sent_at > newcomers.at - %(trail)s
        ORDER BY array_position(%(rules)s, touch.activity_type::text) LIMIT 1), count(*)
FROM newcomers GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in the zone that pages show, the last one included."""

    first: date
    last: date

    @classmethod
    def of_days(cls, days: int, now: datetime) -> "Period":
        today = timezone.localtime(now).date()
        return cls(today - timedelta(days=days - 1), today)

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]

    @property
    def before(self) -> "Period":
        """As many days right before it."""
        length = timedelta(days=len(self.days))
        return Period(self.first - length, self.last - length)

    @property
    def start(self) -> datetime:
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return _midnight(self.last + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


@dataclass(frozen=True, slots=True)
class Sums:
    """`answered` comments got a reaction or an answer; `post_views` is None where nothing is known."""

    comments: int = 0
    answered: int = 0
    likes: int = 0
    replies: int = 0
    post_views: int | None = None

    @property
    def response(self) -> float | None:
        """Reactions and answers for each comment; None without comments."""
        return (self.likes + self.replies) / self.comments if self.comments else None


@dataclass(slots=True)
class Report:
    """Sums by what they are about and its key: ("account", "17"), ("hour", "9"), ("all", "")."""

    now: dict[tuple[str, str], Sums] = field(default_factory=dict)
    before: dict[tuple[str, str], Sums] = field(default_factory=dict)

    def keys(self, about: str) -> list[str]:
        """The keys of the period, most comments first."""
        found = [(key, sums) for (what, key), sums in self.now.items() if what == about]
        return [key for key, sums in sorted(found, key=lambda pair: (-pair[1].comments, pair[0]))]

    def pair(self, about: str, key: str = "") -> tuple[Sums, Sums]:
        """(in the period, in the period before)."""
        return self.now.get((about, key), Sums()), self.before.get((about, key), Sums())


def report(period: Period) -> Report:
    found = Report()
    limits = {"start": period.start, "end": period.end, "before": period.before.start}
    with connection.cursor() as cursor:
        cursor.execute(SUMS, limits | {"zone": settings.TIME_ZONE})
        for is_now, about, key, *sums in cursor.fetchall():
            (found.now if is_now else found.before)[(about, key)] = Sums(*sums)
    return found


def best(period: Period, count: int = BEST) -> Sequence[GeneratedComment]:
    """The period's comments with the most response, an answer for two reactions."""
    rows = GeneratedComment.objects.filter(
        status=Status.SENT, sent_at__gte=period.start, sent_at__lt=period.end, engagement_metrics__isnull=False
    )
    rows = rows.annotate(response=counted("likes") + 2 * counted("replies")).filter(response__gt=0)
    found: Sequence[GeneratedComment] = rows.with_links().order_by("-response", "-sent_at")[:count]
    return found


@dataclass(frozen=True, slots=True)
class Step:
    """A person whom a comment led to us: by which rule, and their first private message after it, if any."""

    touch: UserActivityLog
    rule: Rule
    message: DirectMessage | None


def trail(comment: GeneratedComment) -> list[Step]:
    """Everyone who met the comment, those who wrote to us first; the stronger of two rules counts."""
    touches = UserActivityLog.objects.filter(
        subject_table=TABLE, subject_id=comment.id, activity_type__in=Rule.values
    )
    by_user: dict[int, UserActivityLog] = {}
    for touch in touches.exclude(user=None).select_related("user").order_by("created_at"):
        assert touch.user_id is not None
        known = by_user.get(touch.user_id)
        if known is None or known.activity_type != Rule.REPLY:
            by_user[touch.user_id] = touch
    followed = _followed(comment, list(by_user))
    steps = [Step(one, Rule(one.activity_type), followed.get(user)) for user, one in by_user.items()]
    return sorted(steps, key=lambda step: (step.message is None, step.rule != Rule.REPLY))


def _followed(comment: GeneratedComment, users: list[int]) -> dict[int, DirectMessage]:
    """Each person's first private message in the days after the comment."""
    if comment.sent_at is None:
        return {}
    rows = DirectMessage.objects.received().filter(
        user_id__in=users, created_at__gt=comment.sent_at, created_at__lt=comment.sent_at + TRAIL
    )
    first: dict[int, DirectMessage] = {}
    for row in rows.select_related("sender").order_by("created_at"):
        first.setdefault(row.user_id, row)
    return first


@dataclass(frozen=True, slots=True)
class Origins:
    """People whose first private message fell into a period, by the rule that leads back to a comment."""

    by_rule: dict[Rule, int]
    unknown: int

    @property
    def all(self) -> int:
        return sum(self.by_rule.values()) + self.unknown


def origins(period: Period) -> Origins:
    """Where the period's new correspondents came from; unknown is said, never guessed."""
    limits: dict[str, Any] = {
        "start": period.start,
        "end": period.end,
        "trail": TRAIL,
        "rules": Rule.values,
        "table": TABLE,
    }
    with connection.cursor() as cursor:
        cursor.execute(ORIGINS, limits | {"rules": Rule.values, "table": TABLE})
        found = dict(cursor.fetchall())
    return Origins({rule: found.get(rule.value, 0) for rule in Rule}, found.get(None, 0))
