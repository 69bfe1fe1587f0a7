"""Text from Telegram that wants to be more than text: harmless on every page and in every export.

Every column that may hold such text is filled with it, past all doors; what the doors let in at all (no NUL, no
half of a surrogate pair) is tried with real messages.
"""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection, models
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils import timezone
from telethon.tl.types import User

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.private import coming_in
from commentators.models import DirectMessage
from education.models import EducationGroup
from relove.exports import FORMULA_STARTS
from relove.models import TelegramUser
from relove.telegram import convert
from relove.telegram.gateway import Message, Peer, PeerKind, Person
from sales.models import ConversationMessage
from tests.admin_scene import Scene
from tests.education import scene as education
from tests.relove.test_admin import REGISTERED

TAGS = '<script>window.hostile()</script><svg onload="hostile()"><a href="javascript:hostile()">x</a>'
SHORT = "<svg onload=hostile()>\u202eexe.gnp"
LONG = (
    f"=cmd|' /C hostile'!A0 {TAGS} \u202eexe.gnp\u2066 {{{{ 7*7 }}}} {{% hostile %}} ${{7*7}} " + "👩‍👩‍👧" * 1365
)
# What is left of it where nobody escaped.
RAW = ("<script>window.hostile", "<svg onload", 'href="javascript:hostile', "window.hostile()</script>", "49 {%")
# Columns with rules of their own, which no text of a stranger reaches: words of a list, hashes, addresses.
OURS = re.compile(
    r"hash|mask|language|zone|func|schedule_type|cron|cluster|hook|key|password|codename|kind|model$"
)


def fill(model: type[models.Model]) -> int:
    """Every free column of every row; how many columns that were."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL relove.erasing = 'on'")
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.choices or field.unique or field.is_relation or OURS.search(field.name):
            continue
        if isinstance(field, models.TextField):
            values[field.name] = LONG
        elif isinstance(field, models.CharField):
            values[field.name] = (LONG if (field.max_length or 0) > len(TAGS) + 60 else SHORT)[: field.max_length]
    if values:
        model._base_manager.update(**values)
    shapes = [field.name for field in model._meta.concrete_fields if isinstance(field, models.JSONField)]
    for row in model._base_manager.all() if shapes else ():
        spoilt = {name: spoiled(getattr(row, name)) for name in shapes}
        model._base_manager.filter(pk=row.pk).update(**spoilt)
    return len(values) + len(shapes)


def spoiled(value: Any) -> Any:
    """JSON of the same shape, every text in it hostile."""
    if isinstance(value, dict):
        return {name: spoiled(one) for name, one in value.items()}
    if isinstance(value, list):
        return [spoiled(one) for one in value]
    return LONG[:300] if isinstance(value, str) else value


@pytest.fixture
def scene(db: None) -> Scene:
    scene = Scene()
    # dialogues of every domain, and a group
    coming_in.saw(scene.account.pk, message(910, "Здравствуйте"), scene.now)
    host, _bots, client = education.rows(scene.now)
    education.live_scenario(scene.now)
    group = education.ask_for_group(host, client)
    coming_in.saw(host.pk, message(911, "Здравствуйте"), scene.now)
    assert DirectMessage.objects.exists()
    assert ConversationMessage.objects.exists()
    assert EducationGroup.objects.filter(pk=group.pk).exists()
    return scene


def message(person: int, text: str, **fields: Any) -> Message:
    sender = Person(person, "guest", "Гость")
    values = {"chat": Peer(PeerKind.USER, person), "id": 1, "text": text, "sender": sender}
    return Message(**{"date": timezone.now(), **values, **fields})


def addresses() -> Iterator[str]:
    """Every page that needs no row, every page of ours that needs a row's number, each list and each form."""
    named = get_resolver("relove.urls").namespace_dict["admin"][1].reverse_dict
    numbers = {model: model._base_manager.order_by("pk").values_list("pk", flat=True)[:1] for model in REGISTERED}
    for name in sorted(name for name in named if isinstance(name, str)):
        if "logout" in name or "_delete" in name or "_history" in name or "_add" in name:
            continue
        with suppress(NoReverseMatch):
            yield reverse(f"admin:{name}")
        label = name.split("_change")[0]
        for model, pks in numbers.items():
            if label.startswith(f"{model._meta.app_label}_{model._meta.model_name}"):
                for pk in pks:
                    with suppress(NoReverseMatch):
                        yield reverse(f"admin:{name}", args=[pk])


def test_no_page_lets_it_be_more_than_text(scene: Scene, client: Client) -> None:
    client.force_login(scene.staff)
    filled = sum(fill(model) for model in REGISTERED if model._meta.label != "relove.Staff")
    assert filled > 100
    opened, shown, kept_by_browsers = 0, 0, []
    for address in addresses():
        answer = client.get(address)
        assert answer.status_code < 500, address
        if answer.status_code != 200 or "text/html" not in answer.get("Content-Type", ""):
            continue
        page = answer.getvalue().decode()
        opened += 1
        shown += "hostile" in page
        assert [raw for raw in RAW if raw in page] == [], address
        kept_by_browsers += [address] if "no-store" not in answer.get("Cache-Control", "") else []
    assert kept_by_browsers == []
    assert (opened > 100, shown > 40) == (True, True), (opened, shown)


def test_no_export_runs_it(scene: Scene) -> None:
    exported = 0
    for page in admin.site._registry.values():
        if page.model in REGISTERED and page.model._meta.label != "relove.Staff":
            fill(page.model)
        for resource in getattr(page, "resource_classes", None) or []:
            rows = list(csv.reader(io.StringIO(resource().export().csv)))
            exported += len(rows) > 1
            assert [cell for row in rows[1:] for cell in row if cell.startswith(FORMULA_STARTS)] == []
    assert exported > 3


@pytest.mark.parametrize("text", ["до\0после", "до\ud83dпосле", "\udc00", "👩‍👩‍👧" * 1365, LONG[:4096]])
def test_what_comes_through_the_doors_can_be_stored_and_shown(scene: Scene, client: Client, text: str) -> None:
    hostile = convert.person(User(77, username=text[:32], first_name=text, last_name=text))
    for account in TelegramAccountSession.objects.filter(role__in=("main", "commentator")):
        row = message(77, text, id=account.pk, sender=hostile)
        coming_in.saw(account.pk, row, row.date)
    person = TelegramUser.objects.get(telegram_id=77)
    kept = [*DirectMessage.objects.received(), *ConversationMessage.objects.received()]
    stored = "".join((person.first_name, person.last_name, person.username, *(row.text for row in kept)))
    assert not re.search("[\0\ud800-\udfff]", stored)
    client.force_login(scene.staff)
    assert client.get(reverse("admin:relove_telegramuser_change", args=[person.pk])).status_code == 200
