"""The review queue's services: putting off, taking back, locks, edits, and moving a slot."""

from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError

from accounts_mgmt.outbox import Origin, Status
from commentators import locks, planning, services
from commentators.models import CommentatorAccount, CommentKey, GeneratedComment
from commentators.review import pace
from relove.models import Staff, UserActivityLog
from tests.commentators.conftest import NOW, Place
from tests.commentators.test_services import DRAFT, draft

EDITED = "А если начать с самого маленького шага: какой он у каждого свой?"


@pytest.fixture
def other(db: None) -> Staff:
    member: Staff = Staff.objects.create_user("ivan", first_name="Иван", last_name="Петров")
    return member


@pytest.fixture
def comment(place: Place) -> GeneratedComment:
    row = draft(place, place.post())
    cache.clear()
    return row


def fresh(comment: GeneratedComment) -> GeneratedComment:
    found: GeneratedComment = GeneratedComment.objects.get(id=comment.id)
    return found


def refused(decisions: services.Decisions) -> str:
    assert decisions.done == []
    ((_number, reason),) = decisions.skipped
    return reason


def test_a_draft_put_off_comes_back_in_its_time(comment: GeneratedComment, staff: Staff) -> None:
    until = NOW + timedelta(hours=1)
    assert services.snooze([comment.id], staff, NOW, until).done == [comment.id]
    assert not GeneratedComment.objects.waiting(until - timedelta(seconds=1)).exists()
    assert GeneratedComment.objects.waiting(until).get() == comment


def test_nothing_is_put_off_beyond_its_end(comment: GeneratedComment, staff: Staff) -> None:
    GeneratedComment.objects.update(expires_at=NOW + timedelta(hours=1))
    refused(services.snooze([comment.id], staff, NOW, NOW + timedelta(hours=1)))
    assert fresh(comment).snoozed_until is None


@pytest.mark.parametrize("decision", ["approve", "reject", "snooze"])
def test_every_decision_can_be_taken_back(decision: str, comment: GeneratedComment, staff: Staff) -> None:
    if decision == "approve":
        services.approve([comment.id], staff, NOW)
    elif decision == "reject":
        services.reject([comment.id], staff, NOW, "Не по теме")
    else:
        services.snooze([comment.id], staff, NOW, NOW + timedelta(hours=1))
    assert not GeneratedComment.objects.waiting(NOW).exists()
    assert services.undo([comment.id], staff, NOW).done == [comment.id]
    row = fresh(comment)
    assert (row.status, row.approved_by, row.failed_reason, row.snoozed_until) == (Status.DRAFT, None, "", None)


def test_a_repeated_approval_keeps_the_random_id(comment: GeneratedComment, staff: Staff) -> None:
    services.approve([comment.id], staff, NOW)
    random_id = fresh(comment).random_id
    services.undo([comment.id], staff, NOW)
    services.approve([comment.id], staff, NOW)
    assert fresh(comment).random_id == random_id


@pytest.mark.parametrize(
    "fields",
    [
        {"status": Status.SENDING},
        {"status": Status.SENT},
        {"scheduled_at": NOW},
        {"attempted_at": NOW},
    ],
    ids=["claimed", "sent", "due", "attempted"],
)
def test_what_may_be_under_way_is_not_taken_back(
    fields: dict[str, object], comment: GeneratedComment, staff: Staff
) -> None:
    services.approve([comment.id], staff, NOW)
    GeneratedComment.objects.update(**fields)
    before = fresh(comment).status
    refused(services.undo([comment.id], staff, NOW))
    assert fresh(comment).status == before


def test_nobody_takes_back_what_another_decided(comment: GeneratedComment, staff: Staff, other: Staff) -> None:
    services.approve([comment.id], staff, NOW)
    refused(services.undo([comment.id], other, NOW))
    assert fresh(comment).status == Status.PENDING


def test_a_lock_keeps_others_from_deciding(comment: GeneratedComment, staff: Staff, other: Staff) -> None:
    assert locks.take(comment.id, other) == locks.Lock(True)
    assert locks.take(comment.id, staff) == locks.Lock(False, "Иван Петров")
    later = NOW + timedelta(hours=1)
    for decisions in (
        services.approve([comment.id], staff, NOW),
        services.reject([comment.id], staff, NOW, "Не по теме"),
        services.snooze([comment.id], staff, NOW, later),
    ):
        assert "Иван Петров" in refused(decisions)
    with pytest.raises(ValidationError, match="Иван Петров"):
        services.edit_text(comment.id, staff, EDITED)
    assert fresh(comment).text == DRAFT
    assert services.approve([comment.id], other, NOW).done == [comment.id]


