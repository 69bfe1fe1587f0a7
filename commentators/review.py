"""The review queue: which drafts wait, what stands beside one, and until when one may be put off."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Count, F, Min
from django.utils import timezone

from accounts_mgmt.outbox import standing
from commentators import services
from commentators.models import CommentatorAccount, GeneratedComment, TelegramChannel
from commentators.querysets import CommentQuerySet
from relove.models import Staff

# Drafts shown at once; the rest follow as these are decided.
LISTED = 100
# What the account wrote lately, so that it does not repeat itself.
RECENT = 3
# The pace is that of the last decisions: over how long, and from how many on.
PACE_OVER, PACE_FROM = timedelta(minutes=15), 3
MORNING, EVENING = time(9), time(19)


@dataclass(frozen=True, slots=True)
class Check:
    """A condition of approving or sending, as it stands now."""

    passed: bool
    words: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whose drafts are looked at: a channel's, an account's, or all."""

    channel: int | None = None
    account: int | None = None

    def of(self, rows: CommentQuerySet) -> CommentQuerySet:
        named = {"channel": self.channel, "account": self.account}
        found: CommentQuerySet = rows.filter(**{name: number for name, number in named.items() if number})
        return found


EVERYTHING = Chosen()


def queue(now: datetime, chosen: Chosen = EVERYTHING) -> list[GeneratedComment]:
    """The drafts to decide about, in the order of their planned time, then of their age."""
    rows = chosen.of(GeneratedComment.objects.with_links().waiting(now))
    return list(rows.order_by(F("scheduled_at").asc(nulls_last=True), "id")[:LISTED])


def choices(now: datetime) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """The channels and the accounts that have drafts waiting: (id, name)."""
    waiting = GeneratedComment.objects.waiting(now)
    channels = TelegramChannel.objects.filter(id__in=waiting.values("channel"))
    accounts = CommentatorAccount.objects.filter(id__in=waiting.values("account")).select_related("session")
    return sorted((row.pk, str(row)) for row in channels), sorted((row.pk, str(row)) for row in accounts)


def one(comment_id: int) -> GeneratedComment | None:
    rows = GeneratedComment.objects.with_links().select_related("account__personality")
    found: GeneratedComment | None = rows.filter(pk=comment_id).first()
    return found


def counters(staff: Staff, now: datetime, chosen: Chosen = EVERYTHING) -> dict[str, int]:
    """How many drafts are left, how many this person has decided today, and at which pace: drafts an hour."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    decided = GeneratedComment.objects.filter(approved_by=staff, approved_at__gte=midnight)
    lately = decided.filter(approved_at__gt=now - PACE_OVER).aggregate(count=Count("pk"), since=Min("approved_at"))
    return {
        "left": chosen.of(GeneratedComment.objects.waiting(now)).count(),
        "decided": decided.count(),
        "pace": pace(lately["count"], lately["since"], now),
    }


def pace(count: int, since: datetime | None, now: datetime) -> int:
    """Decisions an hour, from the first of a few lately until now; 0 where there are too few to say."""
    if since is None or count < PACE_FROM:
        return 0
    return round(count / max((now - since).total_seconds(), 1.0) * 3600)


def recent(comment: GeneratedComment) -> list[GeneratedComment]:
    """What the same account has written lately."""
    rows = GeneratedComment.objects.filter(account_id=comment.account_id, status="sent")
    return list(rows.order_by("-id")[:RECENT])


def checks(comment: GeneratedComment) -> list[Check]:
    """The guards of sending, asked of the database as the runner asks them, and the checks of the text."""
    guards = comment.guards()
    held = standing(GeneratedComment.objects.filter(pk=comment.pk), guards)
    stands = [Check(holds, str(guard.reason)) for guard, holds in zip(guards, held, strict=True)]
    refusals = services.refusals_of(comment, comment.text)
    return stands + [Check(False, str(refusal.reason)) for refusal in refusals]


def _in_an_hour(now: datetime) -> datetime:
    return now + timedelta(hours=1)


def _in_the_evening(now: datetime) -> datetime:
    return _next(EVENING, now)


def _tomorrow_morning(now: datetime) -> datetime:
    tomorrow = timezone.localtime(now).date() + timedelta(days=1)
    return datetime.combine(tomorrow, MORNING, timezone.get_current_timezone())


def _next(clock: time, now: datetime) -> datetime:
    """Today at that time of the clock, tomorrow when it has passed."""
    zone, today = timezone.get_current_timezone(), timezone.localtime(now).date()
    moment = datetime.combine(today, clock, zone)
    return moment if moment > now else datetime.combine(today + timedelta(days=1), clock, zone)


# How long a draft may be put off, by the name of the choice on the page.
SNOOZES: dict[str, Callable[[datetime], datetime]] = {
    "hour": _in_an_hour,
    "evening": _in_the_evening,
    "morning": _tomorrow_morning,
}
