"""Slots: inside the window, evenly spread, the same everywhere, right across midnight and clock changes."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commentators.schedule import Plan, day_of, next_slot, open_days, slot, slots_from, window

PLAN = Plan(key=1, per_day=5, start=time(9), end=time(23), zone="Europe/Moscow")
ZONES = st.sampled_from(["Europe/Moscow", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"])
DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))
TIMES = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))


@given(ZONES, DAYS, TIMES, TIMES, st.integers(1, 50))
def test_it_puts_every_slot_in_its_own_part_of_the_window(
    zone: str, day: date, start: time, end: time, per_day: int
) -> None:
    plan = Plan(7, per_day, start, end, zone)
    begin, finish = window(plan, day)
    if finish <= begin:  # a window that a clock change swallows whole
        return
    part = (finish - begin) / per_day
    for number in range(per_day):
        low = begin + part * number - timedelta(milliseconds=1)
        assert low <= slot(plan, day, number) <= begin + part * (number + 1)


@given(ZONES, st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)), st.integers(1, 30))
def test_it_gives_slots_in_order_and_only_future_ones(zone: str, naive: datetime, per_day: int) -> None:
    now = naive.replace(tzinfo=UTC)
    found = list(islice(slots_from(Plan(3, per_day, time(23, 30), time(2, 30), zone), now), per_day * 3))
    assert all(moment > now for moment in found)
    assert all(earlier < later for earlier, later in pairwise(found))


def test_it_plans_the_same_slots_in_every_process() -> None:
    now = datetime(2026, 3, 10, 6, 0, tzinfo=UTC)
    assert list(islice(slots_from(PLAN, now), 9)) == list(islice(slots_from(PLAN, now), 9))


def test_it_keeps_the_daily_number() -> None:
    midnight = datetime(2026, 3, 10, tzinfo=ZoneInfo("Europe/Moscow"))
    day = [moment for moment in islice(slots_from(PLAN, midnight), 20) if moment < midnight + timedelta(days=1)]
    assert len(day) == PLAN.per_day


@pytest.mark.parametrize(
    ("zone", "day", "start", "end", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), time(0, 30), time(3, 30), 2),  # the night loses an hour
        ("Europe/Berlin", date(2026, 10, 25), time(0, 30), time(3, 30), 4),  # the night has one twice
        ("America/New_York", date(2026, 3, 7), time(23, 30), time(3, 30), 3),
        ("America/New_York", date(2026, 10, 31), time(23, 30), time(3, 30), 5),
        ("Europe/Berlin", date(2026, 6, 1), time(23, 30), time(2, 30), 3),
    ],
)
def test_it_measures_a_night_window_in_elapsed_time(
    zone: str, day: date, start: time, end: time, hours: int
) -> None:
    begin, finish = window(Plan(1, 3, start, end, zone), day)
    assert finish - begin == timedelta(hours=hours)


def test_it_runs_around_the_clock_when_the_end_is_the_start() -> None:
    begin, finish = window(Plan(1, 3, time(0), time(0), "UTC"), date(2024, 2, 29))
    assert finish - begin == timedelta(days=1)


def test_it_skips_days_that_are_not_named() -> None:
    plan = Plan(1, 2, time(9), time(10), "UTC", days=(5,))
    found = list(islice(slots_from(plan, datetime(2026, 3, 10, tzinfo=UTC)), 4))
    assert {moment.weekday() for moment in found} == {5}


def test_it_passes_over_slots_that_are_taken_and_ends_after_two_weeks() -> None:
    now = datetime(2026, 3, 10, 6, 0, tzinfo=UTC)
    first, second = islice(slots_from(PLAN, now), 2)
    assert next_slot(PLAN, {first}, now) == second
    assert next_slot(PLAN, set(slots_from(PLAN, now)), now) is None


PLANS = st.builds(Plan, st.integers(1, 9), st.integers(1, 6), TIMES, TIMES, ZONES)
# around both clock changes of Berlin and New York, and anywhere else
MOMENTS = st.one_of(
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)),
    *(
        st.datetimes(day - timedelta(days=2), day)
        for day in (datetime(2026, 3, 9), datetime(2026, 3, 30), datetime(2026, 10, 26), datetime(2026, 11, 2))
    ),
)


@given(PLANS, DAYS)
def test_a_slot_belongs_to_the_day_whose_window_it_stands_in(plan: Plan, day: date) -> None:
    begin, finish = window(plan, day)
    if finish > begin:
        assert {day_of(plan, slot(plan, day, number)) for number in range(plan.per_day)} == {day}


@settings(max_examples=60)
@given(st.lists(PLANS, min_size=1, max_size=3), MOMENTS)
def test_an_account_writes_no_more_a_day_than_its_most_generous_schedule_allows(
    plans: list[Plan], naive: datetime
) -> None:
    """Whatever its channels' zones and windows are, and also on days of a clock change."""
    now = naive.replace(tzinfo=UTC)
    planned: list[tuple[int, datetime]] = []
    for round_ in range(24):
        which = round_ % len(plans)
        taken = {moment for key, moment in planned if key == which}
        is_open = open_days(plans, [moment for _key, moment in planned])
        if found := next_slot(plans[which], taken, now, is_open):
            planned.append((which, found))
    most = max(plan.per_day for plan in plans)
    for key, plan in enumerate(plans):
        by_account = Counter(day_of(plan, moment) for _key, moment in planned)
        by_schedule = Counter(day_of(plan, moment) for other, moment in planned if other == key)
        assert max(by_account.values(), default=0) <= most
        assert max(by_schedule.values(), default=0) <= plan.per_day


def test_a_second_channel_takes_what_the_first_has_left_of_the_day() -> None:
    one, other = (Plan(key, 3, time(9), time(21), "Europe/Moscow") for key in (1, 2))
    now = datetime(2026, 3, 10, 0, 0, tzinfo=UTC)
    planned = list(islice(slots_from(one, now), 2))
    is_open = open_days([one, other], planned)
    first, second = islice(slots_from(other, now), 2)
    assert next_slot(other, set(), now, is_open) == first
    full = open_days([one, other], [*planned, first])
    assert next_slot(other, {first}, now, full) == slot(other, date(2026, 3, 11), 0) > second
