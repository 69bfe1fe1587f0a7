"""A comment written by a person from nothing: queued for a slot, checked, once under a post."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts_mgmt.outbox import Origin, Status
from commentators import by_hand
from commentators.models import GeneratedComment, TelegramPost
from relove.models import Staff
from tests.commentators.conftest import Place

TEXT = "А с какого маленького шага можно начать, если важное откладывается уже давно?"


def test_it_is_queued_for_a_slot_and_the_machine_drafts_no_more(place: Place, staff: Staff) -> None:
    now = timezone.now()
    post = place.post(stage="summarised", created_at=now)
    comment = by_hand.write(post, place.schedules[1], f" {TEXT} ", staff, now)
    assert (comment.text, comment.origin) == (TEXT, Origin.PERSON)
    stored = GeneratedComment.objects.get()
    assert (stored.status, stored.approved_by, stored.drafted_text) == (Status.PENDING, staff, "")
    assert stored.scheduled_at is not None
    assert stored.scheduled_at > now
    assert TelegramPost.objects.get().stage == "drafted"
    with pytest.raises(ValidationError):
        by_hand.write(post, place.schedules[0], TEXT, staff, now)


def test_a_text_the_checks_refuse_leaves_nothing_behind(place: Place, staff: Staff) -> None:
    now = timezone.now()
    post = place.post(stage="summarised", created_at=now)
    with pytest.raises(ValidationError):
        by_hand.write(post, place.schedules[0], "https://example.org", staff, now)
    assert not GeneratedComment.objects.exists()
    assert TelegramPost.objects.get().stage == "summarised"


def test_the_page_says_why_nobody_may_write(place: Place, client: Client) -> None:
    client.force_login(Staff.objects.create_superuser("anna", password=None))
    fresh = place.post(1, created_at=timezone.now())
    old = place.post(2, created_at=timezone.now() - timedelta(days=30))
    name = "admin:commentators_telegrampost_write_comment"
    shown = client.get(reverse(name, args=[fresh.pk])).content.decode()
    assert 'name="text"' in shown
    assert 'name="text"' not in client.get(reverse(name, args=[old.pk])).content.decode()
    answer = client.post(reverse(name, args=[fresh.pk]), {"schedule": place.schedules[0].pk, "text": TEXT})
    assert answer.status_code == 302
    assert GeneratedComment.objects.get().text == TEXT
