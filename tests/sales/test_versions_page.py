"""The admin's pages of scripts: the list, a new one, versions compared, the way back, triggers with their hits."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts_mgmt.models import TelegramAccountSession
from relove.models import Staff, TelegramUser
from sales import services
from sales.admin import versions
from sales.models import ClientConversation, SalesScript, ScriptTrigger
from tests.admin_scene import administrator
from tests.sales.conftest import NOW, document

Make = Callable[..., SalesScript]
pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client: Client) -> Client:
    client.force_login(administrator())
    return client


@pytest.fixture
def script(make: Make, staff: Staff) -> SalesScript:
    """Two versions, the first one live; the second says something else."""
    script = make()
    data = document("Добрый день", triggers=[])
    services.publish(script.id, 1, who=staff, now=NOW)
    services.save(script.id, data, started_from=1, reason="теплее", who=staff, now=NOW)
    return SalesScript.objects.get(id=script.id)


def test_the_list_shows_what_is_in_use_and_leads_to_versions(client: Client, script: SalesScript) -> None:
    page = client.get(reverse("admin:sales_salesscript_changelist")).content.decode()
    assert script.name in page
    assert versions.url(script.pk) in page


def test_a_new_script_begins_with_the_example_of_its_kind(client: Client) -> None:
    url = reverse("admin:sales_salesscript_add")
    answer = client.post(url, {"name": "Тексты", "kind": "texts", "description": "Наши слова"})
    script = SalesScript.objects.get()
    assert answer["Location"].endswith(f"/{script.pk}/editor/")
    assert (script.kind, script.description, script.live) == ("texts", "Наши слова", None)
    assert client.post(url, {"name": "Тексты", "kind": "texts"}).status_code == 200
    assert SalesScript.objects.count() == 1


def test_any_two_versions_are_compared_with_who_stands_there(client: Client, script: SalesScript) -> None:
    account = TelegramAccountSession.objects.create(label="Главный", role="main")
    person = TelegramUser.objects.create(telegram_id=5, first_name="Нина")
    ClientConversation.objects.create(account=account, user=person, script=script, progress={"step": "start"})
    page = client.get(versions.url(script.pk))
    changes = page.context["changes"]
    assert [bool(standing) for _change, standing in changes] == [True, False]
    assert changes[0][0].step == "start"
    assert "Здравствуйте" in changes[0][0].text
    assert "Добрый день" in page.context["texts"]["b"]
    back = client.get(versions.url(script.pk), {"old": 2, "new": 1})
    assert "Добрый день" in back.context["texts"]["a"]
    assert client.get(versions.url(script.pk), {"old": 1, "new": 1}).context["texts"] is None


@pytest.mark.parametrize("query", ["old=9", "old=a", "new=-1", "old=99999999999", "new=²"])
def test_a_version_that_is_not_there_is_not_found(client: Client, script: SalesScript, query: str) -> None:
    assert client.get(f"{versions.url(script.pk)}?{query}").status_code == 404


def test_going_back_mode_and_use_are_done_from_the_page(client: Client, script: SalesScript) -> None:
    url = versions.url(script.pk)
    client.post(url, {"do": "roll_back", "number": 2, "reason": "вернули", "running": "now"})
    client.post(url, {"do": "mode", "mode": "automatic", "reason": "проверен"})
    client.post(url, {"do": "switch", "is_active": "1"})
    script.refresh_from_db()
    assert script.live is not None
    assert (script.live.number, script.live.running, script.live.history_change_reason) == (3, "now", "вернули")
    assert (script.mode, script.is_active) == ("automatic", True)
    # without a reason nothing happens, and the page says why
    answer = client.post(url, {"do": "mode", "mode": "draft", "reason": " "}, follow=True)
    assert len(list(answer.context["messages"])) > 0
    script.refresh_from_db()
    assert script.mode == "automatic"
    assert client.post(url, {"do": "fly"}).status_code == 404


def test_whoever_may_only_look_changes_nothing(script: SalesScript, client: Client) -> None:
    guest = Staff.objects.create_user("gost", is_staff=True)
    guest.user_permissions.add(Permission.objects.get(codename="view_salesscript"))
    client.force_login(guest)
    page = client.get(versions.url(script.pk))
    assert page.status_code == 200
    assert 'name="reason"' not in page.content.decode()
    assert client.post(versions.url(script.pk), {"do": "switch", "is_active": "1"}).status_code == 403
    assert client.get(reverse("admin:sales_salesscript_add")).status_code == 403
    assert client.get(reverse("admin:sales_salesscript_import")).status_code == 403


def test_triggers_stand_with_their_hits(client: Client, script: SalesScript) -> None:
    ScriptTrigger.objects.hit(script.id, "price", NOW)
    row = ScriptTrigger.objects.get()
    page = client.get(reverse("admin:sales_scripttrigger_changelist")).content.decode()
    assert "price" in page
    assert "цена" in page
    assert client.get(reverse("admin:sales_scripttrigger_change", args=[row.pk])).status_code == 200
