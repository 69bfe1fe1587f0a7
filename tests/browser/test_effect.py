"""The page of results: periods, charts that are drawn, the period before, and a comment's trail."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from commentators.models import DirectMessage
from commentators.touches import TABLE, Rule
from relove import oplog
from relove.models import Chat
from tests.admin_scene import Scene
from tests.browser.conftest import shoot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RESULTS = "admin:commentators_generatedcomment_effect"
# pixels of the canvas that are not empty
DRAWN = """canvas => {
  const {width, height} = canvas;
  return canvas.getContext("2d").getImageData(0, 0, width, height).data.some((value) => value > 0);
}"""


def test_results_of_a_period_are_drawn_and_compared(page: Page, scene: Scene) -> None:
    page.goto(reverse(RESULTS))
    expect(page.locator(".rl-figure").first).to_contain_text("4")
    for chart in page.locator("canvas.chart").all():
        assert chart.evaluate(DRAWN)
    expect(page.locator(".rl-effect").first).to_contain_text("reLove: каждый день")
    shoot(page, "effect")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shoot(page, "effect-narrow")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator('a[href="?days=7"]').click()
    expect(page).to_have_url(re.compile("days=7"))
    page.locator('[name="from"]').fill("2020-03-01")
    page.locator('[name="to"]').fill("2020-03-31")
    page.locator(".rl-period button").click()
    # nothing was sent then: figures say so and no empty axes are shown
    expect(page.locator(".rl-figure").first).to_contain_text("0")
    expect(page.locator("canvas.chart")).to_have_count(0)
    page.goto(reverse(RESULTS) + "?from=2020-03-31&to=2020-03-01")
    expect(page.locator(".rl-error")).to_be_visible()


def test_a_comment_shows_who_wrote_after_it(page: Page, scene: Scene) -> None:
    comment, other = scene.comments["sent"][:2]
    oplog.log_activity(Rule.REPLY, user_id=scene.person.pk, subject=(TABLE, comment.pk))
    chat = Chat.objects.create(telegram_id=scene.person.telegram_id, kind=Chat.Kind.PRIVATE)
    words = {"direction": "in", "text": "Увидела ваш ответ", "status": "sent"}
    DirectMessage.objects.create(sender=scene.account, user=scene.person, chat=chat, **words)
    page.goto(reverse("admin:commentators_generatedcomment_change", args=[comment.pk]))
    trail = page.locator(".rl-list", has_text="Ольга")
    expect(trail).to_contain_text("Увидела ваш ответ")
    shoot(page, "effect-trail")
    page.goto(reverse("admin:commentators_generatedcomment_change", args=[other.pk]))
    expect(page.locator("#content")).not_to_contain_text("Увидела ваш ответ")
