"""Scripts as files, through the admin's own pages: a dry run first, then versions that nobody is answered by."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from relove.models import Staff
from sales import services
from sales.models import SalesScript, ScriptTest, ScriptTrigger, ScriptVersion
from tests.admin_scene import administrator
from tests.sales.conftest import NOW, document

Make = Callable[..., SalesScript]
LIST = "admin:sales_salesscript_changelist"
NOW_ONLY, EVERYTHING = "0", "1"
pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client: Client) -> Client:
    client.force_login(administrator())
    return client


def exported(client: Client, resource: str, *scripts: SalesScript) -> list[dict[str, Any]]:
    """What a person downloads: the selected scripts, or all."""
    data: dict[str, Any] = {"format": "0", "resource": resource}
    if scripts:
        data["export_items"] = [script.pk for script in scripts]
    names = ["kind", "name", "description", "mode", "number", "content", "tests", "versions"]
    for class_name in ("ScriptResource", "EverythingResource"):
        data |= {f"{class_name.lower()}_{name}": "on" for name in names}
    answer = client.post(reverse("admin:sales_salesscript_export"), data)
    assert answer["Content-Type"] == "application/json"
    rows: list[dict[str, Any]] = json.loads(answer.content)
    return rows


def imported(client: Client, rows: Any, *, confirm: bool = True, resource: str = EVERYTHING) -> str:
    """The page of the dry run; with `confirm` the import is carried out too."""
    file = SimpleUploadedFile("скрипты.json", json.dumps(rows, ensure_ascii=False).encode(), "application/json")
    url = reverse("admin:sales_salesscript_import")
    page = client.post(url, {"format": "0", "resource": resource, "import_file": file})
    assert page.status_code == 200
    if confirm:
        form = page.context["confirm_form"]
        assert client.post(reverse("admin:sales_salesscript_process_import"), form.initial).status_code == 302
    return page.content.decode()


def two_versions(make: Make, staff: Staff) -> SalesScript:
    script = make()
    services.save(
        script.id,
        document("Добрый день"),
        started_from=1,
        reason="теплее",
        who=staff,
        now=NOW,
        description="Для основного аккаунта",
    )
    services.publish(script.id, 1, who=staff, now=NOW)
    services.set_mode(script.id, "automatic", reason="проверен", who=staff, now=NOW)
    turns = [{"message": "привет", "expect": {"step": "start"}}]
    ScriptTest.objects.create(script=script, name="привет", dialogue={"turns": turns})
    return SalesScript.objects.get(id=script.id)


def wipe() -> None:
    SalesScript.objects.update(live=None)
    ScriptTest.objects.all().delete()
    ScriptTrigger.objects.all().delete()
    SalesScript.objects.all()._raw_delete("default")
    ScriptVersion.objects.all().delete()


def shown(script: SalesScript) -> dict[str, Any]:
    return {
        "kind": script.kind,
        "name": script.name,
        "description": script.description,
        "content": script.content,
        "mode": script.mode,
        "tests": list(script.tests.values_list("name", "dialogue")),
    }


@pytest.mark.parametrize("page", ["import", "export"])
def test_the_page_names_what_a_file_holds(client: Client, page: str) -> None:
    fields = dict(client.get(reverse(f"admin:sales_salesscript_{page}")).context["fields_list"])
    held = ["kind", "name", "description", "mode", "number", "content", "tests"]
    assert list(fields.values()) == [held, [*held, "versions"]]


def test_a_round_trip_keeps_the_script_and_publishes_nothing(client: Client, make: Make, staff: Staff) -> None:
    before = shown(two_versions(make, staff))
    rows = exported(client, NOW_ONLY)
    assert "versions" not in rows[0]
    wipe()
    imported(client, rows)
    script = SalesScript.objects.get()
    assert shown(script) == before
    assert (script.number, script.live, script.is_active) == (1, None, False)
    version = script.latest()
    assert version.history_change_reason.endswith("скрипты.json")
    assert version.history_user.username == "anna"


def test_everything_keeps_every_version_with_author_and_time(client: Client, make: Make, staff: Staff) -> None:
    script = two_versions(make, staff)
    rows = exported(client, EVERYTHING, script)
    before, wanted = shown(script), list(versions())
    rows[0]["versions"][0]["author"] = "ushla"
    wipe()
    imported(client, rows)
    assert shown(SalesScript.objects.get()) == before
    found = list(versions())
    # whom nobody knows here is kept by name
    assert found[0] == (1, None, NOW, "первая · ushla", wanted[0][4])
    assert found[1:] == wanted[1:]


def test_everything_goes_on_with_the_versions_that_are_missing_here(
    client: Client, make: Make, staff: Staff
) -> None:
    script = two_versions(make, staff)
    services.save(script.id, document("Третья"), started_from=2, reason="ещё", who=staff, now=NOW)
    rows = exported(client, EVERYTHING)
    wanted = list(versions())
    wipe()
    imported(client, [rows[0] | {"versions": rows[0]["versions"][:1], "content": document(), "number": 1}])
    script = SalesScript.objects.get()
    services.publish(script.id, 1, who=staff, now=NOW, override="проверка")
    imported(client, rows)
    script.refresh_from_db()
    assert list(versions()) == wanted
    assert script.live == script.version(1)
    # where both have gone on since, ours stays, and the file's content comes after it
    services.save(script.id, document("Моя"), started_from=3, reason="моя", who=staff, now=NOW)
    rows[0]["versions"].append(rows[0]["versions"][2] | {"number": 4, "content": document("Их")})
    page = imported(client, [rows[0] | {"number": 4, "content": document("Их")}])
    assert re.search(r"расходятся|histories part", page)
    assert [version[4] for version in versions()][3:] == [document("Моя"), document("Их")]


def versions() -> Any:
    rows = ScriptVersion.objects.order_by("number")
    return rows.values_list("number", "history_user__username", "history_date", "history_change_reason", "content")


def test_a_file_for_a_script_that_is_here_becomes_its_next_version(
    client: Client, make: Make, staff: Staff
) -> None:
    script = two_versions(make, staff)
    rows = exported(client, NOW_ONLY)
    rows[0]["content"] = document("Приветствуем")
    services.save(script.id, document("Моё"), started_from=2, reason="моё", who=staff, now=NOW)
    page = imported(client, rows, confirm=False)
    # the dry run says what would change, that the file is older, and changes nothing
    assert "Приветствуем" in page
    assert re.search(r"Конфликт|Conflict", page)
    assert ScriptVersion.objects.count() == 3
    imported(client, rows)
    script.refresh_from_db()
    assert script.number == 4
    assert script.content == document("Приветствуем")
    assert script.version(3).content == document("Моё")
    assert script.live is not None
    assert script.live.number == 1


def test_what_is_already_so_is_skipped(client: Client, make: Make, staff: Staff) -> None:
    two_versions(make, staff)
    imported(client, exported(client, EVERYTHING))
    assert ScriptVersion.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"content": {"steps": []}}, "steps"),
        ({"kind": "poems"}, "poems"),
        ({"content": "steps: []"}, "content"),
        ({"mode": "wild"}, "mode"),
        ({"tests": [{"name": "a"}]}, "dialogue"),
    ],
)
def test_a_wrong_file_is_explained_and_takes_nothing(
    client: Client, make: Make, staff: Staff, change: dict[str, Any], said: str
) -> None:
    two_versions(make, staff)
    rows = exported(client, NOW_ONLY)
    page = imported(client, [rows[0] | {"name": "Новый"} | change], confirm=False)
    assert said in page
    assert SalesScript.objects.count() == 1
