"""Every error of Telegram's that we know of, as the gateway answers it: raised by the real server."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import override_settings
from telethon import errors

from relove.telegram import gateway
from relove.telegram.errors import BY_NAME, translate
from relove.telegram.gateway import (
    AlreadySent,
    BadMessage,
    BannedInChannel,
    ChatForbidden,
    FloodWait,
    GatewayError,
    OutcomeUnknown,
    Outgoing,
    PeerFlood,
    PeerUnknown,
    PostGone,
    Refused,
    SessionLost,
    SlowMode,
    Temporary,
)
from relove.telegram.mtproto import MtprotoGateway
from tests.relove.gateway_scene import DEADLINE, MemoryStore, Scene, scene

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True)
class Expected:
    fault: str
    kind: type[GatewayError]
    permanent: bool = False
    retry_after: float | None = None

    @property
    def code(self) -> str:
        """Telegram's name without the number in it."""
        return re.sub(r"_\d+$", "", self.fault)


TABLE = [
    Expected("FLOOD_WAIT_30", FloodWait, retry_after=30),
    Expected("FLOOD_PREMIUM_WAIT_7", FloodWait, retry_after=7),
    Expected("SLOWMODE_WAIT_12", SlowMode, retry_after=12),
    Expected("PEER_FLOOD", PeerFlood, permanent=True),
    Expected("CHAT_WRITE_FORBIDDEN", ChatForbidden, permanent=True),
    Expected("CHAT_GUEST_SEND_FORBIDDEN", ChatForbidden, permanent=True),
    Expected("CHAT_RESTRICTED", ChatForbidden, permanent=True),
    Expected("USER_IS_BLOCKED", ChatForbidden, permanent=True),
    Expected("CHANNEL_PRIVATE", ChatForbidden, permanent=True),
    Expected("USER_BANNED_IN_CHANNEL", BannedInChannel, permanent=True),
    Expected("MSG_ID_INVALID", PostGone, permanent=True),
    Expected("CHANNEL_INVALID", PeerUnknown, permanent=True),
    Expected("PEER_ID_INVALID", PeerUnknown, permanent=True),
    Expected("MESSAGE_EMPTY", BadMessage, permanent=True),
    Expected("MESSAGE_TOO_LONG", BadMessage, permanent=True),
    Expected("AUTH_KEY_DUPLICATED", SessionLost, permanent=True),
    Expected("AUTH_KEY_UNREGISTERED", SessionLost, permanent=True),
    Expected("SESSION_REVOKED", SessionLost, permanent=True),
    Expected("SESSION_EXPIRED", SessionLost, permanent=True),
    Expected("USER_DEACTIVATED", SessionLost, permanent=True),
    Expected("USER_DEACTIVATED_BAN", SessionLost, permanent=True),
    Expected("RANDOM_ID_DUPLICATE", AlreadySent),
    Expected("RPC_CALL_FAIL", Temporary),
    # a name nobody has met yet: this message is refused, the account goes on
    Expected("SOMETHING_NEW_FORBIDDEN", Refused, permanent=True),
]


@pytest.mark.parametrize("expected", TABLE, ids=lambda expected: expected.fault)
async def test_an_error_of_telegrams(expected: Expected) -> None:
    async with scene() as s:
        await s.meet_boris()
        async with s.gateway() as client:
            s.fault(expected.fault)
            with pytest.raises(GatewayError) as caught:
                await client.send(s.to_boris())
        error = caught.value
        assert (type(error), error.code, error.permanent, error.retry_after) == (
            expected.kind,
            expected.code,
            expected.permanent,
            expected.retry_after,
        )
        assert not s.ledger


async def test_a_406_without_a_name_of_ours_refuses_the_request_alone() -> None:
    async with scene() as s:
        await s.meet_boris()
        async with s.gateway() as client:
            s.fault("UPDATE_APP_TO_SEND", code=406)
            with pytest.raises(Refused) as caught:
                await client.send(s.to_boris())
            assert (type(caught.value), caught.value.code) == (Refused, "UPDATE_APP_TO_SEND")


