"""However the model fails, nothing canned is queued: the post or the message waits, or a person decides."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.utils import timezone

from accounts_mgmt.models import Contact
from accounts_mgmt.outbox import Status
from commentators import drafting, replying
from commentators.models import DirectMessage, GeneratedComment, TelegramPost
from relove import llm
from tests.commentators.conftest import TEXT, Place
from tests.commentators.test_direct import say
from tests.sandbox.llm_server import LLMServer, llm_server

pytestmark = pytest.mark.django_db(transaction=True)

WAITED_FOR = ["429:30", "500", "timeout", "trickle"]
USELESS = ["truncated", "malformed", "wrong_schema", "empty", "huge", "nan", "refusal"]
SUMMARY = {"main_idea": "Страх", "keywords": ["шаг"], "tone": "спокойный", "content_type": "question"}


@pytest.fixture(scope="module")
def running() -> Iterator[LLMServer]:
    with llm_server() as server:
        yield server


@pytest.fixture
def model(running: LLMServer, settings: Any) -> LLMServer:
    running.state.__init__()  # type: ignore[misc]
    settings.LLM_BASE_URL = f"{running.base_url}/v1"
    settings.LLM_TIMEOUT = 0.5
    return running


def run(work: Coroutine[Any, Any, None]) -> None:
    async def closing() -> None:
        try:
            await work
        finally:
            await llm.aclose()
            await sync_to_async(connections.close_all)()

    asyncio.run(closing())


def advance_post(place: Place) -> TelegramPost:
    place.post(stage="summarised", summary=SUMMARY, created_at=timezone.now())
    [claimed] = drafting.claim(1)
    run(drafting.advance_one(*claimed))
    return TelegramPost.objects.get()


def advance_message(place: Place, text: str = TEXT) -> DirectMessage:
    row = say(place.accounts[0].session, text)
    [claimed] = replying.claim(1)
    run(replying.advance_one(*claimed))
    row.refresh_from_db()
    return row


@pytest.mark.parametrize("kind", [*WAITED_FOR, *USELESS])
def test_a_post_waits_and_says_why(place: Place, model: LLMServer, kind: str) -> None:
    model.fault(kind, None)
    post = advance_post(place)
    assert not GeneratedComment.objects.exists()
    assert (post.stage, bool(post.stage_reason)) == ("summarised", True)
    assert post.next_try is not None
    assert post.next_try > timezone.now()
    assert post.attempts == (1 if kind in USELESS else 0)


@pytest.mark.parametrize("kind", [*WAITED_FOR, *USELESS])
def test_a_private_message_waits_and_says_why(place: Place, model: LLMServer, kind: str) -> None:
    model.fault(kind, None)
    row = advance_message(place)
    assert not DirectMessage.objects.filter(direction="out").exists()
    assert (row.stage, bool(row.stage_reason)) == ("wanted", True)
    assert row.next_try is not None
    assert row.next_try > timezone.now()


def test_the_wrong_language_goes_to_a_person(place: Place, model: LLMServer) -> None:
    model.fault("wrong_language", None)
    assert advance_post(place).stage == "refused"
    row = advance_message(place)
    assert (row.stage, bool(row.stage_reason)) == ("person", True)
    assert not GeneratedComment.objects.exists()
    assert not DirectMessage.objects.filter(direction="out").exists()


def test_a_fenced_answer_is_an_answer(place: Place, model: LLMServer) -> None:
    model.fault("fenced", None)
    assert advance_post(place).stage == "drafted"


def test_the_model_may_hear_a_cry_for_help_that_no_phrase_names(place: Place, model: LLMServer) -> None:
    row = advance_message(place, "Кругом одна безысходность, и никого рядом")
    assert row.stage == "person"
    help_text = DirectMessage.objects.get(direction="out")
    assert (help_text.purpose, help_text.status) == ("crisis", Status.PENDING)
    assert Contact.objects.alerting().exists()


def test_the_model_clears_no_crisis(place: Place, model: LLMServer) -> None:
    say(place.accounts[0].session, "Я не хочу жить")
    say(place.accounts[0].session, "Спасибо, сегодня всё хорошо, какая погода?", 2)
    assert replying.claim(1) == []
    assert Contact.objects.alerting().exists()
