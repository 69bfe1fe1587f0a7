"""Who comments under a post, and when: the schedule's slots against what is planned already."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _now

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import Status
from commentators import freshness
from commentators.interests import fit
from commentators.models import CommentatorAccount, CommentKey, CommentSchedule, GeneratedComment, TelegramPost
from commentators.schedule import Plan, day_of, next_slot, open_days, slot, within
from relove import options

# A day may have begun so long ago, by the clock of one zone and a window over midnight.
DAY_BACK = timedelta(hours=50)


def plan_of(schedule: CommentSchedule) -> Plan:
    return Plan(
        key=schedule.id,
        per_day=schedule.comments_per_day,
        start=schedule.start_time,
        end=schedule.end_time,
        zone=schedule.time_zone,
        days=tuple(schedule.days),
    )


def in_working_hours(moment: datetime) -> bool:
    """Whether comments go out then, by the hours of the whole system."""
    return within(moment, options.value("WORK_FROM"), options.value("WORK_TO"), settings.TIME_ZONE)


@dataclass(frozen=True, slots=True)
class Place:
    """An account's free slot for a post; `planned` is how much else its schedule holds already."""

    schedule: CommentSchedule
    slot: datetime
    planned: int


def find_place(post: TelegramPost, now: datetime, besides: Sequence[int] = ()) -> Place | None:
    """A free slot of the account that suits the post best; None when nobody does or is free.

    Whoever can write while the post is fresh comes before whoever cannot; then whose interests it touches
    most; among equals the turn goes round: who has least planned, and then who has been silent longest.
    `besides` are accounts that are left out.
    """
    places = [
        (fits, place)
        for schedule in _ready(post).exclude(account__in=besides)
        if (fits := _fit(schedule, post)) is not None and (place := _place(schedule, now))
    ]
    too_late = post.created_at + freshness.limit()
    best = min(places, key=lambda each: _rank(each[0], each[1], too_late), default=None)
    return best[1] if best else None


def _rank(fits: int, place: Place, too_late: datetime) -> tuple[Any, ...]:
    account = place.schedule.account
    silent_since = account.last_used or account.created_at
    return place.slot >= too_late, -fits, place.planned, silent_since, place.slot, account.id


def _ready(post: TelegramPost) -> QuerySet[CommentSchedule]:
    """Schedules for the post's channel whose accounts may write by machine now."""
    return (
        CommentSchedule.objects.filter(
            channel=post.channel_id,
            is_active=True,
            account__is_active=True,
            account__session__state="active",
            account__personality__isnull=False,
        )
        .filter(account__session__in=TelegramAccountSession.objects.disclosing())
        .select_related("account__session", "account__personality")
        .prefetch_related("account__schedules")
    )


def _fit(schedule: CommentSchedule, post: TelegramPost) -> int | None:
    return fit(schedule.account.personality.interests, (post.summary or {}).get("keywords", ()))


def why_nobody(post: TelegramPost) -> str:
    """Why `find_place` knows nobody for a post."""
    ready = list(_ready(post))
    if not ready:
        return _now("No account may comment here: check schedule, voice, disclosure and the owner's consent.")
    if all(_fit(each, post) is None for each in ready):
        return _now("The post touches no account's interests.")
    return _now("No schedule has a free slot in the next two weeks.")


def lock_days(accounts: Iterable[int]) -> None:
    """Nobody else plans for these commentators until the transaction ends; before any comment is locked."""
    rows = CommentatorAccount.objects.filter(pk__in=set(accounts)).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))


def _place(schedule: CommentSchedule, now: datetime, besides: int | None = None) -> Place | None:
    """The next free slot; `besides` is a comment that leaves its own."""
    planned = _planned(schedule, now, besides)
    taken = {moment for key, moment in planned if key == schedule.pk and moment > now}
    is_open = _open_days(schedule, planned)
    free = next_slot(plan_of(schedule), taken, now, lambda moment: in_working_hours(moment) and is_open(moment))
    return Place(schedule, free, len(taken)) if free else None


