"""A sent comment is deleted in Telegram by the account that wrote it, and the page tells when it could not."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts_mgmt.models import AccountCall
from accounts_mgmt.outbox import Status
from commentators import services
from commentators.models import CommentatorAccount, GeneratedComment, TelegramChannel
from relove.management import sandbox_world
from relove.models import Chat, Staff
from relove.sandbox.client import SandboxClient
from tests.commentators.conftest import NOW, Place
from tests.commentators.test_effect import sent
from tests.live import running_runner, running_sandbox, wait_for

State = AccountCall.State


def test_only_sent_comments_are_deleted_and_each_once(place: Place, staff: Staff) -> None:
    comment, draft = sent(place, 1), sent(place, 2)
    GeneratedComment.objects.filter(pk=draft.pk).update(status=Status.DRAFT)
    outcome = services.delete([comment.pk, draft.pk], staff, NOW)
    assert outcome.done == [comment.pk]
    assert [number for number, _reason in outcome.skipped] == [draft.pk]
    [call] = services.deletions(comment)
    assert (call.account_id, call.asked_by, call.state) == (comment.sender_id, staff, State.WAITING)
    assert services.delete([comment.pk], staff, NOW).done == []


def test_a_comment_of_a_lost_account_is_left_to_a_person(place: Place, staff: Staff) -> None:
    comment = sent(place, 1)
    comment.sender.state = "banned"
    comment.sender.save()
    assert (
        "не активен" in services.delete([comment.pk], staff, NOW).skipped[0][1] or not AccountCall.objects.exists()
    )


@pytest.fixture
def telegram(settings: Any, transactional_db: None) -> Iterator[SandboxClient]:
    with running_sandbox(settings) as client:
        yield client


def comment_in(telegram: SandboxClient) -> GeneratedComment:
    """A comment that stands in the sandbox's group, and the row we keep of it."""
    now = timezone.now()
    telegram.world(sandbox_world.description())
    author: CommentatorAccount = sandbox_world.connect_accounts(telegram, now)[0]
    channel: TelegramChannel = sandbox_world.add_channel([author, author], now, per_day=5)
    post = telegram.publish(channel.username, "Пост")
    said = telegram.comment(author.session.username, channel.username, post["id"], "Наш комментарий")
    group = Chat.objects.create(telegram_id=said["chat_id"], kind=Chat.Kind.SUPERGROUP)
    return GeneratedComment.objects.create(
        post=channel.posts.create(channel=channel, message_id=post["id"], text="Пост", created_at=now),
        channel=channel,
        account=author,
        sender=author.session,
        chat=group,
        text="Наш комментарий",
        status=Status.SENT,
        sent_at=now,
        message_id=said["id"],
    )


def asked(row: GeneratedComment, staff: Staff, ends: str) -> AccountCall:
    assert services.delete([row.pk], staff, timezone.now()).done == [row.pk]

    def ended() -> AccountCall | None:
        call: AccountCall = services.deletions(row)[0]
        return call if call.state == ends else None

    found: AccountCall = wait_for(ended, f"the deletion is {ends}")
    return found


def test_it_is_refused_with_a_reason_then_deleted(telegram: SandboxClient, staff: Staff) -> None:
    row = comment_in(telegram)
    staff.is_superuser = staff.is_staff = True
    staff.save()
    pages = Client()
    pages.force_login(staff)
    page = reverse("admin:commentators_generatedcomment_change", args=[row.pk])
    with running_runner():
        telegram.add_fault("MESSAGE_DELETE_FORBIDDEN", method="channels.deleteMessages", times=1)
        refused = asked(row, staff, State.REFUSED)
        assert "MESSAGE_DELETE_FORBIDDEN" not in refused.error
        assert "delete" in refused.error or "удал" in refused.error
        assert refused.error in pages.get(page).content.decode()
        row.refresh_from_db()
        assert row.status == Status.SENT
        asked(row, staff, State.DONE)
    row.refresh_from_db()
    assert row.status == Status.DELETED
    assert "delete_one" not in pages.get(page).content.decode()
