"""The gateway for signing in: one Telethon client whose key belongs to nobody yet.

Errors are those of `relove.telegram.gateway`; `PasswordNeeded` means that the code, or the scanned link,
was right and the account's second password is asked for.
"""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from telethon import errors, events, functions, types
from telethon import password as srp

from relove.telegram.client import Client, is_ours, make_client
from relove.telegram.errors import translate
from relove.telegram.gateway import GatewayError, OutcomeUnknown, Profile, Refused, SessionLost
from relove.telegram.session import StoredSession
from relove.telegram.session_data import SessionData, session_at

FIRST_DATA_CENTRE = 2
_MOVED = (errors.PhoneMigrateError, errors.NetworkMigrateError, errors.UserMigrateError)


@dataclass(frozen=True, slots=True)
class SentCode:
    """A code on its way. Kinds are Telegram's: app, sms, call …; `timeout` in seconds, until `next_kind`."""

    hash: str = field(repr=False)
    kind: str
    length: int
    next_kind: str
    timeout: int


@dataclass(frozen=True, slots=True)
class LoginLink:
    """A tg:// link which somebody signed in elsewhere scans; `expires` is aware."""

    url: str
    expires: datetime


class LoginClient(Client):
    """Nobody is signed in, so there is nothing to catch up with."""

    async def _handle_auto_reconnect(self) -> None:
        pass


