"""Health through the sandbox's faults: what stops an account, what slows it down, and that nobody stands in."""

import asyncio
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from PIL import Image

from accounts_mgmt import health, limits, profiles, trends
from accounts_mgmt.models import (
    AccountCall,
    AccountChatHold,
    AccountPhoto,
    AccountSecurityLog,
    Alert,
    TelegramAccountSession,
)
from accounts_mgmt.trends import Wait
from commentators.models import GeneratedComment
from relove.models import Staff
from relove.sandbox.client import SandboxClient
from relove.telegram.mtproto import MtprotoGateway
from relove.telegram.session import SessionData
from tests.accounts_mgmt.scene import Scene
from tests.live import running_runner, wait_for
from tests.relove.gateway_scene import MemoryStore

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
Event, State = AccountSecurityLog.Event, TelegramAccountSession.State

# --- the rule -----------------------------------------------------------------------------------------


def waits(*pairs: tuple[float, float]) -> list[Wait]:
    """(hours ago, seconds) of each."""
    return [Wait(NOW - timedelta(hours=hours), seconds) for hours, seconds in pairs]


@pytest.mark.parametrize(
    ("history", "slow"),
    [
        ([], False),
        (waits((3, 10), (2, 20)), False),
        (waits((3, 10), (2, 20), (1, 40)), True),
        (waits((1, 40), (3, 10), (2, 20)), True),
        (waits((4, 90), (3, 10), (2, 20), (1, 40)), True),
        (waits((3, 10), (2, 20), (1, 20)), False),
        (waits((3, 40), (2, 20), (1, 10)), False),
        (waits((25, 10), (2, 20), (1, 40)), False),
    ],
)
def test_three_ever_longer_waits_in_a_day_slow_an_account_down(history: list[Wait], slow: bool) -> None:
    assert trends.grow(history, NOW) is slow


def test_answers_that_cross_are_one_wait() -> None:
    begin = NOW - timedelta(hours=1)
    crossing = [Wait(begin + timedelta(seconds=n), 60 + n) for n in range(4)]
    assert trends.separate(crossing) == [Wait(begin, 66)]
    assert not trends.grow(crossing, NOW)
    next_one = Wait(begin + timedelta(seconds=66), 5)
    assert trends.separate([*crossing, next_one]) == [Wait(begin, 66), next_one]


def test_a_calm_day_gives_the_pace_back() -> None:
    slowed_at = NOW - timedelta(hours=20)
    assert trends.calm_from(slowed_at, []) == NOW + timedelta(hours=4)
    assert trends.calm_from(slowed_at, waits((1, 3600))) == NOW + timedelta(hours=24)


def test_a_slowed_account_has_half_as_many_a_minute_and_the_chat_as_many_as_ever(settings: Any) -> None:
    def counts(*, slowed: bool) -> dict[str, int]:
        return {limit.key: limit.count for limit in limits.pace(1, 2, slowed=slowed)}

    full, half = counts(slowed=False), counts(slowed=True)
    assert full.keys() == half.keys(), "what was sent before counts on"
    assert {key: full[key] - half[key] for key in full if full[key] != half[key]} == {"account:1:chat:2:60": 10}


def test_the_full_pace_comes_back_by_itself(db: None) -> None:
    now = timezone.now()
    rows = [
        TelegramAccountSession.objects.create(label=label, role="main", slowed_at=now - timedelta(hours=hours))
        for label, hours in (("давно", 25), ("недавно", 2), ("снова", 25))
    ]
    health.log_event(rows[2].pk, Event.FLOOD, code="FLOOD_WAIT", seconds=5)
    health.log_event(rows[0].pk, Event.FLOOD, code="SLOWMODE_WAIT", seconds=5, chat=1)
    assert health.quicken(now) == 1
    assert TelegramAccountSession.objects.get(slowed_at=None) == rows[0]
    assert AccountSecurityLog.objects.get(event=Event.CALM).account == rows[0]


# --- through the sandbox --------------------------------------------------------------------------------

