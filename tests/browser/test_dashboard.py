"""The first page: a restart is news that comes by itself; figures, charts and periods."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from relove import oplog, partitions, troubles
from relove.cluster.heartbeats import cluster_names, record_heartbeat
from relove.oplog import Operation
from tests.admin_scene import Scene
from tests.browser.conftest import shoot
from tests.browser.test_effect import DRAWN

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def well(scene: Scene) -> Scene:
    """Clusters beat; the account has no session here, so nobody has to hold it."""
    for name in cluster_names():
        record_heartbeat(name)
    partitions.ensure_partitions(scene.now)
    return scene


def test_a_restarted_database_is_news_not_trouble(
    page: Page, well: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the tests' own server started at some time, whoever started it
    monkeypatch.setattr(troubles, "RESTART_IS_NEWS", timedelta(0))
    page.goto(reverse("admin:index"))
    expect(page.locator(".rl-now.rl-well")).to_be_visible()
    expect(page.locator('[data-trouble="database"]')).to_have_count(0)
    monkeypatch.setattr(troubles, "RESTART_IS_NEWS", timedelta(days=3650))
    # nobody reloads
    news = page.locator('[data-trouble="database"]')
    expect(news).to_contain_text("PostgreSQL был запущен заново", timeout=20_000)
    expect(news).to_contain_text("делать ничего не нужно")
    expect(page.locator(".rl-now.rl-well")).to_be_visible()


def test_figures_of_a_period_are_drawn_compared_and_lead_to_rows(page: Page, well: Scene) -> None:
    now = timezone.now()
    oplog.log_operations(
        [
            Operation("send_message", "success", 100 + 10 * n, subject=("generated_comments", n), at=now - ago)
            for n in range(40)
            for ago in (timedelta(hours=n % 20), timedelta(hours=30))
        ]
    )
    page.goto(reverse("admin:index") + "?period=day")
    for chart in page.locator("canvas.chart").all():
        assert chart.evaluate(DRAWN)
    shoot(page, "dashboard")
    page.evaluate("document.documentElement.classList.add('dark')")
    shoot(page, "dashboard-dark")
    page.evaluate("document.documentElement.classList.remove('dark')")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shoot(page, "dashboard-390")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator('a[href="?period=week"]').click()
    expect(page.locator('a[href="?period=week"]')).to_have_attribute("aria-current", "true")
    page.locator(".rl-figure-failed").first.click()
    expect(page.locator("#result_list")).to_be_visible()
