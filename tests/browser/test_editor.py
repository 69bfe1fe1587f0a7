"""A manager's day in the script editor, as a person has it; the language model is the sandbox's."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from sales import kinds, services
from sales.admin import editor
from sales.models import SalesScript
from sales.reading import read
from tests.admin_scene import Scene
from tests.browser.conftest import shoot
from tests.live import running_sandbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
NARROW = {"width": 390, "height": 844}


@pytest.fixture
def script(scene: Scene) -> SalesScript:
    kind = kinds.get("sales")
    data = read(kind, kind.example, "yaml").data
    return services.create("sales", "Путь к себе", data, reason="первая", who=scene.staff, now=NOW)


def opened(page: Page, script: SalesScript) -> Page:
    page.goto(editor.url(script.pk))
    expect(page.locator("html[data-editor=ready]")).to_be_attached()
    expect(page.locator("[data-verdict]")).not_to_be_empty()
    return page


def at_end_of(page: Page, text: str) -> None:
    page.locator(".cm-line", has_text=text).first.click()
    page.keyboard.press("End")


def problems(page: Page) -> Locator:
    return page.locator("[data-problems] button")


def say(page: Page, message: str, count: int) -> None:
    page.locator("[data-talk] textarea").fill(message)
    page.keyboard.press("Enter")
    expect(page.locator(".rl-talk .rl-ours")).to_have_count(count)


def save(page: Page, reason: str, number: int) -> None:
    page.locator("[data-saving] input[name=reason]").fill(reason)
    page.keyboard.press("Control+KeyS")
    expect(page.locator("[data-number]")).to_have_text(str(number))


def publish(page: Page) -> None:
    page.locator(".rl-saving a").click()
    page.locator("form[method=post] .rl-button-primary").click()
    expect(page.locator("html[data-editor=ready]")).to_be_attached()


def live(script: SalesScript) -> int:
    script.refresh_from_db()
    assert script.live is not None
    return script.live.number


def change_price(page: Page) -> None:
    """Find and replace, by the editor's own panel."""
    page.keyboard.press("Control+KeyF")
    panel = page.locator(".cm-search")
    panel.locator("[name=search]").fill("4 900 ₽")
    panel.locator("input[name=replace]").fill("по запросу")
    panel.locator("[name=replaceAll]").click()
    panel.locator("[name=close]").click()


def test_a_managers_day(page: Page, script: SalesScript, settings: Any) -> None:
    with running_sandbox(settings):
        opened(page, script)
        shoot(page, "editor")

        # a mistake is seen while it is made, and its line leads to it
        at_end_of(page, "to: боль")
        page.keyboard.type("т")
        mistake = problems(page).filter(has_text="больт")
        expect(mistake).to_contain_text("боль")
        expect(page.locator(".cm-lintRange-error").first).to_be_visible()
        shoot(page, "editor-mistake")
        mistake.click()
        page.keyboard.press("End")
        page.keyboard.press("Backspace")
        expect(problems(page)).to_have_count(0)
        at_end_of(page, "Что привело вас к нам?")
        page.keyboard.type(" Расскажите?")
        expect(page.locator("[data-unsaved]")).to_be_visible()

        # preview, then a talk with the text that nobody has saved yet
        page.keyboard.press("Control+Enter")
        expect(page.locator("[data-shown] .rl-bubble")).to_have_count(1)
        expect(page.locator("[data-shown] dl")).to_be_visible()
        shoot(page, "editor-preview")
        page.locator("[data-tab=talk]").click()
        say(page, "Здравствуйте", 1)
        expect(page.locator(".rl-talk .rl-ours").first).to_contain_text("Расскажите?")
        say(page, "Сколько стоит программа?", 2)
        shoot(page, "editor-talk")

        # the talk becomes a test
        keep = page.locator("[data-keep]")
        keep.locator("[name=name]").fill("Вопрос о цене")
        keep.locator("[name=must]").fill("4 900 ₽")
        keep.locator("button").click()
        expect(page.locator(".rl-trials li")).to_have_count(1)
        page.locator("[data-run]").click()
        expect(page.locator(".rl-trials .rl-badge-success")).to_have_count(1)
        shoot(page, "editor-tests")

        # saved, published after the test was played
        save(page, "спрашиваем подробнее", 2)
        publish(page)
        assert live(script) == 2

        # a change that breaks the test is not published without a reason, and is taken back afterwards
        at_end_of(page, "key: приветствие")
        change_price(page)
        save(page, "цена по запросу", 3)
        page.locator(".rl-saving a").click()
        expect(page.locator(".rl-named").first).to_contain_text("4 900")
        page.locator("details summary").first.click()
        expect(page.locator(".cm-mergeView")).to_be_visible()
        shoot(page, "publish")
        page.locator("form[method=post] .rl-button-primary").click()
        expect(page.locator("[role=alert]")).to_contain_text("Вопрос о цене")
        shoot(page, "publish-blocked")
        assert live(script) == 2
        page.locator("#override").fill("цену меняем завтра")
        page.locator("form[method=post] .rl-button-primary").click()
        expect(page.locator("html[data-editor=ready]")).to_be_attached()
        assert live(script) == 3
        page.locator(".rl-hand-head .rl-link").first.click()
        page.locator("#back-number").select_option("2")
        page.locator("#back-reason").fill("клиенты спрашивают цену")
        page.locator("form[aria-labelledby=back] .rl-button-primary").click()
        expect(page.locator(".rl-versions tbody tr")).to_have_count(4)
        shoot(page, "versions")
        assert live(script) == 4
        script.refresh_from_db()
        assert script.content == script.version(2).content


