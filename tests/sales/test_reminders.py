"""Into a silence: by day, twice at most, never where the person wants quiet or a person leads."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts_mgmt.models import Contact, TelegramAccountSession
from accounts_mgmt.outbox import Status
from relove.models import SessionLog
from sales import reminders
from sales.models import ClientConversation, ConversationMessage
from tests.sales.scene import live_script, main_account, say
from tests.sales.test_answering import answer

DOCUMENT = {
    "steps": [{"key": "hello", "stage": "старт", "lines": [{"variants": ["Здравствуйте."]}], "max_turns": 9}],
    "triggers": [{"key": "quiet", "kind": "silence", "hours": 24, "to": "hello"}],
}
NOON = datetime(2026, 3, 11, 12, 0, tzinfo=timezone.get_current_timezone())


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return main_account()


@pytest.fixture
def conversation(account: TelegramAccountSession) -> ClientConversation:
    """Our last word was said at noon."""
    live_script("automatic", DOCUMENT)
    answer(say(account, "Привет"))
    sent(NOON)
    ClientConversation.objects.update(heard_at=NOON)
    return ClientConversation.objects.get()


def sent(at: datetime) -> None:
    ConversationMessage.objects.filter(direction="out").update(status=Status.SENT, sent_at=at)


def test_it_asks_again_twice_and_then_rests(conversation: ClientConversation) -> None:
    assert reminders.remind_due(NOON + timedelta(hours=23)) == 0
    found = []
    for day in (1, 2, 3, 4):
        found.append(reminders.remind_due(NOON + timedelta(days=day, minutes=1)))
        sent(NOON + timedelta(days=day, minutes=1))
    assert found == [1, 1, 0, 0]
    reminder = ConversationMessage.objects.filter(trigger="quiet").first()
    assert reminder is not None
    assert reminder.why


def test_nobody_is_written_to_at_night(conversation: ClientConversation) -> None:
    assert reminders.remind_due(NOON + timedelta(hours=24 + 11)) == 0
    assert reminders.remind_due(NOON + timedelta(hours=24 + 20)) == 1


@pytest.mark.parametrize("wish", ["stopped_at", "crisis_at", "paused_until", "person"])
def test_not_where_the_person_wants_quiet_or_a_person_leads(conversation: ClientConversation, wish: str) -> None:
    if wish == "person":
        ClientConversation.objects.update(lead="person")
    else:
        Contact.objects.update(**{wish: NOON + timedelta(days=9)})
    assert reminders.remind_due(NOON + timedelta(days=1, minutes=1)) == 0


@pytest.mark.parametrize("how", ["stopped", "rested"])
def test_a_session_ends_where_nobody_goes_on_and_begins_anew_with_the_next_message(
    account: TelegramAccountSession, how: str
) -> None:
    conversation = say(account, "Привет").conversation
    ClientConversation.objects.update(heard_at=NOON)
    reminders.look_after(NOON + timedelta(days=1))
    assert SessionLog.objects.get().status == "active"
    if how == "stopped":
        Contact.objects.update(stopped_at=NOON)
    reminders.look_after(NOON + timedelta(days=1 if how == "stopped" else 40))
    ended = SessionLog.objects.get()
    assert (ended.status, ended.metadata["how"]) == ("completed", how)
    assert ended.end_time
    Contact.objects.update(stopped_at=None)
    say(account, "Я снова здесь", 2)
    conversation.refresh_from_db()
    assert conversation.session not in (None, ended)