def _planned(schedule: CommentSchedule, now: datetime, besides: int | None) -> list[tuple[int | None, datetime]]:
    """(schedule, slot) of everything the account writes from yesterday on, in whatever channel."""
    keys = CommentKey.objects.filter(account=schedule.account_id, slot_utc__gt=now - DAY_BACK)
    if besides:
        keys = keys.exclude(comment_id=besides)
    return [(schedule_id, slot) for schedule_id, slot in keys.values_list("schedule", "slot_utc") if slot]


def _open_days(
    schedule: CommentSchedule, planned: Sequence[tuple[int | None, datetime]]
) -> Callable[[datetime], bool]:
    """By the account's own limit; where it has one schedule, the slots are the limit."""
    plans = [plan_of(each) for each in schedule.account.schedules.all() if each.is_active or each == schedule]
    if len(plans) == 1 and all(key == schedule.pk for key, _moment in planned):
        return bool
    return open_days(plans, [moment for _key, moment in planned])


def take_place(comment: GeneratedComment, now: datetime) -> bool:
    """Save a new comment with the keys that make it the only one of its slot and post.

    False when there is no slot, or one of our accounts already has a comment under this post; a second one,
    which names its affiliation, has a place of its own.
    """
    try:
        with transaction.atomic():
            lock_days([comment.account_id])
            place = _place(comment.schedule, now) if comment.schedule else None
            if place is None:
                return False
            comment.scheduled_at = place.slot
            comment.save(force_insert=True)
            CommentKey.objects.create(
                comment_id=comment.id,
                post_id=comment.post_id,
                account=comment.account,
                schedule=comment.schedule,
                slot_utc=place.slot,
                second=bool(comment.affiliation),
            )
    except IntegrityError:
        comment.id = None
        return False
    return True


def move_missed(comment: GeneratedComment, now: datetime) -> datetime | None:
    """The comment's slot; when it has passed, the next free one (a missed slot makes no burst).

    None when the schedule has none left; a comment outside of any schedule leaves now. To be called with the
    account's days locked.
    """
    if comment.scheduled_at and comment.scheduled_at > now:
        return comment.scheduled_at
    if comment.schedule is None:
        return now
    place = _place(comment.schedule, now, besides=comment.id)
    if place is None:
        return None
    CommentKey.objects.filter(comment_id=comment.id).update(slot_utc=place.slot)
    return place.slot


def why_not_move(comment: GeneratedComment, before: datetime, after: datetime, now: datetime) -> str:
    """Why a person may not move the comment from `before` to `after`; empty when they may."""
    if comment.status not in (Status.DRAFT, Status.PENDING) or comment.attempted_at:
        return _now("It is in the state “%(state)s” now.") % {"state": Status(comment.status).label}
    if comment.scheduled_at != before:
        return _now("Somebody has moved it meanwhile.")
    if after <= now:
        return _now("This time has passed.")
    if not in_working_hours(after):
        hours = {
            "start": options.shown(options.value("WORK_FROM")),
            "end": options.shown(options.value("WORK_TO")),
        }
        return _now("Comments go out from %(start)s to %(end)s.") % hours
    if comment.expires_at and after >= comment.expires_at:
        return _now("By then it is too late for a comment.")
    return ""


def slot_for(comment: GeneratedComment, schedule: CommentSchedule, moment: datetime) -> datetime | None:
    """The slot that the comment uses up when a person moves it to `moment`; None when the day is full.

    Slots count how much goes out a day, so a move within the day keeps the comment's own and a move to
    another day takes the nearest free one there, where the account may write that day. To be called with the
    account's days locked.
    """
    plan = plan_of(schedule)
    own = CommentKey.objects.filter(comment_id=comment.id).values_list("slot_utc", flat=True).first()
    day = day_of(plan, moment)
    slots = [slot(plan, day, number) for number in range(plan.per_day)]
    if own in slots:
        return own
    planned = _planned(schedule, min(slots), comment.id)
    is_open = _open_days(schedule, planned)
    taken = {moment for key, moment in planned if key == schedule.pk}
    free = [each for each in slots if each not in taken and is_open(each)]
    return min(free, key=lambda each: abs(each - moment), default=None)
