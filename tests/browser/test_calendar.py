"""The calendar: what is planned, moved by the mouse and by keys, and what a refusal does."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts_mgmt.outbox import Status
from commentators import planning
from commentators.models import GeneratedComment
from tests.admin_scene import Scene
from tests.browser.conftest import shoot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CALENDAR = "admin:commentators_generatedcomment_calendar"


@pytest.fixture
def planned(scene: Scene) -> GeneratedComment:
    """One draft alone, tomorrow at noon in the pages' zone, by the schedule with its keys."""
    GeneratedComment.objects.exclude(status__in=("sent", "rejected")).delete()
    comment = scene.comments["draft"][0]
    comment.pk = None
    comment.expires_at = None
    assert planning.take_place(comment, scene.now)
    local = timezone.localtime(scene.now)
    # always within the week that is shown, and never over
    noon = (local + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    GeneratedComment.objects.filter(pk=comment.pk).update(scheduled_at=noon)
    comment.refresh_from_db()
    return comment


def open_day(page: Page, comment: GeneratedComment) -> None:
    page.goto(reverse(CALENDAR))
    answered = page.locator("[data-calendar]")
    # once by itself, once because the live updates begin
    expect(answered).to_have_attribute("data-answered", "2")
    page.locator("button.ec-timeGridDay").click()
    expect(answered).to_have_attribute("data-answered", "3")
    page.locator("button.ec-next").click()
    expect(answered).to_have_attribute("data-answered", "4")
    expect(page.locator(f'[data-agenda] li[data-id="{comment.pk}"]')).to_be_visible()


def moved_by(comment: GeneratedComment) -> timedelta:
    before = comment.scheduled_at
    now = GeneratedComment.objects.get(pk=comment.pk).scheduled_at
    assert before is not None
    assert now is not None
    return now - before


def drag_by_an_hour(page: Page) -> None:
    event = page.locator(".ec-event").first
    event.scroll_into_view_if_needed()
    box = event.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + 8
    page.mouse.move(x, y)
    page.mouse.down()
    # an event is half an hour high
    page.mouse.move(x, y + box["height"], steps=4)
    page.mouse.move(x, y + 2 * box["height"], steps=4)
    page.mouse.up()


def test_the_keys_move_a_comment_by_a_quarter(page: Page, planned: GeneratedComment) -> None:
    open_day(page, planned)
    row = page.locator(f'[data-agenda] li[data-id="{planned.pk}"]')
    row.focus()
    row.press("ArrowRight")
    row.press("ArrowRight")
    row.press("ArrowRight")
    row.press("ArrowLeft")
    expect(page.locator("[data-said]")).not_to_be_empty()
    expect(row.locator("time")).to_have_text("12:30")
    assert moved_by(planned) == timedelta(minutes=30)
    expect(page.locator(".ec-event b").first).to_have_text("12:30")
    expect(row).to_be_focused()


def test_dragging_moves_it(page: Page, planned: GeneratedComment) -> None:
    open_day(page, planned)
    drag_by_an_hour(page)
    expect(page.locator(f'[data-agenda] li[data-id="{planned.pk}"] time')).to_have_text("13:00")
    assert moved_by(planned) == timedelta(hours=1)
    shoot(page, "calendar-day")


def test_a_refusal_snaps_back_with_the_reason(page: Page, planned: GeneratedComment) -> None:
    open_day(page, planned)
    GeneratedComment.objects.filter(pk=planned.pk).update(status=Status.SENDING)
    drag_by_an_hour(page)
    expect(page.locator("[data-said].rl-error")).not_to_be_empty()
    expect(page.locator(".ec-event b").first).to_have_text("12:00")
    assert moved_by(planned) == timedelta(0)


def test_the_week_and_the_narrow_window(page: Page, scene: Scene) -> None:
    page.goto(reverse(CALENDAR))
    expect(page.locator(".ec-event").first).to_be_visible()
    expect(page.locator("[data-agenda] li[data-id]").first).to_be_visible()
    shoot(page, "calendar-week")
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    expect(page.locator("[data-agenda] li[data-id]").first).to_be_visible()
    shoot(page, "calendar-narrow")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
