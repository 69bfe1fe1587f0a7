"""Two schedulers at once: a post gets one comment, a slot is used once, and nothing is left out."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from commentators import planning
from commentators.models import CommentKey, GeneratedComment, TelegramPost
from tests.commentators.conftest import NOW, Place
from tests.commentators.test_services import DRAFT

pytestmark = pytest.mark.django_db(transaction=True)
POSTS = 20


def plan(place: Place, posts: Sequence[TelegramPost], step: Barrier) -> int:
    """Plan a comment under each post, in step with the other scheduler; answers how many found a place."""
    schedule, taken = place.schedules[0], 0
    try:
        for post in posts:
            comment = GeneratedComment(
                post=post,
                channel=place.channel,
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
        taken = [future.result() for future in [pool.submit(plan, place, order, step) for order in orders]]
    assert sum(taken) == POSTS
    planned = GeneratedComment.objects.values_list("post", "scheduled_at")
    assert set(planned) == set(CommentKey.objects.values_list("post_id", "slot_utc"))
    assert {len(set(column)) for column in zip(*planned, strict=True)} == {POSTS}
