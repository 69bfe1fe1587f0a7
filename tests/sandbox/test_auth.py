"""Signing in with a stock client: by code, with a second password, by a scanned link."""

import asyncio
import base64

import pytest
from telethon import TelegramClient, errors, functions

from relove.sandbox.client import SandboxClient, SandboxError
from relove.sandbox.server import Sandbox
from relove.sandbox.sign_ins import WRONG_CODES
from relove.sandbox.world import User
from tests.sandbox.conftest import Connect, session_for
from tests.sandbox.tools import DEADLINE

pytestmark = pytest.mark.anyio

PHONE = "+7 999 000-00-01"


def code_of(sandbox: Sandbox, phone: str = "79990000001") -> str:
    return sandbox.core.sign_ins.codes[phone].digits


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 100_000:05}"


async def test_a_code_signs_in_and_the_session_lasts(
    sandbox: Sandbox, connect: Connect, control: SandboxClient, anna: User
) -> None:
    client = await connect()
    sent = await client.send_code_request(PHONE)
    assert (type(sent.type).__name__, sent.type.length, sent.timeout) == ("SentCodeTypeApp", 5, 60)
    code = await asyncio.to_thread(control.code, PHONE)
    me = await client.sign_in(PHONE, code)
    assert me.id == anna.id
    again = session_for(sandbox)
    again.auth_key = client.session.auth_key
    assert (await (await connect(session=again)).get_me()).id == anna.id
    with pytest.raises(SandboxError, match="no code"):
        await asyncio.to_thread(control.code, PHONE)


async def test_a_wrong_code_is_refused_and_too_many_are(sandbox: Sandbox, connect: Connect, anna: User) -> None:
    client = await connect()
    await client.send_code_request(PHONE)
    for _ in range(WRONG_CODES):
        with pytest.raises(errors.PhoneCodeInvalidError):
            await client.sign_in(PHONE, wrong(code_of(sandbox)))
    with pytest.raises(errors.PhonePasswordFloodError):
        await client.sign_in(PHONE, code_of(sandbox))
    assert not await client.is_user_authorized()


async def test_an_old_code_and_another_keys_code_have_expired(
    sandbox: Sandbox, connect: Connect, anna: User
) -> None:
    client, other = await connect(), await connect()
    sent = await client.send_code_request(PHONE)
    with pytest.raises(errors.PhoneCodeExpiredError):
        await other.sign_in(PHONE, code_of(sandbox), phone_code_hash=sent.phone_code_hash)
    code = code_of(sandbox)
    sandbox.core.world.settings.code_seconds = 0
    with pytest.raises(errors.PhoneCodeExpiredError):
        await client.sign_in(PHONE, code)


async def test_a_code_sent_again_takes_another_way(sandbox: Sandbox, connect: Connect, anna: User) -> None:
    client = await connect()
    sent = await client.send_code_request(PHONE)
    first, kinds = code_of(sandbox), []
    for _ in range(2):
        sent = await client(functions.auth.ResendCodeRequest(PHONE, sent.phone_code_hash))
        kinds.append((type(sent.type).__name__, sent.timeout))
    assert kinds == [("SentCodeTypeSms", 60), ("SentCodeTypeCall", None)]
    with pytest.raises(errors.SendCodeUnavailableError):
        await client(functions.auth.ResendCodeRequest(PHONE, sent.phone_code_hash))
    with pytest.raises(errors.PhoneCodeInvalidError):
        await client.sign_in(PHONE, first if first != code_of(sandbox) else wrong(first))


@pytest.mark.parametrize(
    ("phone", "error"),
    [("+7 1", errors.PhoneNumberInvalidError), ("+7 999 000-00-02", errors.PhoneNumberBannedError)],
)
async def test_numbers_that_get_no_code(
    sandbox: Sandbox, connect: Connect, phone: str, error: type[Exception]
) -> None:
    sandbox.core.world.add_user(first_name="Вера", phone="79990000002", banned=True)
    with pytest.raises(error):
        await (await connect()).send_code_request(phone)