class MtprotoLogin:
    """Signs one account in. Every method raises GatewayError and nothing else of its own."""

    def __init__(
        self,
        data: SessionData | None,
        *,
        local_addr: str | None = None,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        self._session = StoredSession(data or session_at(FIRST_DATA_CENTRE))
        self._local_addr, self._may_send = local_addr, may_send
        self._client: LoginClient | None = None
        self._scanned = asyncio.Event()
        self._busy = 0
        self._closed = False
        # nothing is left to do here: from now on the session is an account's like any other, or nobody's
        self.finished = False

    # --- connection ------------------------------------------------------------------------------

    async def connect(self) -> None:
        client = make_client(
            self._session,
            receive_updates=True,
            local_addr=self._local_addr,
            may_send=self._may_send,
            kind=LoginClient,
        )
        client.add_event_handler(self._hear, events.Raw(types.UpdateLoginToken))
        self._client = client
        async with self._asking():
            await client.connect()

    async def disconnect(self) -> None:
        """Nothing is heard here whose handling would have to end."""
        await self.close()

    async def close(self) -> None:
        self._closed = True
        if self._client is not None:
            with contextlib.suppress(ConnectionError, TimeoutError):
                await self._client.disconnect()

    async def flush(self) -> None:
        """Nothing is heard here that would have to be stored."""

    @property
    def connected(self) -> bool:
        """False once it is over; on the way to another data centre it is not."""
        if self._closed or self._client is None:
            return False
        return self._busy > 0 or bool(self._client.is_connected())

    @property
    def session(self) -> SessionData:
        """The session as it is now; signing in may have moved it to another data centre."""
        key = self._session.auth_key
        return SessionData(
            key.key if key else b"", self._session.dc_id, self._session.server_address, self._session.port
        )

    async def _hear(self, update: Any) -> None:
        self._scanned.set()

    # --- asking ----------------------------------------------------------------------------------

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        self._busy += 1
        try:
            async with asyncio.timeout(settings.TELEGRAM_REQUEST_TIMEOUT):
                yield
        except BaseException as error:
            if is_ours(error):
                raise
            raise translate(error) from error
        finally:
            self._busy -= 1

    async def _call(self, request: Any) -> Any:
        if self._client is None:
            raise OutcomeUnknown("NOT_CONNECTED")
        async with self._asking():
            try:
                return await self._client(request)
            except _MOVED:
                # Telethon has gone to the other data centre; asking again there is ours to do
                return await self._client(request)

    # --- by code -----------------------------------------------------------------------------------

    async def send_code(self, phone: str) -> SentCode:
        """Have a code sent to the number, "+79…"."""
        api = settings.TELEGRAM_API_ID, settings.TELEGRAM_API_HASH
        return _sent(await self._call(functions.auth.SendCodeRequest(phone, *api, types.CodeSettings())))

    async def resend_code(self, phone: str, code_hash: str) -> SentCode:
        return _sent(await self._call(functions.auth.ResendCodeRequest(phone, code_hash)))

    async def sign_in(self, phone: str, code: str, code_hash: str) -> Profile:
        answer = await self._call(functions.auth.SignInRequest(phone, code_hash, phone_code=code))
        if isinstance(answer, types.auth.AuthorizationSignUpRequired):
            raise Refused("PHONE_NUMBER_UNOCCUPIED")
        return _profile(answer.user)

    # --- the second password -------------------------------------------------------------------------

    async def password_hint(self) -> str:
        asked = await self._call(functions.account.GetPasswordRequest())
        return asked.hint or ""

    async def check_password(self, password: str) -> Profile:
        asked = await self._call(functions.account.GetPasswordRequest())
        try:
            # a tenth of a second of arithmetic: not in the loop of all accounts
            proof = await asyncio.to_thread(srp.compute_check, asked, password)
        except ValueError as error:
            raise Refused("PASSWORD_KIND_UNKNOWN") from error
        answer = await self._call(functions.auth.CheckPasswordRequest(proof))
        return _profile(answer.user)

    # --- by a scanned link -----------------------------------------------------------------------------

    async def link(self) -> LoginLink | Profile:
        """A link to show; or, once one was scanned, who did."""
        self._scanned.clear()
        api = settings.TELEGRAM_API_ID, settings.TELEGRAM_API_HASH
        answer = await self._call(functions.auth.ExportLoginTokenRequest(*api, except_ids=[]))
        if isinstance(answer, types.auth.LoginTokenMigrateTo) and self._client is not None:
            async with self._asking():
                await self._client._switch_dc(answer.dc_id)
            answer = await self._call(functions.auth.ImportLoginTokenRequest(answer.token))
        if isinstance(answer, types.auth.LoginTokenSuccess):
            return _profile(answer.authorization.user)
        token = base64.urlsafe_b64encode(answer.token).decode().rstrip("=")
        return LoginLink(f"tg://login?token={token}", answer.expires)

    async def wait_until_scanned(self, seconds: float) -> None:
        """Returns when the link was scanned, or after so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._scanned.wait()

    # --- an existing session -----------------------------------------------------------------------------

    async def who(self) -> Profile | None:
        """Whose session this is; None while it is nobody's."""
        try:
            [user] = await self._call(functions.users.GetUsersRequest([types.InputUserSelf()]))
        except SessionLost as error:
            if error.code == "AUTH_KEY_UNREGISTERED":
                return None
            raise
        return _profile(user)

    async def adopt(self, data: SessionData) -> Profile:
        """Go on with a session made elsewhere. Raises SessionLost where Telegram does not know it."""
        self._busy += 1
        try:
            profile: Profile = await self._change_to(data)
            return profile
        except GatewayError:
            # it stays connected with a key of its own, for another try
            await self._change_to(session_at(FIRST_DATA_CENTRE), known=False)
            raise
        finally:
            self._busy -= 1

    async def _change_to(self, data: SessionData, *, known: bool = True) -> Any:
        if self._client is not None:
            await self._client.disconnect()
        self._session = StoredSession(data)
        await self.connect()
        profile = await self.who() if known else None
        if known and profile is None:
            raise SessionLost("AUTH_KEY_UNREGISTERED")
        return profile

    async def log_out(self) -> None:
        await self._call(functions.auth.LogOutRequest())


def _sent(answer: Any) -> SentCode:
    if not isinstance(answer, types.auth.SentCode):
        raise Refused("CODE_NOT_SENT")
    return SentCode(
        hash=answer.phone_code_hash,
        kind=_kind(answer.type, "SentCodeType"),
        length=getattr(answer.type, "length", 0) or 0,
        next_kind=_kind(answer.next_type, "CodeType") if answer.next_type else "",
        timeout=answer.timeout or 0,
    )


def _kind(telegram: Any, prefix: str) -> str:
    return type(telegram).__name__.removeprefix(prefix).lower()


def _profile(user: Any) -> Profile:
    return Profile(
        id=user.id,
        username=user.username or "",
        first_name=user.first_name or "",
        last_name=user.last_name or "",
        phone=user.phone or "",
        bio="",
    )
