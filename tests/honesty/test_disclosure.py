"""Disclosure: an account writes by machine only while its profile says so and its owner has agreed."""

from typing import Any

import pytest

from accounts_mgmt import health
from accounts_mgmt.models import AccountSecurityLog, TelegramAccountSession
from accounts_mgmt.outbox import Origin
from commentators import drafting
from relove import texts
from relove.telegram.gateway import Profile
from tests.commentators.conftest import NOW, Place
from tests.commentators.conftest import place as place
from tests.honesty.test_basis import attempt, in_flight

LACKING: list[dict[str, Any]] = [
    {"disclosure": ""},
    {"disclosure_seen_at": None},
    {"owner_consent_at": None},
]


@pytest.mark.parametrize("lacking", LACKING)
def test_no_draft_is_made_for_an_account_that_does_not_disclose(place: Place, lacking: dict[str, Any]) -> None:
    assert drafting.find_setting(place.post(), NOW)
    TelegramAccountSession.objects.update(**lacking)
    assert drafting.find_setting(place.post(2), NOW) is None


@pytest.mark.parametrize("lacking", LACKING)
@pytest.mark.parametrize("origin", [Origin.MACHINE, Origin.MACHINE_EDITED])
def test_nothing_written_by_machine_leaves_without_disclosure(
    place: Place, origin: Origin, lacking: dict[str, Any]
) -> None:
    comment = in_flight(place, origin=origin)
    assert attempt(comment) == [comment.id]
    TelegramAccountSession.objects.update(**lacking)
    assert attempt(comment) == []


def test_a_person_may_write_by_hand_without_it(place: Place) -> None:
    comment = in_flight(place, origin=Origin.PERSON)
    TelegramAccountSession.objects.update(disclosure="", disclosure_seen_at=None, owner_consent_at=None)
    assert attempt(comment) == [comment.id]


def test_a_profile_that_loses_the_disclosure_stops_the_account(place: Place) -> None:
    account = place.accounts[0].session
    health.saw_profile(account.id, Profile(1, "anna", "Анна", "", "", "Просто люблю чай"))
    account.refresh_from_db()
    assert not account.discloses
    event = AccountSecurityLog.objects.get(account=account, event=AccountSecurityLog.Event.DISCLOSURE)
    assert event.details == {"shown": False}
    health.saw_profile(account.id, Profile(1, "anna", "Анна", "", "", f"Люблю чай. {account.disclosure}"))
    account.refresh_from_db()
    assert account.discloses


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_disclosure_fits_a_profile_and_says_who_and_what(language: str) -> None:
    text = texts.get("disclosure.profile", language, owner="reLove")
    assert len(text.encode("utf-16-le")) // 2 <= 70
    assert "reLove" in text
    assert "ИИ" in text or "AI" in text
