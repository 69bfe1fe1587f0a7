"""Who is written to: those who wrote or agreed, by one account, three times a day at most without an answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts_mgmt import contacts
from accounts_mgmt.models import Contact, TelegramAccountSession
from accounts_mgmt.outbox import Origin, Status
from commentators.models import DirectMessage
from relove.models import Chat, Staff, TelegramUser
from sales.models import ClientConversation, ConversationMessage
from tests.commentators.conftest import NOW, commentator
from tests.commentators.conftest import staff as staff
from tests.commentators.test_direct import approve, attempt, draft, say


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return commentator(1).session


def out(account: TelegramAccountSession, **fields: Any) -> DirectMessage:
    """A queued message of the machine to the person; its thread has the disclosure."""
    user = TelegramUser.objects.get_or_create(telegram_id=900)[0]
    chat = Chat.objects.get_or_create(kind=Chat.Kind.PRIVATE, telegram_id=900)[0]
    Contact.objects.get_or_create(user=user, defaults={"account": account})
    row = DirectMessage(sender=account, user=user, chat=chat, direction="out", text="Здравствуйте", discloses=True)
    row.queue(NOW)
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
    return row


def test_nobody_is_written_to_who_neither_wrote_nor_agreed(account: TelegramAccountSession) -> None:
    row = out(account)
    by_hand = out(account, origin=Origin.PERSON)
    assert not attempt(row)
    assert not attempt(by_hand), "a first message by hand needs the same"
    Contact.objects.update(consent_at=NOW)
    assert attempt(row)


def test_one_account_speaks_with_a_person_until_staff_hand_over(
    account: TelegramAccountSession, staff: Staff
) -> None:
    other = commentator(2).session
    say(account, "Привет")
    assert say(other, "Привет и вам", 2).stage == "person"
    row = out(other)
    assert not attempt(row)
    contacts.hand_over(Contact.objects.get(), other.pk, staff)
    assert attempt(row)


def test_three_automatic_messages_a_day_over_all_accounts(account: TelegramAccountSession) -> None:
    other = commentator(2).session
    now = timezone.now()
    Contact.objects.all().delete()
    rows = [out(sender) for sender in (account, account, other)]
    Contact.objects.update(wrote_at=now - timedelta(hours=3))
    DirectMessage.objects.update(status=Status.SENT, attempted_at=now - timedelta(hours=1))
    fourth = out(account)
    assert not attempt(fourth)
    # a person may; an answer, or the next day, makes room
    assert attempt(out(account, origin=Origin.PERSON))
    Contact.objects.update(wrote_at=now)
    assert attempt(fourth)
    Contact.objects.update(wrote_at=now - timedelta(days=9))
    DirectMessage.objects.filter(pk__in=[row.pk for row in rows]).update(attempted_at=now - timedelta(hours=25))
    assert attempt(fourth)


def test_what_another_domain_sent_counts_too(account: TelegramAccountSession) -> None:
    now = timezone.now()
    fourth = out(account)
    Contact.objects.update(wrote_at=now - timedelta(hours=3))
    conversation = ClientConversation.objects.create(account=account, user=fourth.user)
    sent = {"sender": account, "user": fourth.user, "chat": fourth.chat, "direction": "out", "text": "Добрый день"}
    for number in range(3):
        assert attempt(fourth), f"{number} of the main account's before"
        DirectMessage.objects.filter(pk=fourth.pk).update(attempted_at=None)
        ConversationMessage.objects.create(
            conversation=conversation, status=Status.SENT, attempted_at=now - timedelta(hours=1), **sent
        )
    assert not attempt(fourth)


def test_approving_says_at_once_what_the_send_would_refuse(account: TelegramAccountSession, staff: Staff) -> None:
    made = draft(account)
    Contact.objects.update(stopped_at=NOW)
    with pytest.raises(ValidationError, match="автоматических"):
        approve(made, made.text, staff)
