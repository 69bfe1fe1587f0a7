"""The messenger as a person uses it, with a real sandbox, runner and drafting behind it."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import Status
from commentators.models import DirectMessage
from relove.management import sandbox_world
from relove.models import SessionLog
from tests.admin_scene import Scene
from tests.browser.conftest import shoot
from tests.live import running_drafting, running_runner, running_sandbox, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_message_is_drafted_approved_sent_and_answered_by_hand(page: Page, scene: Scene, settings: Any) -> None:
    settings.PACE_PER_SECOND, settings.ACCOUNT_CHAT_PER_MINUTE, settings.CHAT_PER_MINUTE = 30, 1800, 1800
    received = DirectMessage.objects.received()
    with running_sandbox(settings) as telegram:
        telegram.world(sandbox_world.description())
        sandbox_world.connect_accounts(telegram, timezone.now())
        with running_runner(), running_drafting():
            anna = TelegramAccountSession.objects.get(username="relove_anna")
            wait_for(SessionLog.objects.filter(account_id=anna.pk, status="active").exists, "Anna is connected")
            telegram.say(
                "reader_lena", "relove_anna", "Почему мы откладываем важное и боимся начать маленький шаг?"
            )
            wait_for(lambda: DirectMessage.objects.drafts().exists(), "an answer is drafted")

            page.goto(reverse("admin:commentators_directmessage_inbox"))
            page.get_by_role("navigation", name="Threads").or_(page.locator(".rl-threads")).get_by_text(
                "Лена"
            ).click()
            expect(page.locator(".rl-bubble")).to_have_count(1)
            wait_for(lambda: not received.filter(is_read=False).exists(), "opening it reads it")
            shoot(page, "messenger")

            box = page.locator(".rl-answer textarea")
            box.press("Control+Enter")
            expect(page.locator(".rl-ours")).to_have_count(1)
            sent = DirectMessage.objects.filter(direction="out", status=Status.SENT)
            wait_for(sent.exists, "the approved draft is sent")
            assert settings.PRIVACY_URL in sent.get().text

            box = page.locator(".rl-answer textarea")
            box.fill("Лена, это Анна из команды. Спасибо за вопрос!")
            box.press("Control+Enter")
            expect(page.locator(".rl-ours")).to_have_count(2)
            wait_for(lambda: sent.count() == 2, "what was written by hand is sent")

            telegram.say("reader_lena", "relove_anna", "стоп")
            wait_for(lambda: sent.filter(purpose="stop").exists(), "the stop is confirmed")
            accepted = [entry for entry in telegram.ledger() if entry["random_id"]]
            assert {entry["random_id"] for entry in accepted} == {row.random_id for row in sent}
            assert len(accepted) == 3
