"""Approval: a person approves, unless the channel is set to automatic with a reason."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from accounts_mgmt.outbox import Status
from commentators import drafting
from commentators.models import CommentKey, GeneratedComment, TelegramChannel, TelegramPost
from relove import llm
from relove.models import LLMCall, OperationLog
from relove.sandbox.client import SandboxClient
from tests.commentators.conftest import Place
from tests.commentators.conftest import place as place
from tests.live import running_sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def model(transactional_db: None, settings: Any) -> Iterator[SandboxClient]:
    with running_sandbox(settings) as client:
        yield client


def advance(post: TelegramPost) -> None:
    async def run() -> None:
        await drafting.advance_one(post.id, post.channel_id, timezone.now())
        await llm.aclose()

    asyncio.run(run())
    post.refresh_from_db()


@pytest.mark.usefixtures("model")
def test_a_draft_waits_for_a_person(place: Place) -> None:
    post = place.post(created_at=timezone.now())
    advance(post)
    comment = GeneratedComment.objects.get()
    assert (comment.status, comment.approved_at) == (Status.DRAFT, None)
    assert post.stage == TelegramPost.Stage.DRAFTED


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize(("reason", "status"), [("", Status.DRAFT), ("Свой канал, тест", Status.PENDING)])
def test_an_automatic_channel_needs_its_reason(place: Place, reason: str, status: Status) -> None:
    TelegramChannel.objects.update(auto_approve=True, auto_approve_reason=reason)
    advance(place.post(created_at=timezone.now()))
    assert GeneratedComment.objects.get().status == status


@pytest.mark.parametrize("kind", ["429", "500", "malformed", "empty", "refusal", "wrong_schema"])
def test_a_failing_model_queues_nothing_and_says_so(place: Place, model: SandboxClient, kind: str) -> None:
    model.call("POST", "llm/faults", {"kind": kind})
    post = place.post(created_at=timezone.now())
    advance(post)
    assert not GeneratedComment.objects.exists()
    assert post.stage == TelegramPost.Stage.NEW
    assert post.next_try > timezone.now()
    assert post.stage_reason
    assert OperationLog.objects.filter(operation_type="summarise_post", status="failed").exists()


@pytest.mark.usefixtures("model")
def test_an_answer_that_was_paid_for_is_used_after_a_crash(place: Place) -> None:
    post = place.post(created_at=timezone.now())
    advance(post)
    asked = LLMCall.objects.count()
    # the process died after the answers were kept and before the post was
    GeneratedComment.objects.all().delete()
    CommentKey.objects.all().delete()
    TelegramPost.objects.update(stage=TelegramPost.Stage.NEW, summary=None)
    advance(post)
    assert post.stage == TelegramPost.Stage.DRAFTED
    assert LLMCall.objects.count() == asked
