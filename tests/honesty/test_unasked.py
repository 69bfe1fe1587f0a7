"""What we say into a silence: twice a day at most over all accounts, by the person's day, never after a stop."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, transaction
from django.utils import timezone

from accounts_mgmt.models import Contact, TelegramAccountSession
from accounts_mgmt.private.guards import NUDGES_A_DAY
from relove import zones
from relove.models import TelegramUser
from sales.models import ConversationMessage
from tests.commentators.conftest import commentator
from tests.commentators.test_direct import attempt, delivered
from tests.honesty.test_contact import out


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return commentator(1).session


def zone_where_it_is(hour: int) -> str:
    """A zone whose clock shows this hour now; the signs of Etc/GMT are turned round."""
    offset = (hour - timezone.now().hour + 11) % 24 - 11
    return f"Etc/GMT{-offset:+d}"


def by_day(account: TelegramAccountSession, hour: int = 12) -> None:
    """The person has agreed to be written to, and it is this hour where they are."""
    row = out(account)
    row.delete()
    TelegramUser.objects.update(zone=zone_where_it_is(hour))
    Contact.objects.update(consent_at=timezone.now())


@pytest.mark.parametrize(("hour", "leaves"), [(7, False), (8, True), (21, True), (22, False), (3, False)])
def test_it_leaves_by_day_where_the_person_is(account: TelegramAccountSession, hour: int, leaves: bool) -> None:
    by_day(account, hour)
    user = TelegramUser.objects.get()

    assert attempt(out(account, purpose="nudge")) is leaves
    assert zones.is_day(user.zone, timezone.now()) is leaves
    assert attempt(out(account)), "an answer knows no hours"


def test_two_a_day_over_all_accounts_even_where_the_person_answers(account: TelegramAccountSession) -> None:
    by_day(account)
    other = commentator(2).session
    for sender in (account, other)[:NUDGES_A_DAY]:
        Contact.objects.update(account=sender)
        row = out(sender, purpose="nudge")
        assert attempt(row)
        delivered(row)
        Contact.objects.update(wrote_at=timezone.now())

    assert not attempt(out(other, purpose="nudge"))
    assert attempt(out(other)), "an answer is not unasked"
    type(row).objects.update(attempted_at=timezone.now() - timedelta(hours=25))
    assert attempt(out(other, purpose="nudge"))


def test_never_after_a_stop(account: TelegramAccountSession) -> None:
    by_day(account)
    Contact.objects.update(stopped_at=timezone.now())

    assert not attempt(out(account, purpose="nudge"))


def test_a_zone_nobody_knows_is_refused_by_forms_and_by_the_database(account: TelegramAccountSession) -> None:
    by_day(account)
    user = TelegramUser.objects.get()
    user.zone = "Луна/Море"

    with pytest.raises(ValidationError):
        user.full_clean()
    with pytest.raises(DataError), transaction.atomic():
        user.save()
    assert not ConversationMessage.objects.exists()
