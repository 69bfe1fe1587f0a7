"""What is wrong reaches the open first page by itself within a minute: real clusters, the sandbox's faults."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from relove import partitions
from relove.cluster.heartbeats import _key, cluster_names, live_heartbeats
from tests.accounts_mgmt.scene import Runners, cluster, stage
from tests.browser.conftest import shoot
from tests.live import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.django_db(transaction=True)]

MINUTE = 60_000
SENTENCES = {
    '[data-trouble^="account:"]': ["«Анна» не пишет", "Telegram заблокировал аккаунт"],
    '[data-trouble="llm"]': ["не отвечает: сервер модели сообщает об ошибке 500", "ждут и продолжатся сами"],
    '[data-trouble="cluster:default"]': ["«default» не отвечает", "Каналы не читаются", "перезапускается сам"],
}


@contextmanager
def frozen(running: Runners) -> Iterator[None]:
    """All processes of a cluster stand still, so that nobody is left who would start it anew."""
    os.killpg(running.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(running.pid, signal.SIGCONT)


@pytest.mark.usefixtures("scene")
def test_a_ban_a_silent_model_and_a_stuck_cluster_are_told_of(page: Page, settings: Any, tmp_path: Path) -> None:
    cache.delete_many([_key(name) for name in cluster_names()])
    partitions.ensure_partitions(timezone.now())
    with stage(settings, tmp_path) as sandbox, ExitStack() as stack:
        running = {name: stack.enter_context(cluster(sandbox, Q_CLUSTER_NAME=name)) for name in cluster_names()}
        wait_for(lambda: None not in live_heartbeats().values(), "all clusters beat")
        page.goto(reverse("admin:index"))
        expect(page.locator(".rl-now.rl-well")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("data-live", "on")
        page.evaluate("window.opened = true")

        stack.enter_context(frozen(running["default"]))
        sandbox.client.call("POST", "llm/faults", {"kind": "500"})
        account = sandbox.accounts[0].session.telegram_user_id
        sandbox.client.add_fault("USER_DEACTIVATED_BAN", account=account, method="messages.SendMessage")
        # one comment each under two new posts, which the model is to read
        sandbox.queue(posts=2, accounts=1)

        for place, words in SENTENCES.items():
            for part in words:
                expect(page.locator(place)).to_contain_text(part, timeout=MINUTE)
        assert page.evaluate("window.opened"), "nobody reloaded"
        shown = page.locator("[data-trouble]:not(.rl-trouble-started)")
        assert shown.count() == len(SENTENCES), shown.all_inner_texts()
        for place in SENTENCES:
            expect(page.locator(place)).to_be_in_viewport(ratio=1)
        shoot(page, "what-is-wrong")
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        shoot(page, "what-is-wrong-390")
        # all at once: one after the other they would take longer to end
        for each in running.values():
            each.signal(signal.SIGTERM)
