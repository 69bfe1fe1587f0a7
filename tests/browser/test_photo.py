"""A picture for a comment, chosen in the review queue and shown beside the draft."""

import io

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from commentators.admin import review
from commentators.models import CommentPhoto, PostThumbnail
from tests.admin_scene import Scene
from tests.browser.conftest import shoot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 213), "teal").save(out, "JPEG")
    return out.getvalue()


def test_a_picture_is_chosen_in_the_queue_and_left_out_again(page: Page, scene: Scene) -> None:
    draft = scene.comments["draft"][0]
    draft.post.media_urls = [
        {"kind": "photo", "message_id": n, "url": f"https://t.me/relove_daily/{n}"} for n in (1, 2)
    ]
    draft.post.save()
    for number in (1, 2):
        PostThumbnail.objects.create(post=draft.post, message_id=number, image=jpeg(), width=320, height=213)
    photo = CommentPhoto.objects.create(image=jpeg(), width=320, height=213, description="Тропа в лесу")
    page.goto(review.url(draft.pk))
    expect(page.locator(".rl-media img")).to_have_count(2)
    page.locator("[data-photo]").select_option(label="Тропа в лесу")
    expect(page.locator(".rl-draft > img")).to_be_visible()
    draft.refresh_from_db()
    assert draft.photo == photo
    shoot(page, "photo-chosen")
    page.locator("[data-photo]").select_option(index=0)
    expect(page.locator(".rl-draft > img")).to_have_count(0)
    draft.refresh_from_db()
    assert draft.photo is None
