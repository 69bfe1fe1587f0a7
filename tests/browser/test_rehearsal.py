"""The pages of rehearsals: asking, watching, the timeline and its filters, in a narrow window too."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from playwright.sync_api import Page, expect

from relove import rehearsals
from relove.models import Rehearsal
from tests.admin_scene import Scene
from tests.browser.conftest import shoot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "admin:relove_rehearsal_changelist"
ITEMS = (
    ("post", "came", "", "reLove: каждый день", "Почему мы повторяем один и тот же сценарий?", "", ""),
    ("comment", "sent", "Мария", "reLove: каждый день", "Про роль спасателя — в точку.", "", "rehearsal"),
    ("said", "came", "reLove", "Ольга, просит не писать", "Стоп", "", ""),
    ("reply", "sent", "reLove", "Ольга, просит не писать", "Поняли: больше не пишем.", "", "fixed"),
    ("reply", "held", "reLove", "Ольга, просит не писать", "", "Человек попросил не писать.", ""),
    ("comment", "refused", "", "Чужой канал", "", "Нет основания: канал читается, но не комментируется.", ""),
)


def told(row: Rehearsal, at: timedelta) -> None:
    """What the inside of a rehearsal would tell by then."""
    names = ("kind", "verdict", "account", "place", "text", "reason", "approved")
    items = [
        dict(zip(names, item, strict=True)) | {"at": (row.since + at + timedelta(minutes=n)).isoformat()}
        for n, item in enumerate(ITEMS)
    ]
    figures = {"accounts": 2, "posts": 1, "people": 9, "left_out": [["Павел", "Вышел из аккаунта"]]}
    told = {"reached": (row.since + at).isoformat(), "items": items, "figures": figures}
    assert rehearsals.keep(row, told, timezone.now())


def test_from_the_button_to_the_timeline(page: Page, scene: Scene) -> None:
    page.goto(reverse(LIST))
    expect(page.get_by_text("Репетиция: ничего не уходит в Telegram")).to_be_visible()
    expect(page.get_by_text("Репетиций ещё не было")).to_be_visible()
    shoot(page, "rehearsal-empty")
    page.get_by_label("3 дня").check()
    page.get_by_label("в 20 раз быстрее").check()
    page.get_by_role("button", name="Начать репетицию").click()

    expect(page.locator("progress")).to_have_attribute("value", "0")
    row = Rehearsal.objects.get()
    assert (row.length, row.approval, row.speed) == (timedelta(days=3), "all", 20)
    assert row.asked_by == scene.staff
    assert OrmQ.objects.filter(key="default").exists(), "a page starts no process: it asks the cluster"
    running = rehearsals.begin(row.pk, timezone.now())
    assert running
    told(running, timedelta(hours=30))
    # live, without reloading
    expect(page.locator("progress")).to_have_attribute("value", "42")
    expect(page.locator("[data-verdict]")).to_have_count(len(ITEMS))
    shoot(page, "rehearsal-running")

    told(running, timedelta(hours=60))
    rehearsals.end(running, Rehearsal.State.DONE, timezone.now())
    expect(page.locator("canvas")).to_be_visible()
    expect(page.locator("progress")).to_have_count(0)
    shoot(page, "rehearsal-done")
    page.locator('a[href="?verdict=held"]').click()
    expect(page.locator("[data-verdict]")).to_have_count(2)
    expect(page.locator("[data-verdict]").first).to_contain_text("Человек попросил не писать.")
    page.get_by_role("combobox", name="Аккаунт").select_option("Мария")
    page.get_by_role("button", name="Показать").click()
    expect(page.get_by_text("Такого здесь нет.")).to_be_visible()
    page.get_by_role("link", name="Показать всё").click()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("[data-verdict]")).to_have_count(2 * len(ITEMS))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path="test-results/rehearsal-narrow.png", full_page=True)


def test_stopping_one_and_a_failure_told(page: Page, scene: Scene) -> None:
    row = rehearsals.ask(scene.staff, timezone.now(), length=timedelta(days=1))
    running = rehearsals.begin(row.pk, timezone.now())
    assert running
    page.goto(reverse(LIST))
    expect(page.get_by_text("Репетиция идёт")).to_be_visible()
    page.get_by_role("link", name="Посмотреть").click()
    page.get_by_role("button", name="Остановить репетицию").click()
    expect(page.get_by_text("Останавливается")).to_be_visible()
    assert not rehearsals.keep(running, {}, timezone.now()), "its process hears that it is to stop"
    rehearsals.end(running, Rehearsal.State.FAILED, timezone.now(), "Нет ни одного действующего аккаунта.")
    expect(page.get_by_role("alert")).to_have_text("Нет ни одного действующего аккаунта.")
    page.goto(reverse(LIST))
    expect(page.get_by_role("button", name="Начать репетицию")).to_be_visible()
    shoot(page, "rehearsal-list")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shoot(page, "rehearsal-list-narrow")
