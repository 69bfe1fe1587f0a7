"""Interests decide which accounts suit a post: in any word form, the best first, in turn among equals."""

from collections import Counter
from datetime import timedelta

import pytest

from commentators import planning
from commentators.interests import fit
from commentators.models import CommentatorAccount, TelegramPost
from tests.commentators.conftest import NOW, Place
from tests.commentators.test_services import draft

FITTING = [
    (["путь героя"], ["пути героев"], 1),
    (["отношения"], ["в отношениях", "страх"], 1),
    (["ёлка"], ["елки"], 1),
    (["психология", "отдых"], ["психологии", "отдыхаю", "отдыха"], 2),
    (["habits"], ["habit"], 1),
    (["путь героя"], ["путь домой"], None),
    (["футбол"], ["отношения"], None),
    (["кот"], ["который"], None),
    ([], ["что угодно"], 0),
    (["  ", "и"], ["что угодно"], 0),
    (["футбол"], [], None),
]


@pytest.mark.parametrize(("interests", "keywords", "expected"), FITTING)
def test_word_forms_count_and_likeness_of_letters_does_not(
    interests: list[str], keywords: list[str], expected: int | None
) -> None:
    assert fit(interests, keywords) == expected


def interested(account: CommentatorAccount, *interests: str) -> None:
    account.personality.interests = list(interests)
    account.personality.save()


def about(place: Place, *keywords: str, number: int = 1) -> TelegramPost:
    return place.post(number, summary={"keywords": list(keywords)})


@pytest.mark.django_db
def test_the_best_match_comes_first_whoever_is_free_earlier(place: Place) -> None:
    first, second = place.accounts
    interested(first, "страх")
    interested(second, "страх", "лень")
    place.schedules[1].comments_per_day = 1
    place.schedules[1].save()
    found = planning.find_place(about(place, "страхи", "лени"), NOW)
    assert found is not None
    assert found.schedule.account == second


@pytest.mark.django_db
def test_whom_nothing_touches_does_not_comment_and_the_post_says_so(place: Place) -> None:
    for account in place.accounts:
        interested(account, "футбол")
    post = about(place, "страх")
    assert planning.find_place(post, NOW) is None
    assert "интерес" in planning.why_nobody(post) or "interests" in planning.why_nobody(post)
    interested(place.accounts[1])
    found = planning.find_place(post, NOW)
    assert found is not None
    assert found.schedule.account == place.accounts[1], "who states no interest suits all"


@pytest.mark.django_db
def test_a_match_that_comes_too_late_yields_to_one_in_time(place: Place) -> None:
    first, second = place.accounts
    interested(first, "страх")
    post = about(place, "страх")
    TelegramPost.objects.update(created_at=NOW - timedelta(hours=40))
    post.refresh_from_db()
    # on another day of the week only
    place.schedules[0].days = [(NOW.weekday() + 3) % 7]
    place.schedules[0].save()
    found = planning.find_place(post, NOW)
    assert found is not None
    assert found.schedule.account == second


@pytest.mark.django_db
def test_among_equals_the_turn_goes_round(place: Place) -> None:
    turns: list[int] = []
    for number in range(8):
        post = place.post(number)
        found = planning.find_place(post, NOW)
        assert found is not None
        turns.append(place.accounts.index(found.schedule.account))
        draft(place, post, turns[-1])
    assert Counter(turns) == {0: 4, 1: 4}
    assert turns[::2] == [turns[0]] * 4, "one after the other, not in blocks"


@pytest.mark.django_db
def test_who_has_been_silent_longest_is_next_when_nothing_is_planned(place: Place) -> None:
    for account, hours in zip(place.accounts, (1, 5), strict=True):
        account.last_used = NOW - timedelta(hours=hours)
        account.save()
    found = planning.find_place(place.post(), NOW)
    assert found is not None
    assert found.schedule.account == place.accounts[1]
