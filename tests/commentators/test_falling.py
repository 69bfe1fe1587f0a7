"""How often a response is read: falling with age, then never; the same in Python and in SQL."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commentators import falling
from commentators.models import TelegramPost
from tests.commentators.conftest import NOW, Place

ages = st.timedeltas(timedelta(minutes=-5), timedelta(days=90))
steps = st.sampled_from([falling.COMMENTS, falling.POSTS])


@given(ages, ages, steps)
def test_the_older_the_rarer_and_at_last_never(one: timedelta, other: timedelta, of: list[falling.Step]) -> None:
    younger, older = (falling.interval(age, of) for age in sorted((one, other)))
    assert older is None or (younger is not None and younger <= older)


@given(ages, st.timedeltas(timedelta(0), timedelta(days=90)), steps)
def test_a_reading_is_followed_by_a_pause_that_grows(
    age: timedelta, since: timedelta, of: list[falling.Step]
) -> None:
    pause = falling.interval(age, of)
    expected = pause is not None and since >= pause
    assert falling.is_due(NOW - age, NOW - since, NOW, of) is expected
    assert falling.is_due(NOW - age, None, NOW, of)


def test_readings_of_a_post_get_rare() -> None:
    """Followed through two months, minute by minute where it matters: a bounded number, and an end."""
    read, readings, now = NOW, [], NOW
    while now < NOW + timedelta(days=60):
        now += timedelta(minutes=1)
        if falling.is_due(NOW, read, now, falling.POSTS):
            readings.append(now - read)
            read = now
    assert readings == sorted(readings)
    assert 50 < len(readings) < 100
    assert read < NOW + timedelta(days=31)


AGES = [timedelta(minutes=minutes) for minutes in (-1, 5, 119, 121, 4_000, 5_000, 40_000, 50_000)]


@pytest.mark.django_db
@pytest.mark.parametrize("since", [None, *AGES])
def test_the_database_decides_the_same(place: Place, since: timedelta | None) -> None:
    read = None if since is None else NOW - since
    for number, age in enumerate(AGES):
        place.post(number, created_at=NOW - age, refreshed_at=read)
    due = TelegramPost.objects.to_refresh(NOW).values_list("message_id", flat=True)
    expected = {n for n, age in enumerate(AGES) if falling.is_due(NOW - age, read, NOW, falling.POSTS)}
    assert set(due) == expected
