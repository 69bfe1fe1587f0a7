"""The inbox of dialogues as a person uses it: the reason of each reply, keys, ready answers, two people."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts_mgmt.outbox import Status
from relove.models import Staff
from sales import conversations
from sales.models import ClientConversation, ConversationMessage
from tests.admin_scene import Scene
from tests.browser.conftest import shoot
from tests.sales.scene import NOW, live_script, main_account, say
from tests.sales.test_answering import answer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def dialogue(scene: Scene) -> ClientConversation:
    """Greeted by the script, with a draft for the second message."""
    account, script = main_account(), live_script("automatic")
    answer(say(account, "Здравствуйте"))
    ConversationMessage.objects.filter(direction="out").update(status=Status.SENT, sent_at=NOW, message_id=50)
    script.mode = "draft"
    script.save_without_historical_record()
    answer(say(account, "После развода не могу прийти в себя", 2), intent="рассказ")
    return ClientConversation.objects.get()


def opened(page: Page) -> None:
    page.goto(reverse("admin:sales_conversationmessage_inbox"))
    page.locator(".rl-threads").get_by_text("Ольга").click()
    expect(page.locator(".rl-bubble")).to_have_count(3)


def test_a_reply_says_why_a_draft_is_approved_and_the_dialogue_moves(
    page: Page, dialogue: ClientConversation
) -> None:
    opened(page)
    reason = page.locator(".rl-ours .rl-second").nth(1)
    expect(reason).to_contain_text("0,9")
    expect(reason).to_contain_text("приветствие")
    expect(page.locator(".rl-side")).to_contain_text("знакомство")
    shoot(page, "dialogue")
    page.locator(".rl-answer textarea").press("Control+Enter")
    expect(page.locator(".rl-ours")).to_have_count(2)
    expect(page.locator(".rl-side")).to_contain_text("потребность")
    dialogue.refresh_from_db()
    assert dialogue.stands.step == "боль"
    page.set_viewport_size({"width": 390, "height": 844})
    shoot(page, "dialogue_390")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_one_key_takes_over_and_hands_back_and_news_come_by_themselves(
    page: Page, dialogue: ClientConversation
) -> None:
    opened(page)
    page.keyboard.press("Escape")
    page.locator("h2").first.click()
    page.keyboard.press("t")
    expect(page.locator(".rl-side [value=hand_back]")).to_be_visible()
    dialogue.refresh_from_db()
    assert dialogue.lead == "person"
    in_thread(lambda: say(dialogue.account, "Вы здесь?", 3))
    expect(page.locator(".rl-bubble").last).to_contain_text("Вы здесь?", timeout=1_000)
    page.locator("h2").first.click()
    page.keyboard.press("t")
    expect(page.locator(".rl-side [value=take_over]")).to_be_visible()


def test_two_people_never_answer_at_once(page: Page, dialogue: ClientConversation) -> None:
    opened(page)
    other = Staff.objects.create_user("boris", first_name="Борис")
    conversations.lock(dialogue, other, dialogue.started_at)
    page.locator("[data-ready]").first.click()
    box = page.locator(".rl-answer textarea")
    expect(box).not_to_have_value("")
    expect(page.locator("[data-said]")).to_contain_text("boris")
    box.press("Control+Enter")
    expect(page.locator("[data-said]")).to_contain_text("boris")
    assert ConversationMessage.objects.filter(origin="person", direction="out").count() == 0


def test_a_note_and_an_owner_are_kept_and_shown_to_whoever_else_looks(
    page: Page, dialogue: ClientConversation
) -> None:
    boris = Staff.objects.create_user("boris")
    opened(page)
    box = page.locator(".rl-answer textarea")
    box.fill("Не договорила")
    page.locator("#rl-note").fill("Просит писать после шести")
    page.locator("[value=note]").click()
    expect(page.locator("[data-said]")).not_to_be_empty()
    page.locator("#rl-owner").select_option(str(boris.pk))
    page.locator("[value=assign]").click()
    expect(page.locator(".rl-side dl").nth(1)).to_contain_text("boris")
    expect(page.locator(".rl-threads .rl-current")).to_contain_text("boris")
    expect(box).to_have_value("Не договорила")
    shoot(page, "dialogue_assigned")
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator("#rl-note")).to_have_value("Просит писать после шести")
    dialogue.refresh_from_db()
    assert (dialogue.owner, dialogue.note) == (boris, "Просит писать после шести")
    in_thread(lambda: conversations.assign(dialogue, None, boris))
    expect(page.locator(".rl-threads .rl-current")).not_to_contain_text("boris")


def in_thread(work: Any) -> None:
    """On a connection of its own, as another process would."""

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result(10)


def test_the_slider_shows_which_replies_would_change(page: Page, dialogue: ClientConversation) -> None:
    page.goto(reverse("admin:sales_salesscript_threshold"))
    expect(page.locator("[data-changed]")).to_have_text("0")
    page.locator("#rl-at").fill("0.95")
    expect(page.locator("[data-changed]")).to_have_text("2")
    expect(page.locator(".rl-replay [data-mark]:visible")).to_have_count(2)
    shoot(page, "threshold")
    page.goto(reverse("admin:sales_salesscript_report"))
    shoot(page, "report")
