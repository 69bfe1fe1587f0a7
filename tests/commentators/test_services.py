"""What people decide: queueing, refusing, and saying what was skipped and why."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts_mgmt.outbox import Origin, Status
from commentators import planning, services
from commentators.models import CommentKey, GeneratedComment, TelegramChannel, TelegramPost
from relove.models import Staff, UserActivityLog
from tests.commentators.conftest import NOW, Place

DRAFT = "А какой шаг вы бы посоветовали сделать самым первым?"


def draft(place: Place, post: TelegramPost, number: int = 0, **fields: Any) -> GeneratedComment:
    comment = GeneratedComment(
        post=post,
        channel=place.channel,
        account=place.accounts[number],
        schedule=place.schedules[number],
        sender=place.accounts[number].session,
        chat=place.channel.discussion,
        text=DRAFT,
        drafted_text=DRAFT,
        expires_at=None,
        **fields,
    )
    assert planning.take_place(comment, NOW)
    return comment


def test_it_queues_an_approved_draft_for_its_slot(place: Place, staff: Staff) -> None:
    comment = draft(place, place.post())
    decisions = services.approve([comment.id], staff, NOW)
    assert decisions.done == [comment.id]
    slot = comment.scheduled_at
    comment.refresh_from_db()
    assert (comment.status, comment.approved_by, comment.scheduled_at) == (Status.PENDING, staff, slot)
    assert comment.random_id
    assert CommentKey.objects.get(comment_id=comment.id).random_id == comment.random_id


def test_it_approves_once_and_says_why_not_twice(place: Place, staff: Staff) -> None:
    comment = draft(place, place.post())
    services.approve([comment.id], staff, NOW)
    random_id = GeneratedComment.objects.get().random_id
    decisions = services.approve([comment.id, 999], staff, NOW)
    assert decisions.done == []
    assert [number for number, _reason in decisions.skipped] == [comment.id, 999]
    assert GeneratedComment.objects.get().random_id == random_id


def test_it_moves_a_missed_slot_to_the_next_free_one(place: Place, staff: Staff) -> None:
    comments = [draft(place, place.post(number)) for number in (1, 2, 3)]
    # planned one after another by the same account; a day later all three slots are gone
    late = NOW + timedelta(days=1)
    services.approve([comment.id for comment in comments], staff, late)
    slots = list(GeneratedComment.objects.order_by("scheduled_at").values_list("scheduled_at", flat=True))
    assert all(slot > late for slot in slots)
    assert len(set(slots)) == 3
    assert slots[1] - slots[0] > timedelta(minutes=30)


def test_it_refuses_without_a_posting_basis(place: Place, staff: Staff) -> None:
    comment = draft(place, place.post())
    TelegramChannel.objects.update(basis=TelegramChannel.Basis.NONE)
    ((number, reason),) = services.approve([comment.id], staff, NOW).skipped
    assert number == comment.id
    assert "основания" in reason or "basis" in reason


def test_it_keeps_a_rejected_draft_with_its_reason(place: Place, staff: Staff) -> None:
    comment = draft(place, place.post())
    assert services.reject([comment.id], staff, NOW, "Не по теме").done == [comment.id]
    comment.refresh_from_db()
    assert (comment.status, comment.failed_reason) == (Status.REJECTED, "Не по теме")


def test_it_cancels_only_what_was_surely_not_delivered(place: Place, staff: Staff) -> None:
    sure, unclear = draft(place, place.post(1)), draft(place, place.post(2))
    services.approve([sure.id, unclear.id], staff, NOW)
    GeneratedComment.objects.filter(id=unclear.id).update(first_attempt_at=NOW)
    decisions = services.cancel([sure.id, unclear.id], staff, NOW)
    assert decisions.done == [sure.id]
    assert [number for number, _reason in decisions.skipped] == [unclear.id]


def test_it_retries_a_failed_comment_with_its_old_random_id(place: Place, staff: Staff) -> None:
    comment = draft(place, place.post())
    services.approve([comment.id], staff, NOW)
    random_id = GeneratedComment.objects.get().random_id
    GeneratedComment.objects.update(
        status=Status.FAILED, retry_count=3, next_retry=NOW - timedelta(hours=1), failed_reason="Ошибка"
    )
    assert services.retry([comment.id], staff, NOW).done == [comment.id]
    comment.refresh_from_db()
    assert (comment.status, comment.retry_count, comment.random_id) == (Status.PENDING, 0, random_id)
    assert (comment.scheduled_at, comment.next_retry) == (NOW, None)


def test_it_looks_at_once_for_what_became_of_an_unknown_one(place: Place, staff: Staff) -> None:
    comment = draft(place, place.post())
    GeneratedComment.objects.update(status=Status.UNKNOWN, set_aside=True, crashes=3)
    assert services.check_now([comment.id], staff, NOW).done == [comment.id]
    comment.refresh_from_db()
    assert (comment.set_aside, comment.crashes, comment.next_retry) == (False, 0, NOW)


def test_it_keeps_the_machines_text_beside_an_edit(place: Place, staff: Staff) -> None:
    comment = draft(place, place.post())
    services.edit_text(comment.id, staff, "А что для вас самое трудное в начале пути?")
    comment.refresh_from_db()
    assert (comment.drafted_text, comment.origin) == (DRAFT, Origin.MACHINE_EDITED)
    with pytest.raises(ValidationError):
        services.edit_text(comment.id, staff, "Пишите мне: https://example.org")
    services.approve([comment.id], staff, NOW)
    with pytest.raises(ValidationError):
        services.edit_text(comment.id, staff, "Поздно менять то, что уже в очереди.")


def test_it_plans_one_comment_for_a_slot_and_for_a_post_and_account(place: Place) -> None:
    first, second = draft(place, place.post(1)), draft(place, place.post(2))
    assert first.scheduled_at != second.scheduled_at
    again = GeneratedComment(
        post=first.post,
        channel=place.channel,
        account=place.accounts[0],
        schedule=place.schedules[0],
        sender=place.accounts[0].session,
        text=DRAFT,
    )
    assert not planning.take_place(again, NOW)
    assert GeneratedComment.objects.count() == 2


def test_a_person_says_what_became_of_an_unknown_one(place: Place, staff: Staff) -> None:
    there, missing = draft(place, place.post(1)), draft(place, place.post(2))
    GeneratedComment.objects.update(status=Status.UNKNOWN, set_aside=True, first_attempt_at=NOW, attempted_at=NOW)
    assert services.found_out([there.id], staff, NOW, delivered=True).done == [there.id]
    assert services.found_out([missing.id], staff, NOW, delivered=False).done == [missing.id]
    there.refresh_from_db()
    missing.refresh_from_db()
    assert (there.status, there.sent_at) == (Status.SENT, NOW)
    assert (missing.status, missing.set_aside) == (Status.FAILED, False)
    assert missing.failed_reason


def test_it_refuses_at_approval_what_the_guard_would_hold_back(place: Place, staff: Staff) -> None:
    comment = draft(place, place.post())
    place.accounts[0].session.disclosure_seen_at = None
    place.accounts[0].session.save()
    ((number, reason),) = services.approve([comment.id], staff, NOW).skipped
    assert number == comment.id
    assert reason


def test_it_refuses_an_approval_without_a_free_slot(place: Place, staff: Staff) -> None:
    comment = draft(place, place.post())
    place.schedules[0].days = [9]
    place.schedules[0].save()
    late = NOW + timedelta(days=1)
    assert services.approve([comment.id], staff, late).done == []


def test_it_logs_who_decided(place: Place, staff: Staff) -> None:
    comment = draft(place, place.post())
    services.approve([comment.id], staff, NOW)
    done = UserActivityLog.objects.get(activity_type="approve_comment")
    assert (done.staff, done.subject_id) == (staff, comment.id)


@pytest.mark.parametrize("wrong", [{"time_zone": "Europe/Moskva"}, {"days": [7]}])
def test_a_schedule_names_a_real_zone_and_real_days(place: Place, wrong: dict[str, object]) -> None:
    for name, value in wrong.items():
        setattr(place.schedules[0], name, value)
    with pytest.raises(ValidationError):
        place.schedules[0].full_clean()
