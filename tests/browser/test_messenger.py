"""The messenger as a person uses it, with a real sandbox, runner and drafting behind it."""

import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts_mgmt.models import AccountCall, TelegramAccountSession
from accounts_mgmt.outbox import Status
from accounts_mgmt.private import coming_in
from commentators.models import DirectMessage
from relove.management import sandbox_world
from relove.models import SessionLog
from relove.telegram.gateway import Message, Peer, PeerKind, Person
from tests.admin_scene import Scene
from tests.browser.conftest import shoot
from tests.commentators.conftest import commentator
from tests.live import running_drafting, running_runner, running_sandbox, wait_for

READ = re.compile("прочитано|read")
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
            page.locator(".rl-threads").get_by_text("Лена").click()
            expect(page.locator(".rl-bubble")).to_have_count(1)
            wait_for(lambda: not received.filter(is_read=False).exists(), "opening it reads it")
            wait_for(AccountCall.objects.filter(kind="read_private", state="done").exists, "Telegram is told")
            shoot(page, "messenger")

            box = page.locator(".rl-answer textarea")
            box.press("Control+Enter")
            expect(page.locator(".rl-ours")).to_have_count(1)
            sent = DirectMessage.objects.filter(direction="out", status=Status.SENT)
            wait_for(sent.exists, "the approved draft is sent")
            assert settings.PRIVACY_URL in sent.get().text
            telegram.read("reader_lena", "relove_anna")
            expect(page.locator(".rl-ours")).to_contain_text(READ, timeout=10_000)

            box = page.locator(".rl-answer textarea")
            box.fill("Лена, это Анна из команды. Спасибо за вопрос!")
            box.press("Control+Enter")
            expect(page.locator(".rl-ours")).to_have_count(2)
            wait_for(lambda: sent.count() == 2, "what was written by hand is sent")

            box.fill("Не договорила")
            telegram.say("reader_lena", "relove_anna", "стоп")
            expect(page.locator(".rl-bubble:not(.rl-ours)")).to_have_count(2, timeout=10_000)
            expect(box).to_have_value("Не договорила")
            wait_for(lambda: sent.filter(purpose="stop").exists(), "the stop is confirmed")
            accepted = [entry for entry in telegram.ledger() if entry["random_id"]]
            assert {entry["random_id"] for entry in accepted} == {row.random_id for row in sent}
            assert len(accepted) == 3


def arrive(session: TelegramAccountSession, name: str, text: str, number: int) -> None:
    chat = Peer(PeerKind.USER, 900 + number)
    message = Message(chat, number, text, timezone.now(), Person(900 + number, "", name))
    coming_in.saw(session.pk, message, timezone.now())


def test_threads_are_moved_by_keys_and_new_ones_come_by_themselves(page: Page, scene: Scene) -> None:
    session = commentator(77).session
    arrive(session, "Вера", "Здравствуйте", 1)
    arrive(session, "Ольга", "С чего начать?", 2)
    # what is read while somebody moves among them changes its place
    DirectMessage.objects.update(is_read=True)
    page.goto(reverse("admin:commentators_directmessage_inbox"))
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    names = page.locator(".rl-threads li bdi:first-child")
    page.keyboard.press("j")
    expect(page.locator(".rl-thread h2")).to_contain_text("Ольга")
    page.keyboard.press("j")
    expect(page.locator(".rl-thread h2")).to_contain_text("Вера")
    page.keyboard.press("e")
    page.keyboard.type("Добрый день")
    arrive(session, "Нина", "Я не хочу жить", 3)
    expect(names.first).to_contain_text("Нина")
    expect(page.locator(".rl-answer textarea")).to_have_value("Добрый день")
    page.keyboard.press("Escape")
    shoot(page, "messenger_threads")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".rl-threads")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shoot(page, "messenger_narrow")
    page.locator(".rl-back").click()
    expect(page.locator(".rl-threads")).to_be_visible()
