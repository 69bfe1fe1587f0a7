"""Earlier posts of a channel: asked for on its page, the bar moves while they come."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts_mgmt.models import AccountCall, TelegramAccountSession
from commentators import backfill
from relove.fields import Sealed
from tests.admin_scene import Scene
from tests.browser.conftest import shoot
from tests.commentators.test_posts import message

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_bar_of_earlier_posts_moves_by_itself(page: Page, scene: Scene) -> None:
    TelegramAccountSession.objects.update(session=Sealed.seal("session", "x"))
    page.goto(reverse("admin:commentators_telegramchannel_change", args=[scene.channel.pk]))
    page.get_by_role("link", name="Earlier posts").or_(page.get_by_role("link", name="Более ранние посты")).click()
    page.locator("input[name=wanted]").fill("4")
    page.locator("form.rl-card button.rl-button-primary").click()
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    expect(page.locator("[data-found]")).to_have_attribute("data-found", "0")
    shoot(page, "backfill-begun")
    assert AccountCall.objects.filter(kind=backfill.KIND, arguments__channel=scene.channel.pk).exists()
    for numbers, found in (((103, 104), "2"), ((101, 102), "4")):
        reading = backfill.next_page(scene.channel.pk)
        assert reading is not None
        backfill.keep(reading, [message(number) for number in numbers], timezone.now())
        expect(page.locator("[data-found]")).to_have_attribute("data-found", found)
    assert page.locator("progress").first.evaluate("bar => bar.position") == 1
    shoot(page, "backfill-finished")
