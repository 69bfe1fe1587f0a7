"""The board of a study group in a browser: what comes next, speaking by hand, the end; wide and narrow."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from education.models import GroupMessage
from tests.admin_scene import Scene
from tests.browser.conftest import shoot
from tests.education import scene as groups

NARROW = {"width": 390, "height": 844}
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_group_is_watched_spoken_in_and_ended(page: Page, scene: Scene) -> None:
    group = groups.begun_group(timezone.now())
    page.goto(reverse("admin:education_educationgroup_change", args=[group.pk]))
    expect(page.get_by_text("Рады видеть вас, Ольга").first).to_be_visible()
    shoot(page, "board")
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    shoot(page, "board-narrow")
    page.locator("#role").select_option("спрашивает")
    page.locator("#text").fill("Можно уточнить про время?")
    page.locator('button[value="say"]').click()
    expect(page.get_by_text("Можно уточнить про время?")).to_be_visible()
    page.locator('button[value="end"]').click()
    expect(page.locator('button[value="archive"]')).to_be_visible()
    assert GroupMessage.objects.filter(purpose="summary").exists()
