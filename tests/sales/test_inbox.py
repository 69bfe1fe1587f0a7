"""The list of dialogues: what it says of each, and how it is narrowed."""

import pytest
from django.test import Client
from django.urls import reverse

from relove.models import Staff
from sales.models import ClientConversation
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
    (notes,) = listed(client)
    assert notes.startswith("потребность · anna")
    assert len(notes.split(" · ")) == 3
    assert listed(client, stage="потребность") == listed(client, show="mine") == [notes]
    assert listed(client, stage="закрытие") == []
    ClientConversation.objects.update(owner=None)
    assert listed(client, show="mine") == []
    page = client.get(reverse("admin:sales_conversationmessage_inbox"), {"stage": "закрытие"}).content.decode()
    assert "<option selected>закрытие</option>" in page
