"""Every list and form opens, counts nothing it need not, and survives whatever stands in the address."""

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from relove import desk
from tests.admin_scene import Scene

APPS = ("relove", "accounts_mgmt", "commentators", "sales", "diagnostics", "education")
OURS = (*APPS, "auth", "django_q")
REGISTERED = sorted(
    (model for model in admin.site._registry if model._meta.app_label in OURS), key=lambda m: m._meta.label
)
# Technical tables that no list shows: keys, entities, update states, paces, parts of other pages.
NO_PAGE = {
    "rehearsalitem",
    "accountentity",
    "accountupdatestate",
    "sendpace",
    "commentkey",
    "signin",
    "runnerkey",
    "runnerbeat",
    "outboxwatch",
    "archivedmonth",
    "channelbackfill",
    "postthumbnail",
    "accountphoto",
    "suppression",
    "authenticator",
    "recoverycode",
    "staffsession",
    "streamroute",
    "diagnosticoption",
    "clientconversation",
    "scriptversion",
    "scripttest",
    "grouppartner",
    "groupmessage",
    "operationrollup",
    "rollupmark",
}
# In what people read; an attribute is for scripts.
RAW_JSON = re.compile(r"\{&#x27;|\{&quot;")
ATTRIBUTE = re.compile(r'="[^"]*"')
# A list's rows, its user and session, the bounded count and what stands beside the sidebar.
MOST_QUERIES = 14


