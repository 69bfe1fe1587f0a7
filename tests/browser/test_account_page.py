"""An account's page: how it is, its profile changed from here, a session elsewhere ended."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts_mgmt.models import TelegramAccountSession
from relove.management.sandbox_world import connect_accounts, description
from relove.sandbox.client import SandboxClient
from tests.accounts_mgmt.test_account_health import elsewhere, picture, with_owner
from tests.browser.conftest import shoot
from tests.live import in_thread, running_runner, running_sandbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SECONDS = 20_000


@pytest.fixture
def sandbox(transactional_db: None, settings: Any) -> Iterator[SandboxClient]:
    with running_sandbox(settings) as client:
        client.world(description())
        yield client


def test_bio_photo_and_sessions_are_changed_from_the_page(sandbox: SandboxClient, page: Page) -> None:
    account = connect_accounts(sandbox, timezone.now())[0].session
    TelegramAccountSession.objects.exclude(pk=account.pk).update(state="disabled")
    bio = f"Чай. {account.disclosure}"
    with in_thread(lambda: with_owner(elsewhere(sandbox, account), "profile"), lambda: None):
        """The owner was at another device."""
    with running_runner():
        page.goto(reverse("admin:accounts_mgmt_telegramaccountsession_change", args=[account.pk]))
        page.locator("#tg-bio").fill("Просто люблю чай")
        page.locator("button[value=set_profile]").click()
        expect(page.locator("body")).to_contain_text(account.disclosure)
        page.locator("#tg-bio").fill(bio)
        page.locator("button[value=set_profile]").click()
        expect(page.locator("#account")).to_contain_text("Чай.", timeout=SECONDS)
        file = {"name": "me.png", "mimeType": "image/png", "buffer": picture().read()}
        page.locator("#tg-photo").set_input_files(files=[file])
        page.locator("button[value=set_photo]").click()
        expect(page.locator("img.rl-photo")).to_be_visible(timeout=SECONDS)
        page.locator("button[value=authorizations]").click()
        rows = page.locator("#authorizations tbody tr")
        expect(rows).to_have_count(2, timeout=SECONDS)
        shoot(page, "account")
        page.mouse.wheel(0, 700)
        shoot(page, "account-below")
        page.locator("button[value=end]").click()
        expect(rows).to_have_count(1, timeout=SECONDS)
        expect(page.locator("button[value=end]")).to_have_count(0)
    page.set_viewport_size({"width": 390, "height": 844})
    shoot(page, "account-narrow")
    account.refresh_from_db()
    assert account.bio == bio