def test_a_lock_is_renewed_and_let_go_by_its_holder_alone(
    comment: GeneratedComment, staff: Staff, other: Staff
) -> None:
    locks.take(comment.id, other)
    assert locks.take(comment.id, other).acquired
    locks.release(comment.id, staff)
    assert not locks.take(comment.id, staff).acquired
    locks.release(comment.id, other)
    assert locks.take(comment.id, staff).acquired


def test_a_lock_ends_by_itself(comment: GeneratedComment, other: Staff) -> None:
    locks.take(comment.id, other)
    key = f"relove:review:lock:{comment.id}"
    assert cache.touch(key, 0)
    assert locks.held_by_others([comment.id], Staff(pk=0)) == {}


def test_an_edit_keeps_before_and_after(comment: GeneratedComment, staff: Staff) -> None:
    services.edit_text(comment.id, staff, EDITED)
    row = fresh(comment)
    assert (row.text, row.drafted_text, row.origin) == (EDITED, DRAFT, Origin.MACHINE_EDITED)
    assert UserActivityLog.objects.get(activity_type="edit_comment").details == {"before": DRAFT, "after": EDITED}


def test_an_edit_is_compared_with_what_stands_under_the_post(place: Place, staff: Staff) -> None:
    post = place.post()
    first, second = draft(place, post, 0), draft(place, post, 1, affiliation="команда")
    services.edit_text(first.id, staff, EDITED)
    with pytest.raises(ValidationError):
        services.edit_text(second.id, staff, f"{EDITED} команда")


def slot_of(comment: GeneratedComment) -> datetime | None:
    return CommentKey.objects.get(comment_id=comment.id).slot_utc


def test_moving_within_the_day_keeps_the_slot(comment: GeneratedComment, staff: Staff) -> None:
    slot, planned = slot_of(comment), fresh(comment).scheduled_at
    after = planned + timedelta(minutes=15)
    # given back by a guard before: that time must not go before the new plan
    GeneratedComment.objects.update(next_retry=planned)
    services.move(comment.id, staff, planned, after, NOW)
    assert (fresh(comment).scheduled_at, fresh(comment).next_retry) == (after, None)
    assert slot_of(comment) == slot


def test_moving_to_another_day_takes_a_slot_there(comment: GeneratedComment, staff: Staff) -> None:
    planned = fresh(comment).scheduled_at
    after = planned + timedelta(days=1)
    services.move(comment.id, staff, planned, after, NOW)
    slot = slot_of(comment)
    assert slot is not None
    assert abs(slot - after) < timedelta(hours=3)
    # the slot it had is the account's next free one again
    others = CommentatorAccount.objects.exclude(id=comment.account_id).values_list("id", flat=True)
    assert planning.find_place(comment.post, NOW, besides=list(others)).slot == planned


def test_a_full_day_takes_no_more(place: Place, staff: Staff) -> None:
    place.schedules[0].comments_per_day = 1
    place.schedules[0].save()
    first, second = draft(place, place.post(1)), draft(place, place.post(2))
    with pytest.raises(ValidationError):
        services.move(first.id, staff, first.scheduled_at, second.scheduled_at + timedelta(minutes=5), NOW)
    assert fresh(first).scheduled_at == first.scheduled_at
    assert slot_of(first) == first.scheduled_at


@pytest.mark.parametrize(
    ("seen", "after"),
    [
        (timedelta(minutes=1), timedelta(hours=1)),
        (timedelta(0), -timedelta(days=30)),
        (timedelta(0), timedelta(days=3)),
    ],
    ids=["moved meanwhile", "past", "too late"],
)
def test_it_refuses_to_move(seen: timedelta, after: timedelta, comment: GeneratedComment, staff: Staff) -> None:
    GeneratedComment.objects.update(expires_at=NOW + timedelta(hours=48))
    planned = fresh(comment).scheduled_at
    with pytest.raises(ValidationError):
        services.move(comment.id, staff, planned + seen, planned + after, NOW)
    assert fresh(comment).scheduled_at == planned


def test_what_is_being_sent_stays(comment: GeneratedComment, staff: Staff) -> None:
    GeneratedComment.objects.update(status=Status.SENDING)
    planned = fresh(comment).scheduled_at
    with pytest.raises(ValidationError):
        services.move(comment.id, staff, planned, planned + timedelta(hours=1), NOW)


@pytest.mark.parametrize(("count", "minutes", "expected"), [(2, 1, 0), (10, 1, 600), (30, 15, 120)])
def test_the_pace_is_that_of_the_last_decisions(count: int, minutes: int, expected: int) -> None:
    assert pace(count, NOW - timedelta(minutes=minutes), NOW) == expected
    assert pace(0, None, NOW) == 0
