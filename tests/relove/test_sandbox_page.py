"""The sandbox's page: what a person says there reaches the account, and the person sees the answer."""

from typing import Any

import pytest
from django.test import Client

from relove.models import Staff
from relove.sandbox.client import SandboxClient
from tests.live import running_sandbox

PAGE = "/admin/section/sandbox/"


@pytest.fixture
def page(client: Client, db: None) -> Client:
    client.force_login(Staff.objects.create_superuser("admin"))
    return client


def test_people_write_and_owners_publish(page: Client, settings: Any) -> None:
    with running_sandbox(settings) as sandbox:
        ours, person, channel = world(sandbox)
        shown = page.get(PAGE)
        assert [one["id"] for one in shown.context["people"]] == [ours, person], "nobody is connected"
        answer = page.post(f"{PAGE}say/", {"person": person, "account": ours, "text": "Сколько стоит?\x00"})
        assert answer.url.endswith(f"?person={person}&account={ours}")
        assert [one["text"] for one in sandbox.dialogue(ours, person)] == ["Сколько стоит?"]
        page.post(f"{PAGE}say/", {"name": "Ева", "account": ours, "text": "Здравствуйте"})
        assert sandbox.everybody()["users"][-1]["first_name"] == "Ева"
        page.post(f"{PAGE}publish/", {"channel": channel, "text": "Утренняя заметка"})
        assert [one["text"] for one in sandbox.messages(channel)] == ["Утренняя заметка"]


def test_a_refusal_is_said(page: Client, settings: Any) -> None:
    with running_sandbox(settings):
        answer = page.post(f"{PAGE}say/", {"person": 1, "account": 2, "text": "Есть кто?"}, follow=True)
        assert "there is no person" in answer.content.decode()
    answer = page.get(PAGE)
    assert answer.context["is_away"], "a sandbox that is gone breaks no page"


@pytest.mark.parametrize("number", ["", "x", "-1", "²", "9" * 30])
def test_a_hostile_number_is_nobody(page: Client, number: str) -> None:
    assert page.post(f"{PAGE}publish/", {"channel": number, "text": "Текст"}).status_code == 404


def test_there_is_none_beside_the_real_telegram(page: Client, settings: Any) -> None:
    settings.IS_SANDBOX = False
    assert page.get(PAGE).status_code == 404
    assert page.post(f"{PAGE}say/", {"person": 1, "account": 2, "text": "Текст"}).status_code == 404


def world(sandbox: SandboxClient) -> tuple[int, int, int]:
    ours, person = (sandbox.add_user(name)["id"] for name in ("reLove", "Лена"))
    return ours, person, sandbox.add_channel("Путь к себе", username="put_k_sebe")["id"]
