"""One of our accounts under a post; a second only with the owner's recorded agreement, and named as ours."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts_mgmt.outbox import Status
from commentators import planning, second, services
from commentators.checks import check_draft
from commentators.models import CommentKey, GeneratedComment, TelegramPost
from relove.models import Staff
from tests.commentators.conftest import NOW, TEXT, Place
from tests.commentators.conftest import place as place
from tests.commentators.conftest import staff as staff
from tests.commentators.test_proposals import model as model
from tests.commentators.test_services import draft
from tests.honesty.test_basis import attempt
from tests.sandbox.llm_server import LLMServer

SIDE = "Пишу от команды reLove."
DRAFT = "А какой шаг вы бы посоветовали сделать самым первым, если страшно начинать?"


@pytest.fixture
def agreed(place: Place) -> Place:
    place.channel.second_by, place.channel.second_at = "Мария, владелица канала", NOW.date()
    place.channel.affiliation = SIDE
    place.channel.full_clean()
    place.channel.save()
    return place


def fresh(place: Place) -> TelegramPost:
    return place.post(created_at=timezone.now())


def test_a_second_account_finds_no_place_under_a_post(place: Place) -> None:
    post = place.post()
    draft(place, post, 0)
    with pytest.raises(AssertionError):
        draft(place, post, 1)
    assert CommentKey.objects.filter(post_id=post.id).count() == 1


def test_the_agreement_names_who_when_and_the_affiliation(place: Place) -> None:
    for partial in ({"second_by": "Мария"}, {"second_at": NOW.date()}, {"affiliation": SIDE}):
        for name in ("second_by", "second_at", "affiliation"):
            setattr(place.channel, name, partial.get(name, None if name == "second_at" else ""))
        with pytest.raises(ValidationError):
            place.channel.full_clean()
        assert not place.channel.may_be_commented_twice


def test_without_agreement_nobody_gets_one_by_asking(place: Place, staff: Staff) -> None:
    post = fresh(place)
    draft(place, post, 0)
    with pytest.raises(ValidationError, match=r"согла|agreed"):
        second.draft_second(post, staff, timezone.now())


@pytest.mark.django_db(transaction=True)
def test_with_agreement_it_is_drafted_and_named(agreed: Place, staff: Staff, model: LLMServer) -> None:
    post = fresh(agreed)
    with pytest.raises(ValidationError):
        second.draft_second(post, staff, timezone.now())
    first = draft(agreed, post, 0)
    comment = second.draft_second(post, staff, timezone.now())
    assert comment.account != first.account
    assert comment.text.endswith(SIDE)
    assert services.approve([comment.id], staff, timezone.now()).done == [comment.id]
    with pytest.raises(ValidationError):
        second.draft_second(post, staff, timezone.now())


def test_a_draft_without_it_is_refused(agreed: Place, staff: Staff) -> None:
    assert [r.code for r in check_draft(DRAFT, post_text=TEXT, affiliation=SIDE)] == ["affiliation"]
    assert check_draft(f"{DRAFT}\n{SIDE.upper()}", post_text=TEXT, affiliation=SIDE) == []
    post = agreed.post()
    draft(agreed, post, 0)
    comment = draft(agreed, post, 1, affiliation=SIDE)
    with pytest.raises(ValidationError):
        services.edit_text(comment.id, staff, DRAFT)
    services.edit_text(comment.id, staff, f"{DRAFT} {SIDE}")


LOST = [
    {"second_at": None},
    {"affiliation": "Пишу сам по себе."},
]


@pytest.mark.parametrize("change", [{}, *LOST])
def test_the_send_guard_asks_again_at_the_last_moment(agreed: Place, change: dict[str, Any]) -> None:
    comment = in_hand(agreed, f"{DRAFT} {SIDE}")
    type(agreed.channel).objects.update(**change)
    assert attempt(comment) == ([] if change else [comment.id])


def test_the_send_guard_reads_the_text_itself(agreed: Place) -> None:
    assert attempt(in_hand(agreed, DRAFT)) == []


def in_hand(place: Place, text: str) -> GeneratedComment:
    """A second comment about to be sent."""
    comment = GeneratedComment(
        post=place.post(),
        channel=place.channel,
        account=place.accounts[1],
        schedule=place.schedules[1],
        sender=place.accounts[1].session,
        chat=place.channel.discussion,
        text=text,
        affiliation=SIDE,
    )
    assert planning.take_place(comment, NOW)
    comment.queue(NOW)
    comment.status, comment.claimed_by = Status.SENDING, 5
    comment.save()
    return comment


@pytest.fixture
def page(client: Client, db: None) -> Client:
    client.force_login(Staff.objects.create_superuser("anna", password=None))
    return client


@pytest.mark.parametrize("has_agreed", [False, True])
def test_the_page_offers_it_only_where_it_may_be(page: Client, agreed: Place, has_agreed: bool) -> None:
    if not has_agreed:
        type(agreed.channel).objects.update(second_by="")
    address = reverse("admin:commentators_telegrampost_change", args=[fresh(agreed).pk])
    offered = reverse("admin:commentators_telegrampost_second_comment", args=[TelegramPost.objects.get().pk])
    assert (offered in page.get(address).content.decode()) is has_agreed
