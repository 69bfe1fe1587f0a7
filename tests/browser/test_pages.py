"""Every page opens in a browser under the strict content policy, in a narrow window too."""

from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Page, expect

from relove.models import OperationLog
from tests.admin_scene import Scene
from tests.browser.conftest import shoot, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SECTION_PAGES = [
    "commentators_directmessage_inbox",
    "section_system",
    "section_sandbox",
    "index",
]
NARROW = {"width": 390, "height": 844}


def names() -> list[tuple[str, str]]:
    models = sorted(admin.site._registry, key=lambda model: model._meta.label)
    return [(model._meta.label.replace(".", "_"), model._meta) for model in models]  # type: ignore[misc]


def addresses() -> dict[str, str]:
    lists = {
        f"{meta.app_label}_{meta.model_name}": reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        for _label, meta in names()
    }
    pages = {name: reverse(f"admin:{name}") for name in SECTION_PAGES}
    own = {name: reverse(f"admin:commentators_generatedcomment_{name}") for name in ("review", "effect")}
    return {**pages, **own, **lists}


def first_row_addresses() -> dict[str, str]:
    rows: dict[str, Any] = {model._meta.label: model._default_manager.first() for model in admin.site._registry}
    return {
        f"form_{label.replace('.', '_').lower()}": reverse(
            f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk]
        )
        for label, row in rows.items()
        if row is not None
    }


def check(page: Page, url: str, faults: list[str]) -> None:
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 200, url
    faults += [f"{url}: {words}" for words in violations(page)]


def test_every_list_and_form_opens_without_a_violation_in_a_narrow_window(
    page: Page, scene: Scene, faults: list[str]
) -> None:
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    too_wide = {}
    for name, url in {**addresses(), **first_row_addresses()}.items():
        check(page, url, faults)
        width = page.evaluate("document.documentElement.scrollWidth")
        shoot(page, f"narrow-{name}")
        if width > NARROW["width"]:
            too_wide[name] = width

    assert faults == []
    assert too_wide == {}


def test_a_big_list_goes_on_and_back(page: Page, scene: Scene, faults: list[str]) -> None:
    OperationLog.objects.all().delete()
    OperationLog.objects.bulk_create(
        OperationLog(operation_type="send_message", status="success", duration_ms=number, created_at=scene.now)
        for number in range(60)
    )
    url = reverse("admin:relove_operationlog_changelist")
    footer = page.get_by_role("navigation", name="Страницы")
    check(page, url, faults)
    expect(footer).to_contain_text("Показано 25 из 60")
    expect(page.locator("#result_list tbody tr").first).to_contain_text("59")
    page.get_by_role("link", name="Дальше").click()
    expect(page.locator("#result_list tbody tr").first).to_contain_text("34")
    shoot(page, "wide-big-list")
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    shoot(page, "narrow-big-list")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.get_by_role("link", name="В начало").click()
    footer.get_by_role("link", name="50").click()
    expect(footer).to_contain_text("Показано 50 из 60")
    faults += violations(page)

    assert faults == []


def test_history_import_and_export_work_under_the_policy(page: Page, scene: Scene, faults: list[str]) -> None:
    scene.channel.title = "reLove: ежедневно"
    scene.channel.save()
    check(page, reverse("admin:commentators_telegramchannel_history", args=[scene.channel.pk]), faults)
    expect(page.locator("#content")).to_contain_text("reLove: ежедневно")
    shoot(page, "history")
    check(page, reverse("admin:commentators_telegramchannel_export"), faults)
    shoot(page, "export")

    check(page, reverse("admin:commentators_telegramchannel_import"), faults)
    table = "username,title,monitoring_interval\nrelove_daily,Новое имя,15\n"
    page.locator("input[type=file]").set_input_files(
        {"name": "channels.csv", "mimeType": "text/csv", "buffer": table.encode()}
    )
    page.locator("select[name=format]").select_option(label="csv")
    page.locator("form input[type=submit], form button[type=submit]").last.click()
    expect(page.locator("#content")).to_contain_text("Новое имя")
    shoot(page, "import")


def test_the_interface_speaks_english_to_those_who_chose_it(page: Page, scene: Scene) -> None:
    scene.staff.language = "en"
    scene.staff.save()

    page.goto(reverse("admin:commentators_generatedcomment_review"))

    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    expect(page.get_by_text("Telegram accounts")).to_be_visible()
    shoot(page, "queue-english")


def test_sign_in_leads_to_the_dashboard(page: Page, scene: Scene) -> None:
    scene.staff.set_password("a long passphrase 4711")
    scene.staff.save()
    page.context.clear_cookies()

    page.goto("/")
    page.get_by_label("Имя пользователя").fill(scene.staff.username)
    page.locator("input[name=password]").fill("a long passphrase 4711")
    shoot(page, "login")
    page.get_by_role("button", name="Войти").click()

    expect(page.get_by_role("heading", name="Комментарии")).to_be_visible()


def test_theme_menus_work_under_the_policy(page: Page, scene: Scene) -> None:
    page.goto(reverse("admin:commentators_generatedcomment_changelist"))

    page.get_by_text("Фильтры").first.click()
    expect(page.locator("#changelist-filter")).to_be_visible()
    shoot(page, "filters")
    page.keyboard.press("Escape")
    expect(page.locator("#changelist-filter")).to_be_hidden()

    page.evaluate("window.dispatchEvent(new KeyboardEvent('keydown', {key: 'л', code: 'KeyK', ctrlKey: true}))")
    expect(page.locator("#search-input-command")).to_be_visible()
    page.locator("#search-input-command").fill("канал")
    page.locator("#search-input-command").dispatch_event("keyup")
    expect(page.locator("#command-results-list")).to_contain_text("Каналы")
    shoot(page, "palette")
