"""Queued messages that would never end: too late, shut out of a chat, left by a holder nobody follows."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from accounts_mgmt.claims import CRASHES_ALLOWED
from accounts_mgmt.models import AccountChatHold, TelegramAccountSession
from accounts_mgmt.outbox import Status
from accounts_mgmt.tasks import end_stranded
from commentators.models import CommentatorAccount, GeneratedComment, TelegramChannel, TelegramPost
from relove.management.upkeep import REGULAR
from relove.models import Chat, OperationLog

TOKEN = 11
NOW, SECOND = timezone.now(), timedelta(seconds=1)


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return TelegramAccountSession.objects.create(label="Анна", role="commentator", state="limited")


@pytest.fixture
def chat(db: None) -> Chat:
    return Chat.objects.create(kind=Chat.Kind.SUPERGROUP, telegram_id=5)


@pytest.fixture
def comment(account: TelegramAccountSession, chat: Chat) -> GeneratedComment:
    """In the queue of an account whose rows no runner claims."""
    channel = TelegramChannel.objects.create(username="kanal")
    post = TelegramPost.objects.create(channel=channel, message_id=1, created_at=NOW)
    commentator = CommentatorAccount.objects.create(session=account)
    row = GeneratedComment(post=post, channel=channel, account=commentator, sender=account, chat=chat, text="Раз")
    row.queue(NOW)
    row.save()
    return row


def ended(comment: GeneratedComment, **before: Any) -> GeneratedComment:
    """The comment after the task, having been so before it."""
    GeneratedComment.objects.filter(id=comment.id).update(**before)
    end_stranded()
    comment.refresh_from_db()
    return comment


def test_it_is_done_every_minute() -> None:
    assert (f"{end_stranded.__module__}.{end_stranded.__name__}", 1) in REGULAR


def test_what_is_too_late_expires(comment: GeneratedComment) -> None:
    assert ended(comment, expires_at=NOW + timedelta(hours=1)).status == Status.PENDING
    row = ended(comment, expires_at=NOW - SECOND)
    assert (row.status, bool(row.failed_reason)) == (Status.EXPIRED, True)
    operation = OperationLog.objects.get()
    assert (operation.subject_table, operation.subject_id) == ("generated_comments", comment.id)
    assert (operation.status, operation.error_message) == ("failed", row.failed_reason)
    assert end_stranded() == 0


@pytest.mark.parametrize("status", [Status.UNKNOWN, Status.SENDING, Status.DRAFT, Status.SENT])
def test_what_may_be_under_way_does_not_expire(status: Status, comment: GeneratedComment) -> None:
    TelegramAccountSession.objects.update(lease_token=TOKEN, lease_until=timezone.now() + timedelta(minutes=5))
    before = {"status": status, "claimed_by": TOKEN, "first_attempt_at": NOW}
    assert ended(comment, expires_at=NOW - SECOND, **before).status == status


def hold(comment: GeneratedComment, **fields: Any) -> None:
    AccountChatHold.objects.create(
        account=comment.sender, chat=comment.chat, reason="USER_BANNED_IN_CHANNEL", **fields
    )


def test_what_waits_for_a_chat_that_stays_closed_has_failed(comment: GeneratedComment) -> None:
    hold(comment, until=None)
    row = ended(comment)
    assert (row.status, row.failed_code) == (Status.FAILED, "USER_BANNED_IN_CHANNEL")
    assert row.failed_reason == "Аккаунт заблокирован в этом канале."
    assert OperationLog.objects.get().subject_id == comment.id


def test_what_may_have_been_delivered_there_waits_for_a_person(comment: GeneratedComment) -> None:
    hold(comment, until=None)
    row = ended(comment, status=Status.UNKNOWN, first_attempt_at=NOW)
    assert (row.status, row.set_aside, bool(row.failed_reason)) == (Status.UNKNOWN, True, True)
    assert end_stranded() == 0


def test_a_wait_with_an_end_ends_by_itself(comment: GeneratedComment) -> None:
    hold(comment, until=NOW + timedelta(days=1))
    assert ended(comment).status == Status.PENDING


def test_an_account_may_write_elsewhere(comment: GeneratedComment) -> None:
    hold(comment, until=None)
    other = Chat.objects.create(kind=Chat.Kind.SUPERGROUP, telegram_id=6)
    assert ended(comment, chat=other).status == Status.PENDING
    assert ended(comment, chat=None).status == Status.PENDING


@pytest.mark.parametrize(
    ("attempted", "crashes", "status", "set_aside"),
    [
        (None, 0, Status.PENDING, False),
        (NOW, 0, Status.UNKNOWN, False),
        (None, CRASHES_ALLOWED - 1, Status.FAILED, True),
        (NOW, CRASHES_ALLOWED - 1, Status.UNKNOWN, True),
    ],
)
@pytest.mark.parametrize("released", [True, False])
def test_what_nobody_holds_any_more_is_freed(
    released: bool, attempted: Any, crashes: int, status: Status, set_aside: bool, comment: GeneratedComment
) -> None:
    over = timezone.now() - timedelta(seconds=settings.LEASE_SECONDS / 3 + 1)
    holder = {"lease_token": None, "lease_until": NOW} if released else {"lease_token": TOKEN, "lease_until": over}
    TelegramAccountSession.objects.update(**holder)
    row = ended(comment, status=Status.SENDING, claimed_by=TOKEN, first_attempt_at=attempted, crashes=crashes)
    assert (row.status, row.set_aside, row.crashes, row.claimed_by) == (status, set_aside, crashes + 1, None)


def test_a_lease_that_has_just_ended_may_still_be_followed(comment: GeneratedComment) -> None:
    TelegramAccountSession.objects.update(lease_token=TOKEN, lease_until=timezone.now() - SECOND)
    assert ended(comment, status=Status.SENDING, claimed_by=TOKEN).status == Status.SENDING
