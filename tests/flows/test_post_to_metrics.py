"""The whole story of a comment, with the real clients: once with Valkey, once with PostgreSQL alone."""

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts_mgmt import calls
from accounts_mgmt.models import AccountCall
from accounts_mgmt.outbox import Status
from commentators import metrics
from commentators.models import GeneratedComment, TelegramChannel, TelegramPost
from relove.management import sandbox_world
from relove.models import OperationLog, Staff
from relove.sandbox.client import SandboxClient
from tests.heard import Said
from tests.live import running_drafting, running_runner, running_sandbox, wait_for

POST = (
    "Почему мы откладываем важное? Часто дело не в лени, а в страхе начать. "
    "Попробуйте сделать один маленький шаг сегодня вечером и заметить, что изменилось."
)

STAGES = (
    "store_post",
    "summarise_post",
    "generate_comment",
    "approve_comment",
    "send_message",
    "record_metrics",
)


@pytest.fixture(params=["valkey", "postgresql alone"])
def memory(request: Any, settings: Any, transactional_db: None) -> None:
    """What processes share: limits and cache in Valkey, or in PostgreSQL."""
    if request.param == "valkey":
        return
    settings.REDIS_URL = ""
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "relove_cache"}
    }
    call_command("createcachetable", verbosity=0)


@pytest.mark.usefixtures("memory")
def test_a_post_becomes_a_comment_and_its_response_is_read(settings: Any, spoken: Said) -> None:
    settings.PACE_PER_SECOND, settings.ACCOUNT_CHAT_PER_MINUTE, settings.CHAT_PER_MINUTE = 30, 1800, 1800
    now = timezone.now()
    staff, page = Staff.objects.create_superuser("olga"), Client()
    page.force_login(staff)
    with running_sandbox(settings) as telegram:
        # our own channel, with accounts that disclose what they are and readers who respond by themselves
        telegram.world(sandbox_world.description())
        accounts = sandbox_world.connect_accounts(telegram, now)
        channel = sandbox_world.add_channel(accounts, now, per_day=86_400)
        with running_runner(), running_drafting():
            look_again = reverse("admin:commentators_telegramchannel_look_again", args=[channel.id])
            page.post(look_again, {"confirmed": "1"})
            looked = AccountCall.objects.get()
            answered(looked)
            ask(channel, "join_channel")
            channel.refresh_from_db()
            assert channel.title == "Путь к себе"
            assert channel.discussion is not None

            # a post appears in the channel: it is stored once and summarised
            published = telegram.publish(channel.username, POST)
            post = wait_for(
                lambda: TelegramPost.objects.filter(summary__isnull=False).first(), "the post is summarised"
            )
            assert (post.message_id, post.text) == (published["id"], POST)
            assert set(post.summary) == {"main_idea", "keywords", "tone", "content_type"}

            # a comment is drafted in an account's voice, and waits for a person
            draft = wait_for(lambda: GeneratedComment.objects.drafts().first(), "a comment is drafted")
            assert draft.post_id == post.id
            assert not telegram_comments(telegram)

            # a person approves it: it is sent exactly once, at its slot, as an answer under the post
            decision = reverse("admin:commentators_generatedcomment_review_decide", args=[draft.id])
            assert page.post(decision, {"what": "approve"}).status_code == 200
            sent = wait_for(lambda: GeneratedComment.objects.filter(status=Status.SENT).first(), "it is sent")
            (accepted,) = telegram_comments(telegram)
            assert accepted["random_id"] == sent.random_id
            assert accepted["text"] == draft.text
            assert (sent.message_id, sent.approved_by) == (accepted["message"], staff)

            # its reactions and replies come back
            reader = sandbox_world.READERS[0][0]
            telegram.react(reader, accepted["chat"], accepted["message"], "👍")
            telegram.comment(reader, channel.username, post.message_id, "Спасибо!", reply_to=accepted["message"])
            metrics.ask_due(timezone.now())
            read = wait_for(
                lambda: GeneratedComment.objects.filter(engagement_metrics__isnull=False).first(),
                "the response is read",
            )
            assert read.engagement_metrics["likes"] >= 1
            assert read.engagement_metrics["replies"] == 1
    # each stage wrote one row of the log
    for stage in STAGES:
        assert OperationLog.objects.filter(operation_type=stage, status="success").count() == 1, stage
    told_under_one_id(spoken, post, sent, looked)


def told_under_one_id(spoken: Said, post: TelegramPost, comment: GeneratedComment, looked: AccountCall) -> None:
    """The programs' logs tell of a post, a comment and a call, in whatever process, each under its id."""
    assert {"summarise_post", "generate_comment"} <= spoken.events(task=f"telegram_posts:{post.id}")
    asked = [line for line in spoken.lines if line["event"].startswith("model call")]
    assert {line["task"] for line in asked} == {f"telegram_posts:{post.id}"}

    of_comment = {
        line["event"]: line for line in spoken.lines if line.get("task") == f"generated_comments:{comment.id}"
    }
    assert {"approve_comment", "send_message"} <= set(of_comment)
    assert of_comment["approve_comment"]["request_id"]
    assert looked.request_id
    of_call = spoken.events(request_id=looked.request_id)
    assert of_call >= {
        f"call {looked.pk} is asked for: check_channel",
        "check_channel",
        f"call {looked.pk} (check_channel) is done",
    }
    assert [text for text in (POST, comment.text) if text in spoken.text] == []


def ask(channel: TelegramChannel, kind: str) -> None:
    assert channel.listener is not None
    answered(calls.ask(channel.listener.id, kind, {"channel": channel.id}, now=timezone.now()))


def answered(call: AccountCall) -> None:
    done = AccountCall.objects.filter(id=call.pk, state=AccountCall.State.DONE)
    wait_for(done.exists, f"{call.kind} is carried out")


def telegram_comments(telegram: SandboxClient) -> list[dict[str, Any]]:
    """What the server accepted from clients, by its own ledger."""
    return [entry for entry in telegram.ledger() if entry.get("random_id")]
