"""Who reads a channel when its interval has passed."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts_mgmt import calls
from accounts_mgmt.models import AccountCall, AccountEntity, TelegramAccountSession
from commentators import monitoring
from commentators.models import TelegramChannel
from relove.db import in_thread
from relove.fields import Sealed
from relove.telegram.gateway import ChatForbidden
from relove.telegram.mtproto import MtprotoGateway
from tests.commentators.conftest import NOW, Place
from tests.commentators.reading import carry_out, play
from tests.relove.gateway_scene import Scene


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


@pytest.mark.parametrize("can", [{}, {"flood_until": NOW}], ids=["", "waited"])
def test_the_listener_reads_where_it_can(can: dict[str, Any], readers: list[int]) -> None:
    if can:
        TelegramAccountSession.objects.filter(id=readers[0]).update(**can)
    assert asked() == readers[:1]
    assert asked() == readers[:1], "one reading at a time is enough"


def read_call(place: Place, account: int) -> calls.Call:
    return calls.Call(1, account, {"channel": place.channel.id})


def test_what_the_listener_may_not_read_its_deputy_is_asked_for(place: Place, readers: list[int]) -> None:
    listener, deputy = readers
    closed = ChatForbidden("CHANNEL_PRIVATE")
    monitoring.unreadable(read_call(place, listener), "read_channel", closed, NOW)
    place.channel.refresh_from_db()
    assert (place.channel.problem, place.channel.problem_since) == ("", None)
    assert AccountCall.objects.get().account_id == deputy
    monitoring.unreadable(read_call(place, deputy), "read_channel", closed, NOW)
    monitoring.unreadable(read_call(place, deputy), "read_channel", closed, NOW + timedelta(hours=1))
    place.channel.refresh_from_db()
    assert place.channel.problem
    assert place.channel.problem_since == NOW, "since the first time"
    assert AccountCall.objects.count() == 1
    monitoring.read(place.channel.id, [], NOW)
    place.channel.refresh_from_db()
    assert (place.channel.problem, place.channel.problem_since) == ("", None)


def test_a_channel_nobody_can_read_says_so_until_somebody_can(place: Place, readers: list[int]) -> None:
    TelegramAccountSession.objects.update(state="signed_out")
    assert asked() == []
    place.channel.refresh_from_db()
    assert "Ни слушающий аккаунт" in place.channel.problem or "Neither" in place.channel.problem
    assert place.channel.problem_since == NOW
    TelegramAccountSession.objects.update(state="active", flood_until=NOW + timedelta(minutes=5))
    monitoring.read(place.channel.id, [], NOW - timedelta(days=1))
    assert asked() == [], "Telegram has asked to wait"
    place.channel.refresh_from_db()
    assert place.channel.problem == "", "waiting for some minutes is no problem to tell a person of"


NAMES = [
    ("@Put_K_Sebe", "put_k_sebe"),
    ("https://t.me/put_k_sebe/15?single", "put_k_sebe"),
    ("t.me/s/put_k_sebe", "put_k_sebe"),
    ("-1002000000001", "c/2000000001"),
    ("2000000001", "c/2000000001"),
    ("https://t.me/c/2000000001/7", "c/2000000001"),
]


@pytest.mark.parametrize(("written", "kept"), NAMES)
def test_a_channel_is_named_as_people_name_it(written: str, kept: str) -> None:
    assert monitoring.normalised(written) == kept


@pytest.mark.parametrize(
    "written", ["", "@ab", "канал", "https://example.org/put_k_sebe", "-5", "t.me/+AbCdEf12345"]
)
def test_what_is_no_name_is_refused_in_a_sentence(written: str) -> None:
    with pytest.raises(ValidationError):
        monitoring.normalised(written)


@pytest.mark.django_db(transaction=True)
def test_a_channel_added_by_its_id_is_shown_with_what_was_found(place: Place, readers: list[int]) -> None:
    TelegramChannel.objects.all().delete()
    with pytest.raises(monitoring.NoAccount):
        monitoring.add_channel("-1002000000001", None, NOW)

    async def act(telegram: Scene, gateway: MtprotoGateway) -> None:
        await gateway.resolve("kanal")
        number = telegram.channel.id
        await in_thread(AccountEntity.objects.create, account_id=readers[1], **entity(number))
        await in_thread(monitoring.add_channel, f"-100{number}", None, timezone.now())
        (call,) = await carry_out(gateway)
        assert call.account_id == readers[1], "the account that has met it"
        assert call.result is not None
        assert (call.result["title"], call.result["about"]) == ("Канал", "О пути")
        assert call.result["comments_open"] is True

    play(place, act)
    channel = TelegramChannel.objects.get()
    assert (channel.username, channel.address) == ("kanal", "@kanal"), "it has a name, after all"
    assert channel.discussion is not None


def entity(number: int) -> dict[str, Any]:
    return {"entity_id": int(f"-100{number}"), "access_hash": 1}
