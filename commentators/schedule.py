"""When comments go out: slots spread over a window, in the schedule's own time zone. Pure.

A day's window is cut into `comments_per_day` equal parts; the slot stands somewhere in its part, by a
jitter that depends on the schedule, the day and the part alone, so every process plans the same slots.
The window is measured in elapsed time: on the days of a clock change it is an hour longer or shorter,
never doubled or skipped. A window whose end is not after its start runs over midnight.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS_AHEAD = 14
# Of its part of the window a slot takes the middle: neighbours never fall together.
JITTER = 0.6


@dataclass(frozen=True, slots=True)
class Plan:
    """What of a schedule decides its slots. `days`: 0 is Monday, empty is every day."""

    key: int
    per_day: int
    start: time
    end: time
    zone: str
    days: tuple[int, ...] = ()


def window(plan: Plan, day: date) -> tuple[datetime, datetime]:
    """The window that begins on a local day, in UTC."""
    zone = ZoneInfo(plan.zone)
    last = day if plan.end > plan.start else day + timedelta(days=1)
    begin = datetime.combine(day, plan.start, zone).astimezone(UTC)
    return begin, datetime.combine(last, plan.end, zone).astimezone(UTC)


def day_of(plan: Plan, moment: datetime) -> date:
    """The local day whose window `moment` belongs to: after midnight it may be that of the day before."""
    day = moment.astimezone(ZoneInfo(plan.zone)).date()
    yesterday = day - timedelta(days=1)
    return yesterday if moment < window(plan, yesterday)[1] and moment < window(plan, day)[0] else day


def slot(plan: Plan, day: date, number: int) -> datetime:
    """The nth slot (from 0) of a day, in UTC with whole milliseconds."""
    begin, end = window(plan, day)
    part = (end - begin) / plan.per_day
    moment = begin + part * (number + 0.5 + JITTER * (_chance(plan.key, day, number) - 0.5))
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def slots_from(plan: Plan, now: datetime) -> Iterator[datetime]:
    """All slots after `now`, in order, for the next two weeks."""
    # a window over midnight may have begun yesterday
    first = now.astimezone(ZoneInfo(plan.zone)).date() - timedelta(days=1)
    for day in (first + timedelta(days=n) for n in range(DAYS_AHEAD + 2)):
        if plan.days and day.weekday() not in plan.days:
            continue
        begin, end = window(plan, day)
        if end <= now or end <= begin:
            continue
        gone = max(0, math.floor((now - begin) / (end - begin) * plan.per_day) - 1)
        for number in range(gone, plan.per_day):
            moment = slot(plan, day, number)
            if moment > now:
                yield moment


def within(moment: datetime, start: time, end: time, zone: str) -> bool:
    """Whether `moment` is within the daily hours from `start` to `end` of a zone; equal ones are the whole day."""
    local = moment.astimezone(ZoneInfo(zone)).time()
    return start <= local < end if start < end else local >= start or local < end


def open_days(plans: Collection[Plan], planned: Collection[datetime]) -> Callable[[datetime], bool]:
    """Whether an account with these schedules may write at a moment once more than `planned`.

    Over all channels it writes no more a day than the most generous of its schedules allows, by the days of
    each of them: time zones and windows over midnight make days begin at different moments.
    """
    most = max((plan.per_day for plan in plans), default=0)
    counts = [(plan, Counter(day_of(plan, moment) for moment in planned)) for plan in plans]
    return lambda moment: all(count[day_of(plan, moment)] < most for plan, count in counts)


def next_slot(
    plan: Plan, taken: Container[datetime], now: datetime, is_open: Callable[[datetime], bool] = bool
) -> datetime | None:
    """The first free slot after `now` at which `is_open`; None when two weeks have none."""
    free = (moment for moment in slots_from(plan, now) if moment not in taken)
    return next(filter(is_open, free), None)


def _chance(key: int, day: date, number: int) -> float:
    """Between 0 and 1, the same in every process."""
    digest = hashlib.sha256(f"{key}:{day.isoformat()}:{number}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
