"""Posting basis: without one a channel is read and shown, never commented."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts_mgmt.claims import statements
from accounts_mgmt.outbox import Status
from commentators import drafting, planning
from commentators.models import GeneratedComment, TelegramChannel
from tests.commentators.conftest import NOW, TEXT, Place
from tests.commentators.conftest import place as place

Basis = TelegramChannel.Basis


@pytest.mark.parametrize(("basis", "allowed"), [(Basis.NONE, False), (Basis.OWN, True), (Basis.AGREED, True)])
def test_a_post_gets_a_draft_only_where_there_is_a_basis(place: Place, basis: Basis, allowed: bool) -> None:
    place.channel.basis = basis
    place.channel.save()
    reason = drafting.why_not(place.post(), NOW)
    assert bool(reason) is not allowed


@pytest.mark.parametrize(("basis", "allowed"), [(Basis.NONE, False), (Basis.OWN, True), (Basis.AGREED, True)])
def test_the_send_guard_asks_again_at_the_last_moment(place: Place, basis: Basis, allowed: bool) -> None:
    comment = in_flight(place)
    # agreed when it was approved, withdrawn since
    TelegramChannel.objects.update(basis=basis)
    assert attempt(comment) == ([comment.id] if allowed else [])


def test_a_channels_agreement_names_who_agreed_and_when(place: Place) -> None:
    place.channel.basis = Basis.AGREED
    with pytest.raises(ValidationError):
        place.channel.full_clean()
    place.channel.basis_by, place.channel.basis_at = "Мария, владелица канала", NOW.date()
    place.channel.full_clean()


def test_sending_without_approval_needs_a_reason(place: Place) -> None:
    place.channel.auto_approve = True
    with pytest.raises(ValidationError):
        place.channel.full_clean()


def in_flight(place: Place, **fields: Any) -> GeneratedComment:
    """A comment in a runner's hands, about to be sent."""
    comment = GeneratedComment(
        post=place.post(),
        channel=place.channel,
        account=place.accounts[0],
        schedule=place.schedules[0],
        sender=place.accounts[0].session,
        chat=place.channel.discussion,
        text=TEXT,
        **fields,
    )
    assert planning.take_place(comment, NOW)
    comment.queue(NOW)
    comment.status, comment.claimed_by = Status.SENDING, 5
    comment.save()
    return comment


def attempt(comment: GeneratedComment) -> list[int]:
    """What the statement just before the request lets through."""
    sql = statements(GeneratedComment)
    ids, times = [comment.id], [comment.created_at]
    with connection.cursor() as cursor:
        cursor.execute(sql.attempt, [ids, times, [comment.claimed_by], *sql.attempt_params])
        return [row[0] for row in cursor.fetchall()]
