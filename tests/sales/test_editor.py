"""What the editor's page asks while somebody writes, and who may ask it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts_mgmt.models import StaffMessage, StaffTelegram, TelegramAccountSession
from relove.models import Chat, Staff
from sales import kinds, reading, services
from sales.admin import editor, publishing
from sales.models import SalesScript, ScriptTest
from tests.sales.conftest import NOW, document

Make = Callable[..., SalesScript]


@pytest.fixture
def boss(db: None) -> Staff:
    return Staff.objects.create_superuser("boss", password=None)


@pytest.fixture
def client(boss: Staff) -> Client:
    client = Client()
    client.force_login(boss)
    return client


def yaml(text: str = "Здравствуйте", **more: Any) -> str:
    return reading.written(kinds.get("sales"), document(text, **more), "yaml")


def ask(client: Client, script: SalesScript, what: str, **fields: Any) -> Any:
    fields = {"text": yaml(), "format": "yaml", **fields}
    return client.post(f"{editor.url(script.pk)}{what}/", fields)


def told(client: Client, script: SalesScript, what: str, **fields: Any) -> Any:
    response = ask(client, script, what, **fields)
    assert response.status_code == 200
    return response.json()


def test_all_mistakes_come_at_once_with_their_places(client: Client, make: Make) -> None:
    text = yaml().replace("key: price", "key: Price").replace("variants:", "variant:", 1)
    found = told(client, make(), "check", text=text)
    lines = text.split("\n")
    places = [lines[problem["line"] - 1].strip() for problem in found["problems"]]
    assert {"- key: Price", "- variant:"} <= set(places)
    assert all(str(problem["line"]) in problem["words"] for problem in found["problems"])
    assert "graph" not in found


def test_a_good_text_brings_its_graph_with_lines(client: Client, make: Make) -> None:
    text = yaml()
    found = told(client, make(), "check", text=text)
    assert found["problems"] == []
    for node in found["graph"]["nodes"]:
        assert f"key: {node['key']}" in text.split("\n")[node["line"] - 1]
    assert found["names"]["to"] == ["start", "end"]


def test_a_text_goes_to_json_and_back_as_it_was(client: Client, make: Make) -> None:
    script, text = make(), yaml()
    as_json = told(client, script, "convert", text=text, into="json")["text"]
    assert json.loads(as_json) == document()
    assert told(client, script, "convert", text=as_json, format="json", into="yaml")["text"] == text


def test_saving_makes_a_version_and_names_what_changed(client: Client, make: Make, boss: Staff) -> None:
    script = make()
    found = told(client, script, "save", text=yaml("Добрый день"), base=1, reason="теплее")
    script.refresh_from_db()
    assert (found["number"], script.number) == (2, 2)
    version = script.latest()
    assert (version.history_user, version.history_change_reason) == (boss, "теплее")
    assert script.live is None


def test_nobody_overwrites_what_another_has_saved(client: Client, make: Make, staff: Staff) -> None:
    script = make()
    services.save(script.pk, document("Салют"), started_from=1, reason="её правка", who=staff, now=NOW)
    found = told(client, script, "save", text=yaml("Моё"), base=1, reason="моя правка")["conflict"]
    assert found["number"] == 2
    assert "Салют" in found["text"]
    assert "olga" in found["words"]
    assert "её правка" in found["words"]
    assert script.history.count() == 2
    assert told(client, script, "save", text=yaml("Моё"), base=2, reason="обе правки")["number"] == 3


def test_a_version_needs_a_reason_and_a_right_document(client: Client, make: Make) -> None:
    script = make()
    assert told(client, script, "save", base=1, reason=" ")["reason"]
    assert told(client, script, "save", text="steps: []", base=1, reason="пусто")["problems"]
    assert script.history.count() == 1


def test_the_draft_is_talked_to_and_remembers_where_it_stands(client: Client, make: Make, echoing: None) -> None:
    script = make()
    first = told(client, script, "talk", text=yaml("Новое"), message="привет", state="")
    assert first["said"]["text"] == "Новое 1"
    second = told(client, script, "talk", text=yaml("Новое"), message="ещё", state=first["state"])
    assert second["said"]["text"] == "Новое 2"
    assert second["expect"] == {"step": "start", "strategy": "script_80"}
    assert ask(client, script, "talk", message="ещё", state=first["state"] + "x").status_code == 400


def test_a_dialogue_becomes_a_test_that_later_texts_must_pass(client: Client, make: Make, echoing: None) -> None:
    script = make()
    turns = [{"message": "привет", "expect": {"step": "start"}}, {"message": "да", "expect": {}}]
    fields = {"name": "Начало", "dialogue": json.dumps(turns), "must": "Здравствуйте; 2", "must_not": "скидка"}
    told(client, script, "keep", **fields)
    assert told(client, script, "keep", **fields)["reason"], "a name is there once"
    assert ask(client, script, "keep", name="Иначе", dialogue="[{}]").status_code == 400
    saved = ScriptTest.objects.get().dialogue["turns"]
    assert saved[1]["expect"] == {"says": ["Здравствуйте", "2"], "never": ["скидка"]}

    assert "100" in ask(client, script, "run").content.decode()
    assert "50" in ask(client, script, "run", text=yaml("Только сегодня скидка")).content.decode()
    test = ScriptTest.objects.get()
    assert (test.runs, test.passes, len(test.last_faults)) == (2, 1, 3)
    ask(client, script, "drop", test=test.pk)
    assert not ScriptTest.objects.exists()


def test_a_test_message_goes_to_the_persons_own_telegram(client: Client, make: Make, boss: Staff) -> None:
    script = make()
    account = TelegramAccountSession.objects.create(label="Основной", role="main")
    other = TelegramAccountSession.objects.create(label="Чужой", role="commentator")
    assert told(client, script, "send", message="Проба", account=account.pk)["reason"]
    chat = Chat.objects.create(kind=Chat.Kind.PRIVATE, telegram_id=900)
    StaffTelegram.objects.create(staff=boss, account=account, chat=chat, linked_at=NOW)
    assert told(client, script, "send", message="Проба", account=other.pk)["reason"], "it has not met the person"
    assert told(client, script, "send", message="Проба", account=account.pk)["said"]
    message = StaffMessage.objects.get()
    assert (message.staff, message.sender, message.purpose) == (boss, account, "test")
    assert message.text.endswith("\n\nПроба")
    assert script.name in message.text


def test_every_kind_has_the_same_page(client: Client, boss: Staff) -> None:
    kind = kinds.get("texts")
    data = reading.read(kind, kind.example, "yaml").data
    script = services.create("texts", "Тексты", data, reason="первая", who=boss, now=NOW)
    page = client.get(editor.url(script.pk)).content.decode()
    assert 'id="panel-preview"' in page
    assert 'id="panel-talk"' not in page
    said = told(client, script, "preview", text=kind.example)["said"]
    assert all(sample["text"] for sample in said)


def test_the_schema_of_every_kind_is_published(client: Client) -> None:
    for kind in kinds.every():
        address = reverse("admin:sales_salesscript_editor_schema", args=[kind.name])
        assert client.get(address).json()["properties"].keys() == kind.model.model_fields.keys()
    assert client.get(reverse("admin:sales_salesscript_editor_schema", args=["nothing"])).status_code == 404


def test_who_may_only_look_changes_nothing(make: Make) -> None:
    script = make()
    looker = Staff.objects.create_user("looker", is_staff=True)
    looker.user_permissions.set(_right("view_salesscript"))
    client = Client()
    client.force_login(looker)
    assert "data-saving" not in client.get(editor.url(script.pk)).content.decode()
    assert ask(client, script, "check").status_code == 200
    for what in ("save", "talk", "preview", "keep", "run", "send"):
        assert ask(client, script, what).status_code == 403, what
    assert client.get(publishing.url(script.pk, 1)).status_code == 403


def _right(name: str) -> Any:
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(codename=name)


# --- publishing ----------------------------------------------------------------------------------------


def test_publishing_shows_what_changes_and_makes_it_live(client: Client, make: Make, boss: Staff) -> None:
    script = make()
    services.publish(script.pk, 1, who=boss, now=NOW)
    services.save(script.pk, document("Салют"), started_from=1, reason="короче", who=boss, now=NOW)
    address = publishing.url(script.pk, 2)
    page = client.get(address).content.decode()
    assert "Салют" in page
    assert "короче" in page
    assert client.post(address, {"running": "now"}).status_code == 302
    script.refresh_from_db()
    assert script.live is not None
    assert (script.live.number, script.live.running) == (2, "now")


def test_a_red_dialogue_blocks_until_somebody_says_why(client: Client, make: Make, echoing: None) -> None:
    script = make()
    turn = {"message": "привет", "expect": {"says": ["Добрый вечер"]}}
    ScriptTest.objects.create(script=script, name="Вечер", dialogue={"turns": [turn]})
    address = publishing.url(script.pk, 1)
    page = client.post(address, {"running": "stay"}).content.decode()
    assert "Добрый вечер" in page
    script.refresh_from_db()
    assert script.live is None
    assert client.post(address, {"running": "stay", "override": "утром мягче"}).status_code == 302
    script.refresh_from_db()
    assert script.live is not None


@pytest.mark.parametrize("name", ["nothing", "x" * 60])
def test_unknown_questions_are_not_there(client: Client, make: Make, name: str) -> None:
    script = make()
    assert ask(client, script, name).status_code == 404
    assert client.get(reverse("admin:sales_salesscript_editor", args=[script.pk + 1])).status_code == 404
