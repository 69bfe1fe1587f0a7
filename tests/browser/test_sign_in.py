"""Connecting an account in the browser: by a code, by a code with a password, by a QR code."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts_mgmt.models import SignIn, TelegramAccountSession
from relove.sandbox.client import SandboxClient
from tests.browser.conftest import shoot
from tests.live import running_runner, running_sandbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE, SECOND_PHONE, PASSWORD = "+79990001122", "+79990001133", "стрекоза-7"
CONNECTED = "/change/"
SECONDS = 20_000


@pytest.fixture
def sandbox(transactional_db: None, settings: Any) -> Iterator[SandboxClient]:
    with running_sandbox(settings) as client:
        client.add_user("Анна", username="anna", phone=PHONE[1:])
        client.add_user(
            "Вера", username="vera", phone=SECOND_PHONE[1:], password=PASSWORD, password_hint="насекомое"
        )
        yield client


@pytest.fixture
def runner(sandbox: SandboxClient) -> Iterator[None]:
    with running_runner():
        yield


def begin(page: Page, phone: str) -> None:
    page.goto(reverse("admin:accounts_mgmt_telegramaccountsession_add"))
    page.locator("[name=label]").fill("Новый аккаунт")
    page.locator("[name=number]").fill(phone)
    page.locator("form button[class*=primary]").last.click()


def assert_connected(page: Page, username: str) -> None:
    page.wait_for_url(f"**{CONNECTED}*", timeout=SECONDS)
    account = TelegramAccountSession.objects.get(username=username)
    assert account.state == "active"
    assert str(account.pk) in page.url
    assert not SignIn.objects.exists()


def test_by_a_code_with_a_mistake_and_a_reload(runner: None, page: Page, sandbox: SandboxClient) -> None:
    begin(page, "8 999 000-11")
    expect(page.get_by_role("alert")).to_be_visible()
    begin(page, "8 (999) 000-11-22")
    expect(page.locator("[name=code]")).to_be_visible(timeout=SECONDS)
    shoot(page, "sign-in-code")
    code = sandbox.code(PHONE)
    page.locator("[name=code]").fill(f"{(int(code) + 1) % 100_000:05}")
    page.locator("button[value=code]").click()
    expect(page.get_by_role("alert")).to_be_visible(timeout=SECONDS)
    shoot(page, "sign-in-wrong-code")
    page.reload()
    page.locator("[name=code]").fill(code)
    page.locator("button[value=code]").click()
    assert_connected(page, "anna")
    begin(page, PHONE)
    expect(page.get_by_role("alert")).to_contain_text("Новый аккаунт")


def test_by_a_code_and_the_second_password(runner: None, page: Page, sandbox: SandboxClient) -> None:
    begin(page, SECOND_PHONE)
    expect(page.locator("[name=code]")).to_be_visible(timeout=SECONDS)
    page.locator("[name=code]").fill(sandbox.code(SECOND_PHONE))
    page.locator("button[value=code]").click()
    expect(page.locator("[name=password]")).to_be_visible(timeout=SECONDS)
    expect(page.locator("#sign-in")).to_contain_text("насекомое")
    shoot(page, "sign-in-password")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("button[value=password]").click()
    assert_connected(page, "vera")


def test_by_a_qr_code(runner: None, page: Page, sandbox: SandboxClient) -> None:
    page.goto(reverse("admin:accounts_mgmt_telegramaccountsession_add") + "?by=link")
    page.locator("[name=label]").fill("По ссылке")
    page.locator("form button[class*=primary]").last.click()
    link = page.locator("[data-login-link]")
    expect(link).to_be_visible(timeout=SECONDS)
    assert page.locator("#sign-in img").evaluate("image => image.complete && image.naturalWidth > 0")
    shoot(page, "sign-in-qr")
    sandbox.scan("anna", link.get_attribute("href") or "")
    assert_connected(page, "anna")
