"""The red button in a browser: one click from any page, words for what happens, a reason to go on."""

import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts_mgmt import freezing, pauses
from accounts_mgmt.models import OutboxWatch, Pause, RunnerBeat
from tests.admin_scene import Scene
from tests.browser.conftest import shoot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_one_click_stops_everything_and_a_reason_lets_it_go_on(
    page: Page, scene: Scene, django_user_model: Any
) -> None:
    now = timezone.now()
    for number in (1, 2):
        RunnerBeat.objects.create(id=number, host="h", pid=number, since=now, beat_at=now)
    page.goto(reverse("admin:relove_operationlog_changelist"))
    shoot(page, "red_button")
    page.locator("button.rl-stop").click()

    expect(page).to_have_url(re.compile(reverse("admin:accounts_mgmt_pause_everything")))
    expect(page.locator("#everything")).to_contain_text(re.compile(r"\b0\b.*\b2\b"))
    shoot(page, "paused_waiting")
    pause = pauses.standing("everything")
    assert pause is not None
    RunnerBeat.objects.update(beat_at=timezone.now(), pause_seen=pause.pk)
    # without a reload
    expect(page.locator("[data-obeyed=all]")).to_contain_text(re.compile(r"2\D+2"))
    shoot(page, "paused")

    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(reverse("admin:index"))
    shoot(page, "paused_narrow")
    page.locator("a.rl-stopped").click()
    page.fill("#reason_text", "Разобрались")
    page.locator("form .rl-button-primary").click()
    expect(page.locator("button.rl-stop")).to_be_visible()
    assert not Pause.objects.in_force().exists()


def test_nothing_covers_the_red_button_where_a_row_has_many_actions(page: Page, scene: Scene) -> None:
    for width in (1280, 1024, 390):
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(reverse("admin:accounts_mgmt_telegramaccountsession_change", args=[scene.account.pk]))
        shoot(page, f"actions_{width}")
        page.locator("button.rl-stop").click(trial=True)
        badge = page.locator("#header-inner").get_by_text("Песочница")
        button, beside = page.locator("button.rl-stop").bounding_box(), badge.bounding_box()
        assert button
        assert beside
        assert button["x"] + button["width"] <= beside["x"] or button["y"] + button["height"] <= beside["y"]


def test_a_channel_is_paused_from_its_own_page(page: Page, scene: Scene) -> None:
    page.goto(reverse("admin:commentators_telegramchannel_pause_channel", args=[scene.channel.pk]))
    shoot(page, "pause_channel")
    page.fill("#reason_text", "Просьба владельца")
    page.locator("form .rl-button-primary").click()
    expect(page.locator("form dl")).to_contain_text("Просьба владельца")
    assert pauses.standing("channel", scene.channel.pk) is not None


def test_a_frozen_outbox_says_why_and_a_person_confirms(page: Page, scene: Scene) -> None:
    freezing.begin()
    OutboxWatch.objects.update(restored_at=timezone.now())
    freezing.begin()
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(reverse("admin:index"))
        shoot(page, f"frozen_first_page_{width}")
        page.locator("a.rl-stopped").click()
        expect(page).to_have_url(re.compile(reverse("admin:accounts_mgmt_pause_frozen")))
        shoot(page, f"frozen_{width}")
    page.fill("#reason_text", "Сверили с чатами")
    page.locator("form .rl-button-primary").click()
    expect(page.locator("button.rl-stop")).to_be_visible()
    assert freezing.standing() is None