STOPPING = {
    "PEER_FLOOD": (State.LIMITED, Event.PEER_FLOOD),
    "SESSION_REVOKED": (State.SIGNED_OUT, Event.REVOKED),
    "AUTH_KEY_DUPLICATED": (State.SIGNED_OUT, Event.DUPLICATED),
    "USER_DEACTIVATED_BAN": (State.BANNED, Event.BANNED),
}


def test_every_state_is_reached_and_nobody_stands_in(scene: Scene, settings: Any) -> None:
    settings.PACE_PER_SECOND, settings.LEASE_SECONDS = 1000, 2.0
    sessions = [account.session for account in scene.accounts]
    stopped, in_chat, slowed = sessions[:4], sessions[4], sessions[5]
    for session, fault in zip(stopped, STOPPING, strict=True):
        scene.client.add_fault(fault, account=session.telegram_user_id, method="messages.SendMessage", times=1)
    scene.client.add_fault(
        "SLOWMODE_WAIT_900", account=in_chat.telegram_user_id, method="messages.SendMessage", times=1
    )
    for seconds in (1, 2, 3):
        scene.client.add_fault(
            f"FLOOD_WAIT_{seconds}",
            account=slowed.telegram_user_id,
            method="messages.SendMessage",
            times=1,
        )
    ids = scene.queue(posts=1)
    with running_runner():
        for session, (state, _event) in zip(stopped, STOPPING.values(), strict=True):
            rows = TelegramAccountSession.objects.filter(pk=session.pk, state=state)
            wait_for(rows.exists, f"{session} is {state}")
        wait_for(AccountChatHold.objects.filter(account=in_chat).exists, "slow mode holds the chat")
        own = GeneratedComment.objects.filter(sender=slowed, status="sent")
        wait_for(own.exists, "the slowed account sends all the same", 40)
    slowed.refresh_from_db()
    in_chat.refresh_from_db()
    assert slowed.slowed_at
    assert AccountSecurityLog.objects.filter(account=slowed, event=Event.SLOWED).count() == 1
    assert (in_chat.state, in_chat.flood_until, in_chat.slowed_at) == (State.ACTIVE, None, None)
    assert [entry["account"] for entry in scene.accepted()] == [slowed.telegram_user_id]
    left = GeneratedComment.objects.filter(id__in=ids).exclude(sender=slowed)
    assert set(left.values_list("status", "retry_count")) == {("pending", 0)}
    assert {row.sender_id for row in left} == {session.pk for session in sessions[:5]}
    keys = {f"account:{one.pk}:{event}" for one, (_s, event) in zip(stopped, STOPPING.values(), strict=True)}
    assert keys | {f"account:{slowed.pk}:slowed"} == set(Alert.objects.values_list("key", flat=True))
    assert Alert.objects.to_mail().count() == 5, "nobody is linked: by e-mail"


def elsewhere(client: SandboxClient, account: TelegramAccountSession) -> MtprotoGateway:
    """The account's owner at another device."""
    key = bytes.fromhex(client.session(account.telegram_user_id or 0, 1)["auth_key"])
    return MtprotoGateway(SessionData(key, 2, "127.0.0.1", 1), MemoryStore(key))


async def with_owner(gateway: MtprotoGateway, act: str, **fields: Any) -> Any:
    await gateway.connect(None)
    try:
        return await getattr(gateway, act)(**fields)
    finally:
        await gateway.disconnect()


def test_a_disclosure_that_is_gone_is_found_within_a_day_and_stops_the_account(scene: Scene) -> None:
    account = scene.accounts[0].session
    others = TelegramAccountSession.objects.exclude(pk=account.pk)
    others.update(state=State.DISABLED)
    with running_runner():
        read = TelegramAccountSession.objects.filter(pk=account.pk).exclude(profile_read_at=None)
        wait_for(read.exists, "the profile is read when the account connects")
        assert profiles.read_daily(timezone.now()) == 0, "read today already"
        asyncio.run(with_owner(elsewhere(scene.client, account), "set_profile", bio="Просто Анна"))
        assert profiles.read_daily(timezone.now() + timedelta(hours=25)) == 1
        assert profiles.read_daily(timezone.now() + timedelta(hours=25)) <= 1
        wait_for(lambda: read.filter(disclosure_seen_at=None).exists(), "its loss is seen")
        [row] = scene.queue(posts=1, accounts=1)
        held_back = GeneratedComment.objects.filter(id=row, status="pending", failed_code="GUARD")
        wait_for(held_back.exists, "the guard holds it back")
    assert scene.accepted() == []
    assert Alert.objects.get().key == f"account:{account.pk}:disclosure"


