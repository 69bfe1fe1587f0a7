"""A diagnosis in a dialogue: begun by the script's action, answered message by message, each one once."""

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync

from accounts_mgmt.models import Contact, TelegramAccountSession
from accounts_mgmt.outbox import Status
from diagnostics import mapping
from diagnostics.models import UserSession
from sales import actions, diagnosing, reminders
from sales.models import ClientConversation, ConversationMessage
from tests.sales.scene import NOW, main_account, paid, say

pytestmark = pytest.mark.django_db(transaction=True)


def said() -> list[ConversationMessage]:
    return list(ConversationMessage.objects.filter(direction="out", status=Status.PENDING).order_by("id"))


def take(row: ConversationMessage) -> bool:
    return bool(async_to_sync(diagnosing.take)(row, row.text))


def test_it_is_begun_by_the_script_and_hears_every_answer_once(transactional_db: None) -> None:
    account: TelegramAccountSession = main_account()
    assert not take(say(account, "Здравствуйте"))
    action = actions.get("start_diagnostics")
    assert action is not None
    assert action.run is not None
    action.run(ClientConversation.objects.get().pk, NOW)
    assert len(said()) == 1
    assert said()[0].discloses
    yes = say(account, "Да", 2)
    assert take(yes)
    assert len(said()) == 2
    assert UserSession.objects.get().consent_at
    # the process died before it could say so: the message is not heard again
    assert take(yes)
    assert len(said()) == 2
    yes.refresh_from_db()
    assert (yes.stage, yes.step) == ("", "diagnostics")


def begun(account: TelegramAccountSession) -> None:
    """The question for consent was asked at NOW, and has left."""
    say(account, "Здравствуйте")
    diagnosing.start(ClientConversation.objects.get().pk, NOW)
    ConversationMessage.objects.filter(direction="out").update(status=Status.SENT, sent_at=NOW)


def test_a_day_of_silence_brings_one_reminder_by_day_then_rest(transactional_db: None) -> None:
    begun(main_account())
    day, night = NOW + timedelta(hours=25), NOW + timedelta(hours=39)
    found = [reminders.look_after(at) for at in (NOW + timedelta(hours=23), day, day, NOW + timedelta(hours=30))]

    assert found == [0, 1, 0, 0]
    reminder = said()[-1]
    assert (reminder.purpose, reminder.step) == ("nudge", "diagnostics")
    assert "пауза" in reminder.text
    assert reminders.look_after(day + timedelta(hours=25)) == 0
    assert UserSession.objects.get().state == "resting"
    UserSession.objects.update(state="asking", reminded_at=None, heard_at=NOW)
    assert reminders.look_after(night) == 0, "nobody is written to at night"


def test_a_stop_ends_the_questionnaire_without_a_word(transactional_db: None) -> None:
    begun(main_account())
    Contact.objects.update(stopped_at=NOW)

    assert reminders.look_after(NOW + timedelta(hours=25)) == 0
    assert (UserSession.objects.get().state, said()) == ("stopped", [])


def test_who_asks_for_their_way_is_told_it_whatever_the_script_says(transactional_db: None) -> None:
    account = main_account()
    begun(account)
    for number, text in enumerate(["да", *["1"] * 20], start=2):
        assert take(say(account, text, number))
    asked = say(account, "Мой путь", 60)

    assert take(asked)
    assert said()[-1].text.startswith("🔥")


def test_a_cry_for_help_in_an_answer_ends_the_questionnaire(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = main_account()
    begun(account)
    take(say(account, "да", 2))
    mapped = paid(mapping.Mapped(option=1, crisis=True))

    async def ask(*_arguments: object, **_options: object) -> object:
        return mapped

    monkeypatch.setattr(mapping.llm, "ask", ask)
    row = say(account, "всё бессмысленно", 3)
    assert take(row)
    row.refresh_from_db()
    assert (row.stage, UserSession.objects.get().state) == ("person", "stopped")
    assert Contact.objects.get().crisis_at
    assert said()[-1].purpose == "crisis"
