"""Live updates: who is let in, and a page that catches up after a broken connection."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from relove import live
from relove.models import Staff
from tests.admin_scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CLOSE_CODE = """() => new Promise((done) => {
  new WebSocket(`ws://${location.host}/ws/live/`).onclose = (event) => done(event.code);
})"""


def test_a_stranger_is_sent_away(chromium: Browser, site: str) -> None:
    context = chromium.new_context(base_url=site)
    page = context.new_page()
    page.goto("/healthz")
    assert page.evaluate(CLOSE_CODE) == 4403
    context.close()


def test_after_a_break_the_page_fetches_afresh(page: Page, scene: Scene) -> None:
    lines: list[WebSocketRoute] = []

    def through(line: WebSocketRoute) -> None:
        lines.append(line)
        line.connect_to_server()

    page.route_web_socket(re.compile("/ws/live/"), through)
    page.goto(reverse("admin:commentators_generatedcomment_review"))
    expect(page.locator("html")).to_have_attribute("data-resync", "1")
    comment = scene.comments["cancelled"][0]
    # changed while nobody heard of it
    type(comment).objects.filter(pk=comment.pk).update(status="draft")
    lines[0].close(code=1011)
    expect(page.locator("html")).to_have_attribute("data-resync", "2")
    expect(page.locator(f'[data-rows] li[data-id="{comment.pk}"]')).to_be_visible()


def test_people_hear_of_what_they_may_see(transactional_db: None) -> None:
    nobody = Staff.objects.create_user("nobody")
    assert "comments" not in live.topics_of(nobody)
    assert "comments" in live.topics_of(Staff.objects.create_superuser("everybody"))
