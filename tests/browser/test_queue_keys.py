"""The review queue by keys alone: decisions, taking back, locks, new drafts, and what a refusal does."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Browser, Locator, Page, Route, expect

from commentators import locks
from commentators.models import GeneratedComment, TelegramChannel, TelegramPost
from relove.models import Staff
from tests.admin_scene import DRAFTS, Scene
from tests.browser.conftest import shoot, signed_in
from tests.sandbox.llm_server import llm_server

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

REVIEW = "admin:commentators_generatedcomment_review"
ROWS = re.compile(r"/rows/\?")
# The letters that the Russian layout sends with these codes.
RUSSIAN = {"KeyJ": "о", "KeyK": "л", "KeyA": "ф", "KeyR": "к", "KeyS": "ы", "KeyU": "г", "KeyH": "р", "KeyE": "у"}
EDITED = "А с какого маленького вопроса к себе можно начать, когда привычный сценарий уже запустился?"


@pytest.fixture(autouse=True)
def _no_locks(transactional_db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def queue(page: Page, scene: Scene) -> Page:
    page.goto(reverse(REVIEW))
    expect(page.get_by_role("heading", name="Черновик", exact=True)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    return page


def press(page: Page, code: str) -> None:
    """A key of the Russian layout."""
    event = f"new KeyboardEvent('keydown', {{key: '{RUSSIAN[code]}', code: '{code}', bubbles: true}})"
    page.evaluate(f"document.body.dispatchEvent({event})")


def settled(page: Page) -> None:
    expect(page.locator("[data-review]")).to_have_attribute("data-under-way", "0")


def draft(scene: Scene, number: int) -> GeneratedComment:
    found: GeneratedComment = GeneratedComment.objects.get(pk=scene.comments["draft"][number].pk)
    return found


def row(page: Page, scene: Scene, number: int) -> Locator:
    return page.locator(f'[data-rows] li[data-id="{scene.comments["draft"][number].pk}"]')


def said(page: Page) -> Locator:
    return page.locator("[data-said]")


def test_approving_moves_on_and_can_be_taken_back(queue: Page, scene: Scene) -> None:
    press(queue, "KeyA")
    expect(row(queue, scene, 0)).to_have_count(0)
    expect(row(queue, scene, 1)).to_have_class("rl-current")
    expect(queue.locator("span[data-left]")).to_have_text("3")
    expect(queue.locator("span[data-decided]")).to_have_text("1")
    settled(queue)
    assert draft(scene, 0).status == "pending"

    press(queue, "KeyU")
    expect(row(queue, scene, 0)).to_have_class("rl-current")
    expect(queue.locator("span[data-decided]")).to_have_text("0")
    assert draft(scene, 0).status == "draft"


def test_a_list_that_was_read_before_the_undoing_changes_nothing(queue: Page, scene: Scene) -> None:
    lists: list[Route] = []
    queue.route(ROWS, lambda route: lists.append(route))
    with queue.expect_request(ROWS):
        press(queue, "KeyA")
    settled(queue)
    early = lists[0].fetch()
    press(queue, "KeyU")
    expect(queue.locator("span[data-decided]")).to_have_text("0")
    GeneratedComment.objects.filter(pk=scene.comments["draft"][1].pk).update(text=EDITED)

    lists[0].fulfill(response=early)
    queue.unroute(ROWS)  # what is held still goes on
    expect(row(queue, scene, 1)).to_contain_text(EDITED)
    expect(row(queue, scene, 0)).to_have_class("rl-current")
    expect(queue.locator("span[data-left]")).to_have_text("4")


def test_rejecting_by_the_number_of_the_reason(queue: Page, scene: Scene) -> None:
    press(queue, "KeyR")
    expect(queue.locator("[data-panel=reject]")).to_be_visible()
    shoot(queue, "queue-reject")
    queue.keyboard.press("2")
    expect(row(queue, scene, 0)).to_have_count(0)
    settled(queue)
    assert (draft(scene, 0).status, draft(scene, 0).failed_reason) == ("rejected", "Не тот тон")


def test_rejecting_in_own_words(queue: Page, scene: Scene) -> None:
    press(queue, "KeyR")
    queue.get_by_label("Причина своими словами").fill("Слишком лично 1")
    queue.keyboard.press("Enter")
    expect(row(queue, scene, 0)).to_have_count(0)
    settled(queue)
    assert draft(scene, 0).failed_reason == "Слишком лично 1"


def test_putting_off(queue: Page, scene: Scene) -> None:
    press(queue, "KeyS")
    expect(queue.locator("[data-panel=snooze]")).to_be_visible()
    shoot(queue, "queue-snooze")
    queue.keyboard.press("1")
    expect(row(queue, scene, 0)).to_have_count(0)
    settled(queue)
    until = draft(scene, 0).snoozed_until
    assert until is not None
    assert timedelta(minutes=59) < until - scene.now < timedelta(minutes=62)
    queue.reload()
    expect(row(queue, scene, 1)).to_have_class("rl-current")
    expect(row(queue, scene, 0)).to_have_count(0)


def test_editing_in_place_with_checks_while_typing(queue: Page, scene: Scene) -> None:
    press(queue, "KeyE")
    box = queue.get_by_label("Текст комментария")
    box.fill("Подробности на https://example.com, загляните")
    expect(queue.locator("[data-refusals]")).to_contain_text("ссылка")
    shoot(queue, "queue-edit")
    box.fill(EDITED)
    expect(queue.locator("[data-refusals]")).not_to_contain_text("ссылка")
    queue.keyboard.press("Control+Enter")
    expect(row(queue, scene, 0)).to_have_count(0)
    settled(queue)
    comment = draft(scene, 0)
    assert (comment.text, comment.status, comment.origin) == (EDITED, "pending", "machine_edited")

    press(queue, "KeyU")
    expect(queue.locator("[data-draft]")).to_have_text(EDITED)
    expect(queue.locator(".rl-draft details")).to_contain_text(DRAFTS[0])


def test_a_refusal_brings_the_draft_back_with_the_reason(queue: Page, scene: Scene) -> None:
    press(queue, "KeyE")
    queue.get_by_label("Текст комментария").fill("Пишите мне на почту anna@example.com, отвечу")
    queue.keyboard.press("Control+Enter")
    expect(row(queue, scene, 0).locator("[data-refused]")).to_contain_text("электронный адрес")
    assert draft(scene, 0).status == "draft"
    shoot(queue, "queue-refused")

    # the edited text is not lost
    row(queue, scene, 0).locator("a").click()
    expect(queue.get_by_label("Текст комментария")).to_have_value("Пишите мне на почту anna@example.com, отвечу")


def test_what_another_looks_at_is_marked_skipped_and_refused(
    queue: Page, scene: Scene, chromium: Browser, site: str
) -> None:
    other = Staff.objects.create_superuser("ivan", password=None, first_name="Иван", last_name="Петров")
    window = signed_in(chromium, site, other)
    theirs = window.new_page()
    theirs.goto(f"{reverse(REVIEW)}?id={scene.comments['draft'][1].pk}")

    expect(row(queue, scene, 1)).to_contain_text("Иван Петров")
    shoot(queue, "queue-locked")
    press(queue, "KeyJ")
    expect(row(queue, scene, 2)).to_have_class("rl-current")

    row(queue, scene, 1).locator("a").click()
    expect(queue.locator("[data-locked]")).to_contain_text("Иван Петров")
    press(queue, "KeyA")
    expect(said(queue)).to_contain_text("Иван Петров")
    assert draft(scene, 1).status == "draft"

    theirs.close()
    expect(row(queue, scene, 1)).not_to_contain_text("Иван Петров")
    window.close()


def test_new_drafts_come_without_reloading_also_after_a_gap(queue: Page, scene: Scene) -> None:
    press(queue, "KeyJ")
    comment = scene.comments["cancelled"][0]
    GeneratedComment.objects.filter(pk=comment.pk).update(status="draft", text="Новый черновик о роли в семье")
    locks.take(comment.pk, scene.staff)  # says that something has changed
    expect(queue.locator(f'[data-rows] li[data-id="{comment.pk}"]')).to_contain_text("Новый черновик")
    # what is under the eyes stays
    expect(row(queue, scene, 1)).to_have_class("rl-current")
    expect(queue.locator("span[data-left]")).to_have_text("5")


def test_a_hundred_drafts_by_keys_alone(page: Page, scene: Scene) -> None:
    waiting = GeneratedComment.objects.filter(status="draft")
    waiting.delete()
    posts = [scene._post(number) for number in range(100, 200)]
    ids = [scene._comment("draft", post, number).pk for number, post in enumerate(posts)]
    page.goto(reverse(REVIEW))
    expect(page.locator("[data-part]")).to_be_visible()
    began = time.monotonic()
    for number in range(100):
        expect(page.locator("span[data-left]")).to_have_text(str(100 - number))
        if number % 10 == 4:
            page.keyboard.press("r")
            page.keyboard.press("3")
        else:
            page.keyboard.press("a")
    expect(page.locator("[data-empty]")).to_be_visible()
    # keys are faster than the server, and the last decisions are still under way
    expect(page.locator("[data-review]")).to_have_attribute("data-under-way", "0", timeout=60_000)
    # in ten minutes, of which a person needs nearly all to read
    assert time.monotonic() - began < 120
    states = list(GeneratedComment.objects.filter(pk__in=ids).order_by("pk").values_list("status", flat=True))
    assert states == ["rejected" if number % 10 == 4 else "pending" for number in range(100)]
    shoot(page, "queue-empty")


def test_the_queue_of_one_channel_keeps_to_it(page: Page, scene: Scene) -> None:
    other = TelegramChannel.objects.create(username="drugoi", title="Другой канал", basis="own")
    post = TelegramPost.objects.create(channel=other, message_id=1, text="Пост", created_at=scene.now)
    GeneratedComment.objects.filter(pk=scene.comments["draft"][0].pk).update(channel=other, post=post)
    page.goto(reverse(REVIEW))
    page.locator("[data-filter=channel]").select_option(label="Другой канал")
    expect(page.locator("[data-rows] li")).to_have_count(1)
    page.locator("[data-filter=channel]").select_option("")
    expect(page.locator("[data-rows] li")).to_have_count(4)
    page.locator("[data-filter=channel]").select_option(str(scene.comments["draft"][1].channel_id))
    expect(page.locator("[data-rows] li")).to_have_count(3)
    for left in (2, 1):
        page.keyboard.press("a")
        expect(page.locator("span[data-left]")).to_have_text(str(left))
    page.keyboard.press("a")
    expect(page.locator("[data-empty]")).to_be_visible()
    settled(page)
    assert draft(scene, 0).status == "draft", "the other channel's was not touched"


def test_writing_anew_with_a_hint(queue: Page, scene: Scene, settings: Any) -> None:
    TelegramPost.objects.update(summary=None)
    with llm_server() as model:
        settings.LLM_BASE_URL = f"{model.base_url}/v1"
        press(queue, "KeyH")
        queue.locator("#review-hint").fill("короче и с вопросом")
        shoot(queue, "queue-hint")
        queue.keyboard.press("Enter")
        expect(queue.locator("[data-draft]")).not_to_have_text(DRAFTS[0])
    assert draft(scene, 0).text == queue.locator("[data-draft]").inner_text()
    assert draft(scene, 0).status == "draft"


def test_trying_a_voice(page: Page, scene: Scene, settings: Any) -> None:
    TelegramPost.objects.update(summary=None)
    page.goto(reverse("admin:commentators_accountpersonality_preview", args=[scene.voice.pk]))
    with llm_server() as model:
        settings.LLM_BASE_URL = f"{model.base_url}/v1"
        page.locator("#preview-hint").press("Enter")
        expect(page.locator("[data-draft]")).not_to_be_empty()
    shoot(page, "voice-preview")


def test_the_table_of_keys(queue: Page) -> None:
    queue.keyboard.press("Shift+Slash")
    expect(queue.locator("dialog")).to_be_visible()
    shoot(queue, "queue-keys")
    queue.keyboard.press("Escape")
    expect(queue.locator("dialog")).to_be_hidden()


def test_the_queue_in_a_narrow_window(page: Page, scene: Scene) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(reverse(REVIEW))
    expect(page.get_by_role("heading", name="Черновик", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shoot(page, "queue-narrow")
    page.get_by_role("button", name="Одобрить").first.click()
    expect(row(page, scene, 0)).to_have_count(0)
    settled(page)
    assert draft(scene, 0).status == "pending"