async def test_a_number_without_an_account_is_told_so_after_the_code(sandbox: Sandbox, connect: Connect) -> None:
    client = await connect()
    await client.send_code_request("+79990000009")
    with pytest.raises(errors.PhoneNumberUnoccupiedError):
        await client.sign_in("+79990000009", code_of(sandbox, "79990000009"))


async def test_a_flood_is_a_fault_like_any_other(sandbox: Sandbox, connect: Connect, anna: User) -> None:
    sandbox.core.faults.add(kind="FLOOD_WAIT_600", method="auth.SendCode")
    with pytest.raises(errors.FloodWaitError) as caught:
        await (await connect()).send_code_request(PHONE)
    assert caught.value.seconds == 600


async def password_asked(sandbox: Sandbox, connect: Connect, anna: User) -> TelegramClient:
    anna.password, anna.password_hint = "стрекоза 7", "насекомое"
    client = await connect()
    await client.send_code_request(PHONE)
    with pytest.raises(errors.SessionPasswordNeededError):
        await client.sign_in(PHONE, code_of(sandbox))
    return client


async def test_the_second_password_signs_in_and_a_wrong_one_does_not(
    sandbox: Sandbox, connect: Connect, anna: User
) -> None:
    client = await password_asked(sandbox, connect, anna)
    assert not await client.is_user_authorized()
    assert (await client(functions.account.GetPasswordRequest())).hint == "насекомое"
    with pytest.raises(errors.PasswordHashInvalidError):
        await client.sign_in(password="стрекоза 8")
    assert (await client.sign_in(password="стрекоза 7")).id == anna.id
    assert await client.is_user_authorized()


async def test_no_password_is_asked_of_a_stranger(connect: Connect) -> None:
    with pytest.raises(errors.AuthKeyUnregisteredError):
        await (await connect())(functions.account.GetPasswordRequest())


async def test_a_scanned_link_signs_in(sandbox: Sandbox, connect: Connect, anna: User) -> None:
    phone, client = await connect(anna), await connect()
    link = await client.qr_login()
    waiting = asyncio.ensure_future(link.wait(DEADLINE))
    await phone(functions.auth.AcceptLoginTokenRequest(link.token))
    assert (await asyncio.wait_for(waiting, DEADLINE)).id == anna.id
    with pytest.raises(errors.AuthTokenInvalidError):
        await phone(functions.auth.AcceptLoginTokenRequest(link.token))


async def test_a_link_grows_old_and_the_second_password_stands_before_it(
    sandbox: Sandbox, connect: Connect, control: SandboxClient, anna: User
) -> None:
    anna.password = "стрекоза 7"
    client = await connect()
    sandbox.core.world.settings.link_seconds = 0
    old = (await client.qr_login()).url
    with pytest.raises(SandboxError, match="AUTH_TOKEN_EXPIRED"):
        await asyncio.to_thread(control.scan, "anna", old)
    sandbox.core.world.settings.link_seconds = 30
    link = await client.qr_login()
    assert link.url != old
    assert base64.urlsafe_b64decode(link.url.partition("token=")[2] + "==") == link.token
    waiting = asyncio.ensure_future(link.wait(DEADLINE))
    await asyncio.to_thread(control.scan, "anna", link.url)
    with pytest.raises(errors.SessionPasswordNeededError):
        await asyncio.wait_for(waiting, DEADLINE)
    assert (await client.sign_in(password="стрекоза 7")).id == anna.id


async def test_another_data_centre_is_gone_to(sandbox: Sandbox, connect: Connect, anna: User) -> None:
    sandbox.core.faults.add(kind="PHONE_MIGRATE_4", method="auth.SendCode", times=1)
    # the configuration stands at the class, and so does that of an earlier test's server
    TelegramClient._config = None
    client = await connect(request_retries=2)
    await client.send_code_request(PHONE)
    assert client.session.dc_id == 4
    assert (await client.sign_in(PHONE, code_of(sandbox))).id == anna.id
