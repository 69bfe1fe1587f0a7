"""A manager's day in the script editor, as a person has it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from sales import kinds, services
from sales.admin import editor
from sales.models import SalesScript
from sales.reading import read
from tests.admin_scene import Scene
from tests.browser.conftest import shoot
from tests.sales.conftest import echo

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


@pytest.fixture
def echoing() -> Iterator[None]:
    known = kinds.get("sales")
    kinds.register(replace(known, player=echo))
    yield
    kinds.register(known)


@pytest.fixture
def script(scene: Scene) -> SalesScript:
    kind = kinds.get("sales")
    data = read(kind, kind.example, "yaml").data
    return services.create("sales", "Путь к себе", data, reason="первая", who=scene.staff, now=NOW)


def test_look(page: Page, script: SalesScript, echoing: None) -> None:
    page.goto(editor.url(script.pk))
    expect(page.locator("html[data-editor=ready]")).to_be_attached()
    expect(page.locator("[data-verdict]")).not_to_be_empty()
    shoot(page, "editor")
    page.locator("[data-tab=graph]").click()
    shoot(page, "editor-graph")
    page.locator("[data-widen]").click()
    shoot(page, "editor-graph-wide")
    page.locator("[data-widen]").click()
    page.locator("[data-tab=talk]").click()
    page.locator("[data-talk] textarea").fill("Здравствуйте")
    page.keyboard.press("Enter")
    expect(page.locator(".rl-talk .rl-ours")).to_have_count(1)
    shoot(page, "editor-talk")
    page.set_viewport_size({"width": 390, "height": 844})
    shoot(page, "editor-narrow")
