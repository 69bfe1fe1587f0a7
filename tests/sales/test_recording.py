"""A real dialogue becomes a test of its script, without what tells who it was with."""

import pytest

from accounts_mgmt.models import TelegramAccountSession
from relove.models import Staff
from sales import recording
from sales.models import ConversationMessage
from sales.trials import NameTaken
from tests.sales.scene import NOW, live_script, main_account, say


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return main_account()


def decided(row: ConversationMessage, **fields: str) -> None:
    ConversationMessage.objects.filter(pk=row.pk).update(**fields)


def test_what_was_said_and_decided_is_expected_from_now_on(account: TelegramAccountSession, staff: Staff) -> None:
    script = live_script()
    say(account, "Здравствуйте, это Ольга")
    second = say(account, "мой телефон +7 921 555-12-34", 2)
    decided(second, strategy="script_80", step="приветствие", trigger="начало")
    third = say(account, "позовите человека", 3)
    decided(third, strategy="person", step="приветствие")
    say(account, "ещё не прочитано", 4)
    conversation = third.conversation
    conversation.script = script
    test = recording.keep(conversation, staff, NOW)
    first, last = test.dialogue["turns"]
    assert first["expect"] == {"step": "приветствие", "trigger": "начало", "strategy": "script_80"}
    assert "Здравствуйте" in first["message"]
    assert "Ольга" not in str(test.dialogue)
    assert "555" not in str(test.dialogue)
    assert last == {
        "message": "позовите человека",
        "expect": {"step": "приветствие", "strategy": "person"},
    }
    assert (test.script, test.created_by) == (script, staff)
    with pytest.raises(NameTaken):
        recording.keep(conversation, staff, NOW)


def test_a_dialogue_the_script_had_no_part_in_is_no_test(account: TelegramAccountSession, staff: Staff) -> None:
    row = say(account, "Здравствуйте")
    with pytest.raises(recording.NothingToKeep):
        recording.keep(row.conversation, staff, NOW)