# --- the same, by the world's own rules ---------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"), [("", "MESSAGE_EMPTY"), (" \n", "MESSAGE_EMPTY"), ("😀" * 2049, "MESSAGE_TOO_LONG")]
)
async def test_texts_that_telegram_refuses(text: str, code: str) -> None:
    async with scene() as s:
        await s.meet_boris()
        async with s.gateway() as client:
            with pytest.raises(BadMessage) as caught:
                await client.send(s.to_boris(text))
        assert caught.value.code == code


async def test_a_text_that_cannot_be_encoded_never_leaves() -> None:
    async with scene() as s:
        await s.meet_boris()
        async with s.gateway() as client:
            with pytest.raises(BadMessage, match="NOT_ENCODABLE"):
                await client.send(s.to_boris("\ud83d"))
            with pytest.raises(BadMessage, match="NOT_ENCODABLE"):
                await client.send(Outgoing(s.to_boris().peer, "раз", 2**64))
            assert client.connected


@pytest.mark.parametrize(
    ("change", "kind", "code"),
    [
        ({"guests": False}, ChatForbidden, "CHAT_GUEST_SEND_FORBIDDEN"),
        ({"closed": True}, ChatForbidden, "CHAT_WRITE_FORBIDDEN"),
        ({"banned": True}, BannedInChannel, "USER_BANNED_IN_CHANNEL"),
    ],
)
async def test_a_group_that_does_not_let_the_account_write(
    change: dict[str, bool], kind: type[GatewayError], code: str
) -> None:
    async with scene() as s:
        post = s.publish("Пост")
        async with s.gateway() as client:
            await client.resolve("kanal")
            place, top = await client.comment_place(s.place, post.id)
            s.group.guests, s.group.closed = change.get("guests", True), change.get("closed", False)
            s.group.banned = {s.anna.id} if change.get("banned") else set()
            with pytest.raises(kind) as caught:
                await client.send(Outgoing(place, "раз", 1, top))
        assert caught.value.code == code


async def test_slow_mode_says_how_long() -> None:
    async with scene() as s:
        post = s.publish("Пост")
        s.group.slowmode = 20
        async with s.gateway() as client:
            await client.resolve("kanal")
            place, top = await client.comment_place(s.place, post.id)
            await client.send(Outgoing(place, "раз", 1, top))
            with pytest.raises(SlowMode) as caught:
                await client.send(Outgoing(place, "два", 2, top))
        assert 18 <= (caught.value.retry_after or 0) <= 20


# --- the line -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["slow:5", "silence"])
async def test_an_answer_that_does_not_come_in_time_leaves_the_outcome_unknown(fault: str) -> None:
    async with scene(TELEGRAM_REQUEST_TIMEOUT=0.3) as s:
        await s.meet_boris()
        async with s.gateway() as client:
            s.fault(fault)
            with pytest.raises(OutcomeUnknown) as caught:
                await client.send(s.to_boris())
            assert (caught.value.code, caught.value.permanent) == ("TIMEOUT", False)
            with override_settings(TELEGRAM_REQUEST_TIMEOUT=DEADLINE), pytest.raises(AlreadySent):
                await client.send(s.to_boris())
        assert len(s.ledger) == 1


