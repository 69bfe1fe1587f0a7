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
        expect(page.locator("[data-part] .rl-post, #result_list").first).to_contain_text(
            "<script>window.broken = 1</script>"
        )
        assert page.evaluate("window.broken") is None
    page.goto(reverse("admin:commentators_telegrampost_change", args=[scene.posts[0].pk]))
    assert page.evaluate("window.broken") is None
    shoot(page, "hostile")
