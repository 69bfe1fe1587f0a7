"""Two schedulers at once: a post gets one comment, a slot is used once, and nothing is left out."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import time
from threading import Barrier

import pytest
from django.db import connections

from commentators import planning
from commentators.models import CommentKey, CommentSchedule, GeneratedComment, TelegramChannel, TelegramPost
from commentators.schedule import day_of, window
from tests.commentators.conftest import NOW, Place
from tests.commentators.test_services import DRAFT

pytestmark = pytest.mark.django_db(transaction=True)
POSTS = 20


def plan(schedule: CommentSchedule, posts: Sequence[TelegramPost], step: Barrier) -> int:
    """Plan a comment under each post, in step with the other scheduler; answers how many found a place."""
    taken = 0
    try:
        for post in posts:
            comment = GeneratedComment(
                post=post,
                channel=schedule.channel,
                account=schedule.account,
                schedule=schedule,
                sender=schedule.account.session,
                text=DRAFT,
            )
            step.wait(30)
            taken += planning.take_place(comment, NOW)
    finally:
        connections.close_all()
    return taken


@pytest.mark.parametrize("apart", [0, POSTS // 2], ids=["the same post", "the same slot"])
def test_two_schedulers_plan_nothing_twice(place: Place, apart: int) -> None:
    posts = [place.post(number + 1) for number in range(POSTS)]
    step = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        orders = (posts, posts[apart:] + posts[:apart])
        taken = [
            future.result() for future in [pool.submit(plan, place.schedules[0], order, step) for order in orders]
        ]
    assert sum(taken) == POSTS
    planned = GeneratedComment.objects.values_list("post", "scheduled_at")
    assert set(planned) == set(CommentKey.objects.values_list("post_id", "slot_utc"))
    assert {len(set(column)) for column in zip(*planned, strict=True)} == {POSTS}


def test_two_channels_share_the_accounts_day(place: Place) -> None:
    """Planned at the same moments for both: together no more a day than the more generous of the two allows."""
    other = TelegramChannel.objects.create(
        username="vtoroy", title="Второй", chat=None, discussion=place.channel.discussion, basis="own"
    )
    account = place.schedules[0].account
    hours = {"start_time": time(20), "end_time": time(4), "time_zone": "Europe/Berlin"}
    CommentSchedule.objects.filter(pk=place.schedules[0].pk).update(comments_per_day=4, **hours)
    second = CommentSchedule.objects.create(account=account, channel=other, comments_per_day=3, **hours)
    first = CommentSchedule.objects.get(pk=place.schedules[0].pk)
    posts = {
        schedule: [place.post(number, channel=schedule.channel) for number in range(1, 9)]
        for schedule in (first, second)
    }
    step = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(plan, schedule, own, step) for schedule, own in posts.items()]
        assert [future.result() for future in asked] == [8, 8]
    keys = CommentKey.objects.filter(account=account).values_list("schedule", "slot_utc")
    days = Counter(day_of(planning.plan_of(first), slot) for _schedule, slot in keys)
    own = Counter(day_of(planning.plan_of(first), slot) for schedule, slot in keys if schedule == second.pk)
    assert sum(days.values()) == 16
    assert max(days.values()) == 4
    assert max(own.values()) <= 3
    found = GeneratedComment.objects.filter(schedule=first).order_by("scheduled_at").first()
    assert found is not None
    days_of = planning.plan_of(first)
    full = next(day for day, count in days.items() if count == 4 and day != day_of(days_of, found.scheduled_at))
    assert planning.slot_for(found, first, window(days_of, full)[0]) is None, "nobody moves a fifth one there"