def list_url(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def change_url(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


@pytest.fixture
def scene(db: None) -> Scene:
    return Scene(rows=2)


@pytest.fixture
def page(client: Client, scene: Scene) -> Client:
    client.force_login(scene.staff)
    return client


def test_every_table_of_ours_has_a_page() -> None:
    models = [m for m in apps.get_models() if m._meta.app_label in APPS]
    without = {m._meta.model_name for m in models if not m._meta.model_name.startswith("historical")} - {
        m._meta.model_name for m in REGISTERED
    }

    assert without <= NO_PAGE


@pytest.mark.parametrize("model", REGISTERED, ids=lambda m: m._meta.label)
def test_list_opens(page: Client, model: Any) -> None:
    answer = page.get(list_url(model))

    assert answer.status_code == 200
    assert not RAW_JSON.search(ATTRIBUTE.sub("", answer.content.decode())), "raw JSON on the page"


@pytest.mark.parametrize("model", REGISTERED, ids=lambda m: m._meta.label)
def test_form_opens(page: Client, model: Any) -> None:
    row = model._default_manager.first()
    if row is None:
        pytest.skip("the scene has no row of it")

    answer = page.get(change_url(row))

    assert answer.status_code == 200
    assert not RAW_JSON.search(ATTRIBUTE.sub("", answer.content.decode())), "raw JSON on the page"


@pytest.mark.parametrize("model", REGISTERED, ids=lambda m: m._meta.label)
def test_list_asks_no_more_for_more_rows(
    client: Client, db: None, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the numbers beside the sidebar stay cached while this test looks at the list's own questions
    monkeypatch.setattr(desk, "CACHE_SECONDS", 600)
    desk.forget_counts()
    client.force_login(Scene(rows=12).staff)
    client.get(list_url(model))

    with CaptureQueriesContext(connection) as asked:
        client.get(list_url(model))

    assert len(asked) <= MOST_QUERIES, "\n".join(query["sql"][:160] for query in asked)
    # counting is done over at most a thousand rows, in a subquery
    assert not [query for query in asked if re.match(r'SELECT COUNT\(\*\) AS "__count" FROM "', query["sql"])]
    desk.forget_counts()


HOSTILE = [
    "q=%00",
    "q=" + "x" * 3000,
    "q=%25_%5C%27%22",
    "p=abc",
    "p=-1",
    "p=99999999999999999999",
    "o=abc.99.-7",
    "o=" + "1." * 200,
    "id=99999999999999999999999",
    "id__in=a,b",
    "text__regex=(",
    "status__exact=%00",
    "status__exact[]=1",
    "status__isnull=maybe",
    "period=never",
    "channel__id__exact=abc",
    "channel__chat__title__startswith=x",
    "password__startswith=a",
    "created_at__gte=yesterday",
    "_to_field=secret",
    "_popup=1&e=1",
    "all=1",
    "_facets=True",
    "_changelist_filters=%FF",
    "is_active__exact=2",
    "q=%ED%A0%80%F0%9F%98%80",
]


@pytest.mark.timeout(400)
@pytest.mark.django_db(transaction=True)
def test_hostile_query_strings_break_no_list(client: Client) -> None:
    client.force_login(Scene(rows=1).staff)
    client.raise_request_exception = False

    answers = {
        (model._meta.label, query): client.get(f"{list_url(model)}?{query}").status_code
        for model in REGISTERED
        for query in HOSTILE
    }

    assert {key: code for key, code in answers.items() if code not in (200, 302, 400)} == {}


@pytest.mark.parametrize("query", ["s=a&page=abc", "s=a&page=99", "s=%00", "s=a&extended=1&page=-1"])
def test_search_survives_hostile_pages(page: Client, query: str) -> None:
    assert page.get(f"{reverse('admin:search')}?{query}").status_code in (200, 400)


@pytest.mark.parametrize("name", ["system", "sandbox"])
def test_section_pages_open(page: Client, name: str) -> None:
    assert page.get(reverse(f"admin:section_{name}")).status_code == 200


SECTIONS = [
    "Дашборд",
    "Telegram-аккаунты",
    "Каналы и посты",
    "Генерация комментариев",
    "Входящие",
    "Обучающие группы",
    "Скрипты",
    "Логи и история",
    "Пользователи и доступ",
    "Системные параметры",
]


def test_sidebar_has_the_customers_ten_sections(page: Client) -> None:
    text = page.get(reverse("admin:index")).content.decode()

    assert [name for name in SECTIONS if f"<span>{name}</span>" not in text] == []


def test_staff_without_rights_see_neither_sections_nor_lists(client: Client, scene: Scene) -> None:
    scene.staff.is_superuser = False
    scene.staff.save()
    client.force_login(scene.staff)

    text = client.get(reverse("admin:index")).content.decode()

    assert "Telegram-аккаунты" not in text
    assert all(client.get(list_url(model)).status_code == 403 for model in REGISTERED)


def test_header_says_which_telegram_this_is(page: Client, settings: Any) -> None:
    assert "Песочница" in page.get(reverse("admin:index")).content.decode()

    settings.TELEGRAM_GATEWAY = "telegram"

    text = page.get(reverse("admin:index")).content.decode()
    assert "Telegram: настоящий" in text
    assert "Песочница" not in text


def test_empty_system_shows_a_start_list_with_the_next_step(client: Client, db: None) -> None:
    from tests.admin_scene import administrator

    client.force_login(administrator())

    text = client.get(reverse("admin:index")).content.decode()

    assert "Первые шаги" in text
    assert "Подключите аккаунт" in text
    assert text.count("rl-next") == 1


def test_log_rows_cannot_be_changed(page: Client, scene: Scene) -> None:
    from relove.models import OperationLog

    row = OperationLog.objects.first()

    assert row is not None
    assert page.post(change_url(row), {"operation_type": "x"}).status_code == 403
    assert page.get(reverse("admin:relove_operationlog_add")).status_code == 403


def test_secrets_and_phones_stand_on_no_page(page: Client, scene: Scene) -> None:
    from relove.fields import Sealed

    scene.account.phone = Sealed.seal("personal", "+79991231234")
    scene.account.session = Sealed.seal("session", b"the secret session")
    scene.account.save()

    text = page.get(change_url(scene.account)).content.decode()

    assert "+7 ••• ••• 12 34" in text
    assert "9991231234" not in text
    assert "secret session" not in text