def test_the_schema_completes_yaml_inside_a_broken_mapping(page: Page, script: SalesScript) -> None:
    opened(page, script)
    at_end_of(page, "max_turns: 4")
    page.keyboard.press("Enter")
    page.keyboard.type("after_limit")  # a name without its colon: no YAML at all
    expect(problems(page)).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Space")
    options = page.locator(".cm-tooltip-autocomplete [role=option]")
    expect(options).to_have_text(["action", "after_limit"])
    shoot(page, "editor-completion")
    page.keyboard.press("Enter")
    expect(page.locator(".cm-activeLine")).to_have_text("    action: ")
    page.keyboard.type("h")
    expect(options.first).to_have_text("hand_over")


def test_two_editors_lose_nothing(page: Page, script: SalesScript, scene: Scene) -> None:
    opened(page, script)
    theirs = {**script.content, "hints": ["Отвечаем коротко."]}
    services.save(script.pk, theirs, started_from=1, reason="её правка", who=scene.staff, now=NOW)
    at_end_of(page, "title: Приветствие")
    page.keyboard.type(" и знакомство")
    page.locator("[data-saving] input[name=reason]").fill("моя правка")
    page.keyboard.press("Control+KeyS")
    dialog = page.locator("[data-conflict]")
    expect(dialog).to_contain_text("её правка")
    expect(dialog.locator(".cm-mergeView")).to_contain_text("Отвечаем коротко.")
    shoot(page, "editor-conflict")
    for arrow in dialog.locator(".cm-merge-revert button").all()[::-1][:1]:
        arrow.click()
    dialog.locator("[data-keep-mine]").click()
    expect(page.locator("[data-number]")).to_have_text("3")
    script.refresh_from_db()
    assert script.content["hints"] == ["Отвечаем коротко."]
    assert script.content["steps"][0]["title"] == "Приветствие и знакомство"


def test_it_fits_a_narrow_window_and_the_dark(page: Page, script: SalesScript) -> None:
    page.set_viewport_size(NARROW)
    page.add_init_script("localStorage.setItem('adminTheme', '\"dark\"')")
    opened(page, script)
    page.locator("[data-format=json]").click()
    expect(page.locator(".cm-line").first).to_have_text("{")
    for name in ("graph", "tests", "talk"):
        page.locator(f"[data-tab={name}]").click()
        page.locator(f"#panel-{name}").scroll_into_view_if_needed()
        shoot(page, f"editor-narrow-{name}")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
