"""What Telegram's errors do to an account, and that nothing brings back what has ended."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts_mgmt import health
from accounts_mgmt.health import Effect, effect_of
from accounts_mgmt.leases import HELD_STATES
from accounts_mgmt.models import AccountChatHold, AccountSecurityLog, TelegramAccountSession
from relove.models import Chat
from relove.telegram import gateway
from relove.telegram.gateway import (
    BannedInChannel,
    FloodWait,
    GatewayError,
    PeerFlood,
    Profile,
    SessionLost,
    SlowMode,
)

Event = AccountSecurityLog.Event
State = TelegramAccountSession.State
TOKEN = 41

EFFECTS: list[tuple[GatewayError, dict[str, Any]]] = [
    (FloodWait("FLOOD_WAIT", retry_after=30), {"event": Event.FLOOD, "wait_seconds": 30}),
    (FloodWait("FLOOD_PREMIUM_WAIT", retry_after=7), {"event": Event.FLOOD, "wait_seconds": 7}),
    (FloodWait("FLOOD_WAIT"), {"event": Event.FLOOD, "wait_seconds": 60}),
    (
        SlowMode("SLOWMODE_WAIT", retry_after=12),
        {"event": Event.FLOOD, "wait_seconds": 12, "chat_only": True},
    ),
    (BannedInChannel("USER_BANNED_IN_CHANNEL"), {"event": Event.BANNED, "chat_only": True}),
    (PeerFlood("PEER_FLOOD"), {"event": Event.PEER_FLOOD, "state": State.LIMITED}),
    (SessionLost("AUTH_KEY_DUPLICATED"), {"event": Event.DUPLICATED, "state": State.SIGNED_OUT}),
    (SessionLost("SESSION_REVOKED"), {"event": Event.REVOKED, "state": State.SIGNED_OUT}),
    (SessionLost("SESSION_EXPIRED"), {"event": Event.REVOKED, "state": State.SIGNED_OUT}),
    (SessionLost("AUTH_KEY_UNREGISTERED"), {"event": Event.REVOKED, "state": State.SIGNED_OUT}),
    (SessionLost("USER_DEACTIVATED"), {"event": Event.REVOKED, "state": State.SIGNED_OUT}),
    (SessionLost("USER_DEACTIVATED_BAN"), {"event": Event.BANNED, "state": State.BANNED}),
    (SessionLost("PHONE_NUMBER_BANNED"), {"event": Event.BANNED, "state": State.BANNED}),
]
OF_THE_MESSAGE_ALONE = [
    "ChatForbidden",
    "PostGone",
    "PeerUnknown",
    "BadMessage",
    "Refused",
    "AlreadySent",
    "OutcomeUnknown",
    "Temporary",
    "PasswordNeeded",
]


@pytest.mark.parametrize(("error", "expected"), EFFECTS, ids=lambda value: getattr(value, "code", ""))
def test_the_effect_of_an_error(error: GatewayError, expected: dict[str, Any]) -> None:
    effect = effect_of(error)
    assert effect is not None
    found = {"event": effect.event, "state": effect.state, "wait_seconds": effect.wait_seconds}
    assert found | {"chat_only": effect.chat_only} == {
        "state": None,
        "wait_seconds": None,
        "chat_only": False,
        **expected,
    }
    assert effect.ends_session == (effect.state in (State.SIGNED_OUT, State.BANNED))
    assert bool(effect.reason) == (effect.wait_seconds is None), "a person is told why, a wait explains itself"


@pytest.mark.parametrize("name", OF_THE_MESSAGE_ALONE)
def test_errors_of_the_message_do_nothing_to_the_account(name: str) -> None:
    assert effect_of(getattr(gateway, name)("X")) is None


def test_every_class_of_error_is_thought_of() -> None:
    def leaves(kind: type[GatewayError]) -> set[str]:
        children = kind.__subclasses__()
        return {kind.__name__} if not children else set().union(*(leaves(child) for child in children))

    thought_of = {type(error).__name__ for error, _ in EFFECTS} | set(OF_THE_MESSAGE_ALONE)
    assert leaves(GatewayError) <= thought_of


# --- applied ------------------------------------------------------------------------------------


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return TelegramAccountSession.objects.create(label="Анна", role="commentator", lease_token=TOKEN)


@pytest.fixture
def chat(db: None) -> Chat:
    return Chat.objects.create(kind="supergroup", telegram_id=5)


def apply(
    account: TelegramAccountSession, error: GatewayError, chat: Chat | None = None, token: int = TOKEN
) -> None:
    effect = effect_of(error)
    assert isinstance(effect, Effect)
    health.apply(account.pk, token, effect, error.code, chat.pk if chat else None, "send")
    account.refresh_from_db()


def seconds_left(moment: Any) -> float:
    return float((moment - timezone.now()) / timedelta(seconds=1))


def test_a_flood_wait_belongs_to_the_account(account: TelegramAccountSession, chat: Chat) -> None:
    apply(account, FloodWait("FLOOD_WAIT", retry_after=3600), chat)
    assert 3590 < seconds_left(account.flood_until) <= 3600
    assert account.state == State.ACTIVE
    assert not AccountChatHold.objects.exists()
    log = AccountSecurityLog.objects.get()
    assert (log.event, log.details) == (
        Event.FLOOD,
        {"code": "FLOOD_WAIT", "seconds": 3600.0, "chat": chat.pk, "request": "send"},
    )


def test_the_longest_of_crossing_waits_holds(account: TelegramAccountSession) -> None:
    apply(account, FloodWait("FLOOD_WAIT", retry_after=3600))
    apply(account, FloodWait("FLOOD_WAIT", retry_after=3))
    assert seconds_left(account.flood_until) > 3500


def test_slow_mode_blocks_one_chat_only(account: TelegramAccountSession, chat: Chat) -> None:
    apply(account, SlowMode("SLOWMODE_WAIT", retry_after=20), chat)
    hold = AccountChatHold.objects.get()
    assert (hold.account, hold.chat, hold.reason) == (account, chat, "SLOWMODE_WAIT")
    assert 15 < seconds_left(hold.until) <= 20
    assert (account.flood_until, account.state) == (None, State.ACTIVE)


def test_a_ban_in_a_chat_has_no_end_and_outlives_slow_mode(account: TelegramAccountSession, chat: Chat) -> None:
    apply(account, SlowMode("SLOWMODE_WAIT", retry_after=20), chat)
    apply(account, BannedInChannel("USER_BANNED_IN_CHANNEL"), chat)
    apply(account, SlowMode("SLOWMODE_WAIT", retry_after=20), chat)
    hold = AccountChatHold.objects.get()
    assert (hold.until, hold.reason) == (None, "USER_BANNED_IN_CHANNEL")
    assert account.state == State.ACTIVE, "it goes on elsewhere"


def test_peer_flood_stops_the_sending_but_the_account_is_still_held(account: TelegramAccountSession) -> None:
    apply(account, PeerFlood("PEER_FLOOD"))
    assert account.state == State.LIMITED
    assert account.state in HELD_STATES
    assert account.state_reason
    assert account.state_since
    # who may be claimed for is asked of the database in the same words
    assert not TelegramAccountSession.objects.active().exists()
    assert TelegramAccountSession.objects.troubled().get() == account


@pytest.mark.parametrize(
    ("code", "state", "event"),
    [
        ("AUTH_KEY_DUPLICATED", State.SIGNED_OUT, Event.DUPLICATED),
        ("SESSION_REVOKED", State.SIGNED_OUT, Event.REVOKED),
        ("USER_DEACTIVATED_BAN", State.BANNED, Event.BANNED),
    ],
)
def test_a_lost_session_is_quarantined(account: TelegramAccountSession, code: str, state: str, event: str) -> None:
    apply(account, SessionLost(code))
    assert (account.state, bool(account.state_reason)) == (state, True)
    assert account.state not in HELD_STATES
    log = AccountSecurityLog.objects.get()
    assert (log.event, log.details["code"]) == (event, code)


@pytest.mark.parametrize("ended", [State.BANNED, State.SIGNED_OUT, State.DISABLED])
def test_a_late_answer_brings_nothing_back(account: TelegramAccountSession, ended: str) -> None:
    TelegramAccountSession.objects.update(state=ended, state_reason="почему")
    for error in (PeerFlood("PEER_FLOOD"), SessionLost("SESSION_REVOKED")):
        apply(account, error)
        assert (account.state, account.state_reason) == (ended, "почему")


def test_a_former_holder_writes_nothing(account: TelegramAccountSession, chat: Chat) -> None:
    errors = (
        FloodWait("FLOOD_WAIT", retry_after=9),
        SlowMode("SLOWMODE_WAIT", retry_after=9),
        SessionLost("SESSION_REVOKED"),
    )
    for error in errors:
        apply(account, error, chat, token=TOKEN + 1)
    assert (account.state, account.flood_until) == (State.ACTIVE, None)
    assert not AccountChatHold.objects.exists()
    assert not AccountSecurityLog.objects.exists()


def test_the_disclosure_counts_while_the_profile_shows_it(account: TelegramAccountSession) -> None:
    account.disclosure = "Пишу с помощью ИИ"
    account.save()

    def see(bio: str) -> None:
        health.saw_profile(account.pk, Profile(1, "anna", "Анна", "", "", bio))
        account.refresh_from_db()

    see("Просто Анна")
    assert not account.discloses
    see("Коуч. Пишу с помощью ИИ")
    assert account.discloses
    assert (account.username, account.first_name, account.bio) == ("anna", "Анна", "Коуч. Пишу с помощью ИИ")
    see("Коуч. Пишу с помощью ИИ")
    see("Коуч")
    assert not account.discloses
    shown = [log.details["shown"] for log in AccountSecurityLog.objects.order_by("id")]
    assert shown == [True, False], "only changes are events"
