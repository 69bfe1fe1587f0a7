"""Drafts on a person's wish: tried in a voice, or written anew with a hint, by the sandbox's model."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from commentators import locks, proposals
from commentators.models import AccountPersonality, GeneratedComment, TelegramPost
from relove.models import LLMCall, Staff, UserActivityLog
from tests.commentators.conftest import Place
from tests.commentators.test_services import DRAFT, draft
from tests.sandbox.llm_server import LLMServer, llm_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def model(settings: Any) -> Iterator[LLMServer]:
    cache.clear()
    with llm_server() as server:
        settings.LLM_BASE_URL = f"{server.base_url}/v1"
        yield server


def voice(place: Place) -> AccountPersonality:
    found: AccountPersonality = place.accounts[0].personality
    return found


def test_a_try_is_checked_and_queued_nowhere(place: Place, model: LLMServer) -> None:
    post = place.post()
    proposal = proposals.propose(post, voice(place))
    assert len(proposal.text) > 20
    assert not GeneratedComment.objects.exists()
    assert TelegramPost.objects.get().stage == post.stage
    assert proposals.propose(post, voice(place)) == proposal
    assert LLMCall.objects.filter(purpose="draft").count() == 1


def test_a_hint_is_another_question(place: Place, model: LLMServer) -> None:
    post = place.post()
    proposals.propose(post, voice(place))
    proposals.propose(post, voice(place), "короче")
    asked = LLMCall.objects.filter(purpose="draft").order_by("-id")
    assert asked.count() == 2
    assert "короче" in str(asked[0].request)


def test_a_draft_is_written_anew_and_both_texts_are_kept(place: Place, staff: Staff, model: LLMServer) -> None:
    comment = draft(place, place.post())
    proposals.redraft(comment.id, staff, "короче")
    after = GeneratedComment.objects.get()
    assert after.text != DRAFT
    assert (after.text, after.status, after.llm_call.purpose) == (after.drafted_text, "draft", "draft")
    details = UserActivityLog.objects.get(activity_type="redraft_comment").details
    assert details == {"before": DRAFT, "after": after.text}


def test_what_another_looks_at_is_not_written_anew(place: Place, staff: Staff, model: LLMServer) -> None:
    comment = draft(place, place.post())
    locks.take(comment.id, Staff.objects.create_user("ivan"))
    with pytest.raises(ValidationError):
        proposals.redraft(comment.id, staff, "короче")
    assert GeneratedComment.objects.get().text == DRAFT
    assert not LLMCall.objects.exists()


def test_the_page_shows_the_draft_or_why_there_is_none(place: Place, model: LLMServer, client: Client) -> None:
    client.force_login(Staff.objects.create_superuser("anna"))
    post = place.post()
    address = reverse("admin:commentators_accountpersonality_preview", args=[voice(place).pk])
    assert "Путь к себе" in client.get(address).content.decode()
    shown = client.post(address, {"post": post.pk, "hint": ""}).content.decode()
    assert "data-draft" in shown
    model.fault("500", None)
    failed = client.post(address, {"post": post.pk, "hint": "иначе"}).content.decode()
    assert "data-draft" not in failed
    assert "rl-error" in failed
    assert not GeneratedComment.objects.exists()
