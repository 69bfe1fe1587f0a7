"""A paused script sends nothing by itself; what a person writes still leaves."""

from typing import Any

import pytest

from accounts_mgmt import pauses
from relove.models import Staff
from sales.models import ConversationMessage
from tests.sales.scene import live_script, main_account, say


@pytest.mark.django_db
@pytest.mark.parametrize(("origin", "held"), [("machine", True), ("person", False)])
def test_a_paused_script_holds_its_dialogues_back(origin: str, held: bool, staff: Staff) -> None:
    script: Any = live_script()
    row = say(main_account(), "Здравствуйте")
    conversation = row.conversation
    conversation.script = script
    conversation.save()
    ConversationMessage.objects.filter(pk=row.pk).update(origin=origin)
    guard = ConversationMessage.guards()[-1]
    rows = ConversationMessage.objects.filter(pk=row.pk)
    assert rows.filter(guard.condition).exists()
    pauses.set_pause("script", script.pk, staff)
    assert rows.filter(guard.condition).exists() is not held