@pytest.mark.parametrize(("fault", "accepted"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_cut_line_leaves_the_outcome_unknown_when_it_does_not_come_back_in_time(
    fault: str, accepted: int
) -> None:
    async with scene(TELEGRAM_REQUEST_TIMEOUT=0.5) as s:
        await s.meet_boris()
        async with s.gateway() as client:
            s.fault(fault, times=None)
            with pytest.raises(OutcomeUnknown):
                await client.send(s.to_boris())
            assert len(s.ledger) == accepted


@pytest.mark.parametrize(("fault", "accepted"), [("drop_before", "sent"), ("drop_after", "AlreadySent")])
async def test_a_line_that_comes_back_in_time_delivers_once(fault: str, accepted: str) -> None:
    async with scene() as s:
        await s.meet_boris()
        async with s.gateway() as client:
            s.fault(fault)
            try:
                await client.send(s.to_boris())
                outcome = "sent"
            except AlreadySent:
                outcome = "AlreadySent"
        assert (outcome, len(s.ledger)) == (accepted, 1)


async def test_a_server_that_is_gone_leaves_the_outcome_unknown() -> None:
    async with scene(TELEGRAM_REQUEST_TIMEOUT=0.5) as s:
        await s.meet_boris()
        async with s.gateway() as client:
            assert s.sandbox._server is not None
            s.sandbox._server.close()
            s.sandbox.core.disconnect()
            with pytest.raises(OutcomeUnknown):
                await client.send(s.to_boris())


# --- connecting ---------------------------------------------------------------------------------


async def refused(s: Scene, store: MemoryStore | None = None, **options: Any) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        async with s.gateway(store=store, **options):
            pytest.fail("it connected")
    return caught.value


async def test_a_session_used_from_a_second_address_is_lost_for_both() -> None:
    async with scene() as s, s.gateway(local_addr="127.0.0.1") as first:
        error = await refused(s, local_addr="127.0.0.2")
        assert (type(error), error.code) == (SessionLost, "AUTH_KEY_DUPLICATED")
        with pytest.raises(SessionLost):
            await first.profile()


@pytest.mark.parametrize("name", ["SESSION_REVOKED", "AUTH_KEY_UNREGISTERED", "USER_DEACTIVATED_BAN"])
async def test_a_session_that_has_ended_is_told_at_the_connection(name: str) -> None:
    async with scene() as s:
        s.fault(name, "*", times=None)
        error = await refused(s)
        assert (type(error), error.code) == (SessionLost, name)


async def test_a_key_the_server_does_not_know_is_a_lost_session() -> None:
    async with scene() as s:
        error = await asyncio.wait_for(refused(s, MemoryStore(b"x" * 256)), DEADLINE)
        assert (type(error), error.code) == (SessionLost, "AUTH_KEY_UNREGISTERED")


async def test_a_server_that_does_not_answer_is_no_reason_to_end_a_session() -> None:
    async with scene(TELEGRAM_REQUEST_TIMEOUT=0.3) as s:
        s.fault("silence", "*", times=None)
        assert type(await refused(s)) is OutcomeUnknown


async def test_asking_before_connecting_is_no_crash() -> None:
    async with scene() as s:
        with pytest.raises(OutcomeUnknown, match="NOT_CONNECTED"):
            await MtprotoGateway(s.store.data(), s.store).profile()


# --- the table itself ---------------------------------------------------------------------------


def test_telethons_own_errors_are_translated() -> None:
    gave_up = ValueError("Request was unsuccessful 1 time(s)")
    assert type(translate(gave_up)) is OutcomeUnknown
    assert type(translate(ValueError("Could not find the input entity for 5"))) is PeerUnknown
    for error in (ConnectionError(), TimeoutError(), OSError(), asyncio.IncompleteReadError(b"", 4)):
        assert type(translate(error)) is OutcomeUnknown
    assert type(translate(errors.SecurityError())) is OutcomeUnknown
    assert type(translate(RuntimeError())) is OutcomeUnknown
    assert type(translate(errors.TimedOutError(None, "Timeout", -503))) is Temporary


def test_names_in_our_table_are_telegrams() -> None:
    """A misspelt name would never match. Two are documented by Telegram, though not listed by Telethon."""
    unlisted = BY_NAME.keys() - errors.rpc_errors_dict.keys()
    assert unlisted == {"PRIVACY_PREMIUM_REQUIRED", "REPLY_MESSAGE_ID_INVALID"}


def subclasses(kind: type[GatewayError]) -> set[type[GatewayError]]:
    return {kind}.union(*(subclasses(child) for child in kind.__subclasses__()))


def test_the_docstring_draws_every_error_class_under_its_parent() -> None:
    drawn: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    for line in (gateway.__doc__ or "").splitlines():
        found = re.match(r"^[\s│├└─]*\b([A-Z]\w+)", line)
        if not found or found[1] not in {kind.__name__ for kind in subclasses(GatewayError)}:
            continue
        path = [(depth, name) for depth, name in path if depth < found.start(1)]
        drawn[found[1]] = path[-1][1] if path else ""
        path.append((found.start(1), found[1]))
    expected = {kind.__name__: kind.__mro__[1].__name__ for kind in subclasses(GatewayError)}
    assert drawn == {**expected, "GatewayError": ""}


def test_an_error_names_itself_and_its_wait() -> None:
    error = FloodWait("FLOOD_WAIT", retry_after=3.0)
    assert (str(error), error.code, error.retry_after) == ("FLOOD_WAIT", "FLOOD_WAIT", 3.0)
    assert Temporary().code == "Temporary"