# --- the own profile --------------------------------------------------------------------------------------


def picture(mode: str = "RGBA", size: tuple[int, int] = (900, 700), kind: str = "PNG") -> BytesIO:
    made = BytesIO()
    Image.new(mode, size, "red").save(made, kind)
    made.seek(0)
    return made


def test_profile_photo_and_authorizations_are_changed_from_here(scene: Scene) -> None:
    account, now = scene.accounts[0].session, timezone.now()
    staff = Staff.objects.create(username="olga")
    TelegramAccountSession.objects.exclude(pk=account.pk).update(state=State.DISABLED)

    def answered(call: AccountCall) -> AccountCall:
        rows = AccountCall.objects.filter(pk=call.pk)
        wait_for(lambda: not rows.open().exists(), f"{call.kind} is answered")
        return rows.get()

    with running_runner():
        bio = f"Чай. {account.disclosure}"[: profiles.BIO_LENGTH]
        account.disclosure = bio[-20:]
        account.save()
        new = {"first_name": "Аня", "last_name": "К", "bio": bio}
        assert answered(profiles.change(account, **new, staff=staff, now=now)).state == "done"
        account.refresh_from_db()
        assert (account.first_name, account.last_name, account.bio) == ("Аня", "К", bio)
        assert account.discloses
        assert answered(profiles.put_up_photo(account, picture(), staff, now)).state == "done"
        photo = AccountPhoto.objects.get()
        with Image.open(BytesIO(bytes(photo.shown))) as shown:
            assert (shown.format, shown.size) == ("JPEG", (640, 640))
        assert (photo.wanted, photo.photo_id) == (None, 1)
        assert asyncio.run(with_owner(elsewhere(scene.client, account), "profile")).first_name == "Аня"
        answered(profiles.read_authorizations(account, staff, now))
        places, _at = profiles.authorizations(account)
        [own], [other] = [p for p in places if p["own"]], [p for p in places if not p["own"]]
        refused = answered(profiles.end_authorization(account, own["number"], staff, now))
        assert (refused.state, bool(refused.error)) == ("refused", True)
        assert answered(profiles.end_authorization(account, other["number"], staff, now)).state == "done"
        assert [place["own"] for place in profiles.authorizations(account)[0]] == [True]
        gone = answered(profiles.end_authorization(account, other["number"], staff, now))
        assert (gone.state, gone.error != "HASH_INVALID") == ("refused", True)
    events = AccountSecurityLog.objects.filter(staff=staff).order_by("id")
    assert list(events.values_list("event", flat=True)) == [Event.PROFILE, Event.PROFILE, Event.ENDED]
    account.refresh_from_db()
    assert account.state == State.ACTIVE


def test_the_bio_keeps_the_disclosure_word_by_word(db: None) -> None:
    account = TelegramAccountSession.objects.create(label="Анна", role="main", disclosure="Пишу с ИИ")
    profiles.check_bio(account, "Чай. Пишу с ИИ")
    for bio in ("Чай", "Пишу с  ИИ", "", "Пишу с ИИ" + "я" * 70):
        with pytest.raises(ValidationError):
            profiles.check_bio(account, bio)


@pytest.mark.parametrize(
    "file",
    [BytesIO(b""), BytesIO(b"no picture"), BytesIO(picture().read()[:200]), picture(kind="GIF")],
    ids=["empty", "text", "cut", "another kind"],
)
def test_what_is_no_picture_is_refused(file: BytesIO) -> None:
    with pytest.raises(ValidationError):
        profiles.as_photo(file)
