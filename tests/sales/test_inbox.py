"""The list of dialogues: what it says of each, and how it is narrowed."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from relove.models import Staff, UserActivityLog
from sales.models import ClientConversation, ConversationMessage
from tests.admin_scene import administrator
from tests.sales.scene import live_script, main_account, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client: Client) -> Client:
    client.force_login(administrator())
    return client


def listed(client: Client, **query: str) -> list[str]:
    page = client.get(reverse("admin:sales_conversationmessage_inbox"), query)
    return [" · ".join(entry["notes"]) for entry in page.context["threads"]]


def test_it_says_stage_owner_and_how_long_somebody_waits_and_is_narrowed_by_them(client: Client) -> None:
    live_script()
    say(main_account(), "Здравствуйте")
    ClientConversation.objects.update(stage="потребность", owner=Staff.objects.get(username="anna"))
    ConversationMessage.objects.update(sent_at=timezone.now())
    (notes,) = listed(client)
    assert notes == "потребность · anna · ждёт меньше минуты"
    ConversationMessage.objects.update(sent_at=timezone.now() - timedelta(minutes=90))
    (notes,) = listed(client)
    assert notes == "потребность · anna · ждёт 1\xa0час"
    assert listed(client, stage="потребность") == listed(client, show="mine") == [notes]
    assert listed(client, stage="закрытие") == []
    ClientConversation.objects.update(owner=None)
    assert listed(client, show="mine") == []
    page = client.get(reverse("admin:sales_conversationmessage_inbox"), {"stage": "закрытие"}).content.decode()
    assert "<option selected>закрытие</option>" in page


def test_notes_and_owners_are_written_down_with_who_wrote_them(client: Client) -> None:
    live_script()
    row = say(main_account(), "Здравствуйте")
    address = reverse("admin:sales_conversationmessage_inbox_act", args=[row.sender_id, row.user_id])
    anna = Staff.objects.get(username="anna")
    gone = Staff.objects.create_user("ushla", is_active=False)

    def act(what: str, **fields: object) -> dict[str, str]:
        answer: dict[str, str] = client.post(address, {"what": what, **fields}).json()
        return answer

    assert act("note", note="  Звонить вечером  ")["said"]
    assert act("assign", owner=anna.pk)["said"]
    for nobody in (gone.pk, 10**9, "²", "anna"):
        assert act("assign", owner=nobody)["reason"]
    conversation = ClientConversation.objects.get()
    assert (conversation.note, conversation.owner) == ("Звонить вечером", anna)
    assert act("assign", owner="")["said"]
    logged = UserActivityLog.objects.filter(subject_id=conversation.pk, staff=anna).order_by("id")
    told = [(row.activity_type, row.details) for row in logged if row.activity_type.endswith("_dialogue")]
    assert told == [
        ("note_dialogue", {"before": "", "after": "Звонить вечером"}),
        ("assign_dialogue", {"owner": anna.pk}),
        ("assign_dialogue", {"owner": None}),
    ]
    client.force_login(Staff.objects.create_user("gost", is_staff=True))
    assert client.post(address, {"what": "note", "note": "x"}).status_code == 403
