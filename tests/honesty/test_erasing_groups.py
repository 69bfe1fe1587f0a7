"""Erasing somebody who was in a study group: their words, their answers, and what Telegram was asked for them."""

import pytest
from django.utils import timezone

from accounts_mgmt import calls
from accounts_mgmt.models import AccountCall
from accounts_mgmt.outbox import Status
from education import building, services
from education.models import EducationGroup, GroupMessage, GroupPartner
from relove import erasure
from relove.models import TelegramUser
from tests.honesty import test_erasure
from tests.honesty.test_erasure import _state as _state
from tests.honesty.test_study_groups import group as group
from tests.honesty.test_study_groups import hears

pytestmark = pytest.mark.django_db
NAME, WORDS = "Канарейкина", "тайна-кенара"


@pytest.fixture
def ended(group: EducationGroup, monkeypatch: pytest.MonkeyPatch) -> EducationGroup:
    """The client has a name of their own, has spoken, and stands in the calls that made the group."""
    now = timezone.now()
    monkeypatch.setattr(test_erasure, "TRACES", [NAME, WORDS])
    TelegramUser.objects.filter(pk=group.user_id).update(first_name=NAME, username="")
    group.refresh_from_db()
    group.title, group.knows = f"Практика: {NAME}", {"желание": WORDS}
    group.save()
    for step in (EducationGroup.Step.CREATE, EducationGroup.Step.DRESS):
        group.step = step
        kind, account, arguments = building._wish(group)
        calls.ask(account, kind, arguments, now=now)
    AccountCall.objects.update(state="done")
    hears(group, WORDS)
    services.end(group.pk, now)
    GroupMessage.objects.filter(status=Status.PENDING).update(status=Status.SENT, sent_at=now)
    found: EducationGroup = EducationGroup.objects.get()
    return found


def test_nothing_of_the_client_is_found_afterwards(ended: EducationGroup) -> None:
    assert {"education_groups", "group_messages", "account_calls"} <= test_erasure.traces().keys()
    erasure.erase(ended.user, timezone.now())

    assert test_erasure.traces() == {}
    assert not GroupMessage.objects.exists()
    assert not GroupPartner.objects.exists()


def test_what_is_on_its_way_and_a_group_that_goes_on_come_first(ended: EducationGroup) -> None:
    GroupMessage.objects.filter(purpose="summary").update(status=Status.UNKNOWN)
    with pytest.raises(erasure.NotYet):
        erasure.erase(ended.user, timezone.now())
    GroupMessage.objects.update(status=Status.SENT)
    EducationGroup.objects.update(state="running")
    with pytest.raises(erasure.NotYet):
        erasure.erase(ended.user, timezone.now())
    assert test_erasure.traces() != {}
