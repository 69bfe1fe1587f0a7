"""The first page: what is wrong is the first thing read, without reloading; figures, charts and periods."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts_mgmt import health
from accounts_mgmt.models import TelegramAccountSession
from relove import oplog, partitions, troubles
from relove.cluster.heartbeats import _key, cluster_names, record_heartbeat
from relove.models import LLMCall
from relove.oplog import Operation
from relove.telegram.gateway import SessionLost
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


def ban(scene: Scene) -> None:
    TelegramAccountSession.objects.filter(pk=scene.account.pk).update(lease_token=5)
    effect = health.effect_of(SessionLost("USER_DEACTIVATED_BAN"))
    assert effect
    health.apply(scene.account.pk, 5, effect, "USER_DEACTIVATED_BAN", None)


def lose_the_model(scene: Scene) -> None:
    for number in range(2):
        LLMCall.objects.create(
            key=f"down-{number}",
            purpose="draft",
            model="sandbox",
            status="failed",
            error="the model's server answers 503",
        )


def silence_a_cluster(scene: Scene) -> None:
    cache.set(_key("llm"), timezone.now().timestamp() - 90, None)


@pytest.mark.parametrize(
    ("harm", "key", "words"),
    [
        (ban, "account:", "Мария"),
        (lose_the_model, "llm", "503"),
        (silence_a_cluster, "cluster:llm", "llm"),
    ],
)
def test_what_is_wrong_stands_first_and_comes_by_itself(
    page: Page, well: Scene, harm: Callable[[Scene], None], key: str, words: str
) -> None:
    page.goto(reverse("admin:index"))
    expect(page.locator(".rl-now.rl-well")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    harm(well)
    # nobody reloads: a ban is told of at once, the rest is seen within ten seconds
    trouble = page.locator(f'[data-trouble^="{key}"]')
    expect(trouble).to_contain_text(words, timeout=20_000)
    expect(page.locator(".rl-now.rl-well")).to_have_count(0)
    assert trouble.bounding_box()["y"] < 400, "without scrolling"  # type: ignore[index]
    shoot(page, f"dashboard-{key.strip(':').replace(':', '-')}")


def test_a_restarted_database_is_news_not_trouble(
    page: Page, well: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the tests' own server started at some time, whoever started it
    monkeypatch.setattr(troubles, "RESTART_IS_NEWS", timedelta(days=3650))
    page.goto(reverse("admin:index"))
    expect(page.locator('[data-trouble="database"]')).to_contain_text("PostgreSQL")
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
