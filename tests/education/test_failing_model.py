"""A model that fails in the middle of a scenario: waited for where it says nothing, told to a person where it
answers uselessly; nothing is said instead."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from accounts_mgmt.outbox import Status
from education import hearing, playing, services
from education.models import EducationGroup, GroupMessage
from relove import llm
from relove.models import LLMCall, Staff
from relove.sandbox.client import SandboxClient
from relove.telegram.gateway import Message, Peer, PeerKind, Person
from tests.education import scene
from tests.live import running_sandbox

pytestmark = pytest.mark.django_db(transaction=True)
SCENE = {"key": "начало", "lines": [{"key": "вопрос", "role": "спрашивает", "intent": "Спросить, с чего начать."}]}


@pytest.fixture
def model(transactional_db: None, settings: Any) -> Iterator[SandboxClient]:
    with running_sandbox(settings) as client:
        yield client


@pytest.fixture
def group(model: SandboxClient) -> EducationGroup:
    """Before a line that the model has to word."""
    document = scene.document()
    return scene.begun_group(timezone.now(), {**document, "scenes": [SCENE, *document["scenes"]]})


def advance(group: EducationGroup, times: int = 1) -> EducationGroup:
    async def run() -> None:
        for _time in range(times):
            await playing.advance_one(group.pk)
        await llm.aclose()

    asyncio.run(run())
    return EducationGroup.objects.get(pk=group.pk)


def fail(model: SandboxClient, kind: str) -> None:
    model.call("POST", "llm/faults", {"kind": kind})


def hears(group: EducationGroup, text: str) -> None:
    assert group.chat is not None
    place, asks = Peer(PeerKind.CHANNEL, group.chat.telegram_id), Person(900, "olga", "Ольга")
    message = Message(chat=place, id=50, text=text, date=timezone.now(), sender=asks)
    hearing.saw(group.pk, message, timezone.now())


def lines() -> int:
    return GroupMessage.objects.exclude(purpose="welcome").filter(direction="out").count()


def test_useless_answers_pause_the_group_and_going_on_asks_anew(
    group: EducationGroup, model: SandboxClient
) -> None:
    fail(model, "wrong_schema")
    waiting = advance(group, times=2)
    assert (waiting.state, waiting.attempts) == ("running", 2)
    assert waiting.state_reason
    paused = advance(group)
    assert (paused.state, paused.attempts, lines()) == ("paused", 0, 0)
    assert "Языковая модель не справилась" in paused.state_reason
    # each time another question: the answer to none of them is asked for twice
    assert LLMCall.objects.values("key").distinct().count() == 3

    model.call("DELETE", "llm/faults")
    services.resume(group.pk, Staff.objects.create(username="дежурная"), timezone.now())
    going_on = advance(group)
    assert (going_on.state, going_on.state_reason, going_on.attempts, lines()) == ("running", "", 0, 1)


def test_a_useless_answer_is_followed_by_a_good_one(group: EducationGroup, model: SandboxClient) -> None:
    fail(model, "malformed")
    advance(group, times=2)
    model.call("DELETE", "llm/faults")
    group = advance(group)
    assert (group.state, group.attempts, lines()) == ("running", 0, 1)


def test_another_question_has_its_own_tries(group: EducationGroup, model: SandboxClient) -> None:
    fail(model, "malformed")
    assert advance(group, times=2).attempts == 2
    hears(group, "А можно не вести дневник?")
    # the member comes first, and neither the line's failures nor those of this count for the next
    assert advance(group, times=2).attempts == 2
    services.say(group.pk, "host", "Можно.", Staff.objects.create(username="дежурная"), timezone.now())
    assert EducationGroup.objects.get().attempts == 0
    GroupMessage.objects.filter(purpose="hand").update(status=Status.SENT)
    assert advance(group, times=2).attempts == 2
    services.skip(group.pk, Staff.objects.get(), timezone.now())
    going_on = EducationGroup.objects.get()
    assert (going_on.state, going_on.attempts) == ("running", 0)


def test_a_failure_of_what_is_no_longer_asked_counts_for_nothing(
    group: EducationGroup, model: SandboxClient
) -> None:
    task = playing.advance(group.pk, timezone.now())
    assert task is not None
    services.skip(group.pk, Staff.objects.create(username="дежурная"), timezone.now())
    playing._failed(task, llm.BadAnswer("x"), timezone.now())
    there = EducationGroup.objects.get()
    assert (there.attempts, there.state_reason) == (0, "")


def test_a_model_that_says_nothing_is_waited_for(group: EducationGroup, model: SandboxClient) -> None:
    fail(model, "500")
    waiting = advance(group, times=4)
    assert (waiting.state, waiting.attempts, lines()) == ("running", 0, 0)
    assert waiting.state_reason


def test_a_member_who_gets_no_usable_answer_gets_a_person(group: EducationGroup, model: SandboxClient) -> None:
    hears(group, "А можно не вести дневник?")
    fail(model, "empty")
    group = advance(group, times=3)
    row = GroupMessage.objects.get(message_id=50)
    assert (group.state, row.stage, lines()) == ("running", "person", 0)
    assert "Языковая модель не справилась" in row.stage_reason
