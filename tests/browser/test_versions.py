"""A script's versions as a manager uses them: compare any two, go back with a reason."""

import copy
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from relove.models import Staff
from sales import reading, services
from sales.admin import versions
from sales.models import SalesScript
from sales.sales_kind import EXAMPLE, SALES
from tests.admin_scene import Scene
from tests.browser.conftest import shoot

NARROW = {"width": 390, "height": 844}
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def two_versions(staff: Staff) -> SalesScript:
    """The example live, and after it a version that says and reacts otherwise."""
    now = timezone.now()
    data: dict[str, Any] = reading.read(SALES, EXAMPLE, "yaml").data
    script = services.create("sales", "Основной скрипт", data, reason="Пример", who=staff, now=now)
    services.publish(script.pk, 1, who=staff, now=now)
    services.activate(script.pk, True, who=staff, now=now)
    changed = copy.deepcopy(data)
    changed["steps"][0]["lines"][0]["variants"][0] = "Здравствуйте, {name|рады знакомству}! Рады, что вы здесь."
    changed["triggers"][1]["words"].remove("почём")
    services.save(script.pk, changed, started_from=1, reason="Теплее в начале", who=staff, now=now)
    services.publish(script.pk, 2, who=staff, now=now)
    return script


def test_versions_are_compared_and_an_old_one_comes_back(page: Page, scene: Scene) -> None:
    script = two_versions(scene.staff)
    page.goto(versions.url(script.pk))
    page.locator('input[name="old"][value="1"]').check()
    page.locator('input[name="new"][value="2"]').check()
    page.locator('form[method="get"] .rl-button-primary').click()
    changes = page.locator('section[aria-labelledby="changes"]')
    expect(changes).to_contain_text("Рады, что вы здесь")
    expect(changes).to_contain_text("почём")
    changes.locator("summary").click()
    expect(changes.locator(".cm-mergeView")).to_be_visible()
    shoot(page, "versions")
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    shoot(page, "versions-narrow")

    back = page.locator('form[aria-labelledby="back"]')
    back.locator("select").select_option("1")
    back.locator('input[name="reason"]').fill("Новое начало путает людей")
    back.locator(".rl-button-primary").click()
    expect(page.locator(".rl-versions tbody tr")).to_have_count(3)
    expect(page.locator(".rl-versions tbody tr").first).to_contain_text("Новое начало путает людей")
    script.refresh_from_db()
    assert script.live is not None
    assert script.live.content == script.version(1).content
