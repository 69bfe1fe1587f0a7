"""The review queue as a person works through it."""

from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from commentators.models import GeneratedComment
from tests.admin_scene import Scene
from tests.browser.conftest import shoot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOSTILE = '<script>window.broken = 1</script><img src=x onerror="window.broken = 1"> \u202eобратно\u202c {{ 7*7 }}'


@pytest.fixture
def queue(page: Page, scene: Scene) -> Page:
    page.goto(reverse("admin:commentators_generatedcomment_review"))
    return page


def states(scene: Scene) -> list[str]:
    ids = [comment.pk for comment in scene.comments["draft"]]
    return [GeneratedComment.objects.get(pk=number).status for number in ids]


def test_picture_of_the_queue(queue: Page) -> None:
    expect(queue.get_by_role("heading", name="Черновик")).to_be_visible()
    shoot(queue, "queue")
    target = Path(settings.BASE_DIR) / "docs" / "screenshots" / "queue.png"

    assert target.exists(), "docs/screenshots/queue.png is a copy of test-results/queue.png"


def test_approving_by_key_moves_on_to_the_next(queue: Page, scene: Scene) -> None:
    # the Russian layout sends another letter with the same code
    queue.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'ф', code: 'KeyA', bubbles: true}))"
    )

    expect(queue.get_by_text("Одобрено: 1.")).to_be_visible()
    expect(queue.get_by_role("heading", name="Осталось: 3")).to_be_visible()
    assert states(scene) == ["pending", "draft", "draft", "draft"]


def test_rejecting_needs_a_reason_and_keeps_it(queue: Page, scene: Scene) -> None:
    queue.keyboard.press("r")
    queue.keyboard.press("2")
    shoot(queue, "queue-reject")
    queue.keyboard.press("Enter")

    expect(queue.get_by_text("Отклонено: 1.")).to_be_visible()
    scene.comments["draft"][0].refresh_from_db()
    assert scene.comments["draft"][0].failed_reason == "Не тот тон"


def test_editing_in_place_and_approving(queue: Page, scene: Scene) -> None:
    text = "Про роль спасателя откликнулось: как отличить заботу от желания спасти другого?"
    queue.keyboard.press("e")
    queue.get_by_label("Текст комментария").fill(text)
    shoot(queue, "queue-edit")
    queue.keyboard.press("Control+Enter")

    expect(queue.get_by_text("Одобрено: 1.")).to_be_visible()
    comment = scene.comments["draft"][0]
    comment.refresh_from_db()
    assert (comment.text, comment.status, comment.origin) == (text, "pending", "machine_edited")


def test_walking_by_keys(queue: Page, scene: Scene) -> None:
    second = scene.comments["draft"][1].pk

    queue.keyboard.press("j")
    expect(queue.locator(".rl-current a")).to_have_attribute("href", f"?id={second}")
    queue.keyboard.press("k")
    expect(queue.locator(".rl-current a")).to_have_attribute("href", f"?id={scene.comments['draft'][0].pk}")


def test_bulk_approval_names_the_number_before_and_after(queue: Page, scene: Scene) -> None:
    queue.get_by_label("все на экране").check()
    expect(queue.get_by_text("Выбрано: 4")).to_be_visible()
    queue.locator("[data-bulk]").get_by_role("button", name="Одобрить").click()

    expect(queue.get_by_role("heading", name="Одобрить комментарии: 4").last).to_be_visible()
    shoot(queue, "confirm")
    queue.get_by_role("button", name="Одобрить").click()

    expect(queue.get_by_text("Одобрено: 4.")).to_be_visible()
    expect(queue.get_by_text("Очередь пуста")).to_be_visible()
    shoot(queue, "queue-empty")
    assert states(scene) == ["pending"] * 4


def test_hostile_text_is_shown_and_never_run(page: Page, scene: Scene) -> None:
    scene.posts[0].text = HOSTILE
    scene.posts[0].save()
    GeneratedComment.objects.filter(pk=scene.comments["draft"][0].pk).update(text=HOSTILE)
    scene.channel.title = HOSTILE
    scene.channel.save()

    for name in ("commentators_generatedcomment_review", "commentators_telegrampost_changelist"):
        page.goto(reverse(f"admin:{name}"))
        expect(page.locator("#content")).to_contain_text("<script>window.broken = 1</script>")
        assert page.evaluate("window.broken") is None
    page.goto(reverse("admin:commentators_telegrampost_change", args=[scene.posts[0].pk]))
    assert page.evaluate("window.broken") is None
    shoot(page, "hostile")
