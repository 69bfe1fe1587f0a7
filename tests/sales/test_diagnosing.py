"""A diagnosis in a dialogue: begun by the script's action, answered message by message, each one once."""

import pytest
from asgiref.sync import async_to_sync

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import Status
from diagnostics.models import UserSession
from sales import actions, diagnosing
from sales.models import ClientConversation, ConversationMessage
from tests.sales.scene import NOW, main_account, say

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
