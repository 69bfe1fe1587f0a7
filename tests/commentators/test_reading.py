"""Who reads a channel when its interval has passed."""

from datetime import timedelta
from typing import Any

import pytest

from accounts_mgmt.models import AccountCall, TelegramAccountSession
from commentators import monitoring
from relove.fields import Sealed
from tests.commentators.conftest import NOW, Place


@pytest.fixture
def readers(place: Place) -> list[int]:
    """The listening account and its deputy, both able to read."""
    ids = [account.session_id for account in place.accounts]
    TelegramAccountSession.objects.update(session=Sealed.seal("session", "x"))
    place.channel.listener_id, place.channel.deputy_id = ids
    place.channel.save()
    return ids


def asked() -> list[int]:
    monitoring.ask_due(NOW)
    return list(AccountCall.objects.filter(kind="read_channel").values_list("account_id", flat=True))


@pytest.mark.parametrize(
    "cannot",
    [{"state": "limited"}, {"session": None}, {"flood_until": NOW + timedelta(seconds=1)}],
    ids=["limited", "signed out", "told to wait"],
)
def test_where_the_listener_cannot_read_its_deputy_does(cannot: dict[str, Any], readers: list[int]) -> None:
    listener, deputy = readers
    TelegramAccountSession.objects.filter(id=listener).update(**cannot)
    assert asked() == [deputy]
    AccountCall.objects.all().delete()
    TelegramAccountSession.objects.filter(id=deputy).update(**cannot)
    assert asked() == []


@pytest.mark.parametrize(
    "can", [{}, {"flood_until": NOW}, {"paused_until": NOW + timedelta(hours=1)}], ids=["", "waited", "paused"]
)
def test_the_listener_reads_where_it_can(can: dict[str, Any], readers: list[int]) -> None:
    if can:
        TelegramAccountSession.objects.filter(id=readers[0]).update(**can)
    assert asked() == readers[:1]
    assert asked() == readers[:1], "one reading at a time is enough"
