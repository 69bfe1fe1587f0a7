"""Signing in, as a runner carries it out: account calls over a client whose key is nobody's yet.

All that is written is guarded by the lease's token. A right answer that a crash kept from being written
is found again: the next runner connects with the same key and sees that it is signed in.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts_mgmt import calls, health, imports, phones
from accounts_mgmt.models import AccountSecurityLog, SignIn, TelegramAccountSession
from accounts_mgmt.sessions import opened_session, seal_session
from relove import sealing
from relove.db import in_thread
from relove.fields import Sealed
from relove.telegram.gateway import (
    Gateway,
    GatewayError,
    OutcomeUnknown,
    PasswordNeeded,
    Profile,
    Refused,
    Waiting,
)
from relove.telegram.session_data import SessionData

if TYPE_CHECKING:
    # pages register the steps, too, and carry none out: they need no Telethon
    from relove.telegram.login import LoginLink, MtprotoLogin, SentCode

State, Step = TelegramAccountSession.State, SignIn.Step
# A link is replaced this long before its end, so that nobody scans one that is over.
LINK_MARGIN = timedelta(seconds=2)
SHORTEST_LINK = 1.0
StepFunction = Callable[["MtprotoLogin", calls.Call], Awaitable[dict[str, Any]]]


def step(name: str, *, repeatable: bool = False, lasting: bool = False) -> Callable[[StepFunction], StepFunction]:
    """Register a step; what Telegram refuses is kept for the page."""

    def register(function: StepFunction) -> StepFunction:
        async def run(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
            try:
                return await function(cast("MtprotoLogin", gateway), call)
            except GatewayError as error:
                await in_thread(note_problem, call.account, call.token, error)
                raise

        calls.kind(name, repeatable=repeatable, lasting=lasting, signs_in=True)(run)
        return function

    return register


# --- by code ----------------------------------------------------------------------------------------


@step("sign_in_code_request")
async def request_code(login: "MtprotoLogin", call: calls.Call) -> dict[str, Any]:
    sent = await login.send_code(await in_thread(_phone, call.account))
    return await _keep_code(login, call, sent)


@step("sign_in_resend")
async def resend_code(login: "MtprotoLogin", call: calls.Call) -> dict[str, Any]:
    phone, code_hash = await in_thread(_phone_and_hash, call.account)
    return await _keep_code(login, call, await login.resend_code(phone, code_hash))


async def _keep_code(login: "MtprotoLogin", call: calls.Call, sent: "SentCode") -> dict[str, Any]:
    await in_thread(_code_sent, call, sent, login.session)
    return {"code": sent.kind}


@step("sign_in_code")
async def try_code(login: "MtprotoLogin", call: calls.Call) -> dict[str, Any]:
    code = await in_thread(_take_handed, call)
    phone, code_hash = await in_thread(_phone_and_hash, call.account)
    return await _admitted(login, call, login.sign_in(phone, code, code_hash))


@step("sign_in_password")
async def try_password(login: "MtprotoLogin", call: calls.Call) -> dict[str, Any]:
    password = await in_thread(_take_handed, call)
    return await _admitted(login, call, login.check_password(password))


# --- by a scanned link --------------------------------------------------------------------------------


@step("sign_in_link", repeatable=True, lasting=True)
async def show_links(login: "MtprotoLogin", call: calls.Call) -> dict[str, Any]:
    """Keep a fresh link on the page until one is scanned or the time is over."""
    while True:
        try:
            link = await login.link()
        except PasswordNeeded:
            return await _ask_password(login, call)
        if isinstance(link, Profile):
            return await _finish(login, call.account, call.token, link)
        await in_thread(_keep_link, call, link, login.session)
        left = link.expires - LINK_MARGIN - timezone.now()
        await login.wait_until_scanned(max(left.total_seconds(), SHORTEST_LINK))


# --- an existing session --------------------------------------------------------------------------------


@step("sign_in_import")
async def check_import(login: "MtprotoLogin", call: calls.Call) -> dict[str, Any]:
    """Connect with the session; it is stored only when Telegram knows it."""
    try:
        data = imports.parse(await in_thread(_take_handed, call))
    except imports.NotASession as error:
        raise Refused("NOT_A_SESSION") from error
    profile = await login.adopt(data)
    return await _finish(login, call.account, call.token, profile)


# --- the end ----------------------------------------------------------------------------------------------


async def resume(login: "MtprotoLogin", account_id: int, token: int) -> None:
    """After connecting: finish what an earlier runner was not given the time to write."""
    profile = await login.who()
    if profile:
        await _finish(login, account_id, token, profile)
    else:
        await in_thread(_update, account_id, token, session=seal_session(login.session))


async def _admitted(login: "MtprotoLogin", call: calls.Call, asking: Awaitable[Profile]) -> dict[str, Any]:
    try:
        profile = await asking
    except PasswordNeeded:
        return await _ask_password(login, call)
    return await _finish(login, call.account, call.token, profile)


async def _ask_password(login: "MtprotoLogin", call: calls.Call) -> dict[str, Any]:
    hint = await login.password_hint()
    await in_thread(_update, call.account, call.token, step=Step.PASSWORD, hint=hint[:128], link=None)
    return {}


async def _finish(login: "MtprotoLogin", account_id: int, token: int, profile: Profile) -> dict[str, Any]:
    imported = await in_thread(_is_import, account_id)
    try:
        await in_thread(finished, account_id, token, profile, login.session)
    except Refused as error:
        await in_thread(note_problem, account_id, token, error)
        if not imported:
            # an imported session may be the very one in use; a new one is nobody's
            await login.log_out()
        await in_thread(_update, account_id, token, session=None)
        login.finished = True
        raise
    login.finished = True
    return {"name": profile.first_name, "username": profile.username}


def finished(account_id: int, token: int, profile: Profile, session: SessionData) -> None:
    """The account is ours and active. Raises Refused where it is not the one, or is here already."""
    phone = f"+{profile.phone}" if profile.phone else ""
    try:
        with transaction.atomic():
            account = _held(account_id, token).select_for_update(of=("self",), no_key=True).first()
            if account is None:
                raise OutcomeUnknown("LEASE_LOST")
            _refuse_another(account, profile, phone)
            sign_in = SignIn.objects.get(account=account)
            account.telegram_user_id, account.session = profile.id, seal_session(session)
            account.username, account.first_name = profile.username, profile.first_name
            if phone:
                account.phone, account.phone_hash = Sealed.seal("personal", phone), phones.phone_hash(phone)
                account.phone_mask = phones.mask(phone)
            account.state, account.state_reason, account.state_since = State.ACTIVE, "", timezone.now()
            account.save()
            event = AccountSecurityLog.Event.SIGNED_IN
            health.log_event(account_id, event, staff=sign_in.staff, method=sign_in.method)
            sign_in.delete()
    except IntegrityError as error:
        raise Refused("ACCOUNT_HERE_ALREADY") from error


def _refuse_another(account: TelegramAccountSession, profile: Profile, phone: str) -> None:
    if account.telegram_user_id not in (None, profile.id):
        raise Refused("ANOTHER_ACCOUNT")
    others = TelegramAccountSession.objects.exclude(pk=account.pk)
    same = others.filter(telegram_user_id=profile.id)
    if same.exists() or (phone and others.filter(phone_hash=phones.phone_hash(phone)).exists()):
        raise Refused("ACCOUNT_HERE_ALREADY")


# --- rows --------------------------------------------------------------------------------------------------


def is_over(gateway: Gateway) -> bool:
    """Whether a gateway for signing in has done what it was for."""
    return cast("MtprotoLogin", gateway).finished


def is_under_way(account_id: int) -> bool:
    return TelegramAccountSession.objects.filter(id=account_id, state=State.SIGNING_IN).exists()


def session_of(account_id: int) -> SessionData | None:
    """The half-signed-in session; None before the first connection, or when it was of no use."""
    sign_in = SignIn.objects.filter(account_id=account_id).first()
    return opened_session(sign_in.session) if sign_in and sign_in.session else None


def connection_refused(account_id: int, token: int, error: GatewayError) -> None:
    """A key that Telegram does not know is not tried again."""
    _update(account_id, token, session=None)
    note_problem(account_id, token, error)


def note_problem(account_id: int, token: int, error: GatewayError) -> None:
    """Keep what went wrong for the page, which has words for it."""
    until: datetime | None = None
    if isinstance(error, Waiting) and error.retry_after:
        until = timezone.now() + timedelta(seconds=error.retry_after)
    _own(account_id, token).update(problem=error.code[:64], wait_until=until)


def _held(account_id: int, token: int) -> QuerySet[Any]:
    return TelegramAccountSession.objects.filter(id=account_id, lease_token=token, state=State.SIGNING_IN)


def _own(account_id: int, token: int) -> QuerySet[Any]:
    return SignIn.objects.filter(account__in=_held(account_id, token), expires_at__gt=timezone.now())


def _update(account_id: int, token: int, **values: Any) -> None:
    """Raises OutcomeUnknown where the sign-in is over or another's."""
    if not _own(account_id, token).update(**values):
        raise OutcomeUnknown("SIGN_IN_OVER")


def _take_handed(call: calls.Call) -> str:
    """What the page handed over, which is gone from here on. Raises Refused where there is nothing."""
    with transaction.atomic():
        row = _own(call.account, call.token).select_for_update(of=("self",), no_key=True).first()
        if row is None or row.handed is None:
            raise Refused("NOTHING_HANDED_OVER")
        sealed, row.handed = bytes(row.handed), None
        row.save(update_fields=["handed"])
    return sealing.unseal(sealed)


def _phone(account_id: int) -> str:
    account = TelegramAccountSession.objects.get(id=account_id)
    if account.phone is None:
        raise Refused("PHONE_NUMBER_INVALID")
    return str(account.phone.reveal_text())


def _phone_and_hash(account_id: int) -> tuple[str, str]:
    sign_in = SignIn.objects.get(account_id=account_id)
    if sign_in.code_hash is None:
        raise Refused("PHONE_CODE_EXPIRED")
    return _phone(account_id), str(sign_in.code_hash.reveal_text())


def _is_import(account_id: int) -> bool:
    return SignIn.objects.filter(account_id=account_id, method=SignIn.Method.IMPORT).exists()


def _code_sent(call: calls.Call, sent: "SentCode", session: SessionData) -> None:
    _update(
        call.account,
        call.token,
        step=Step.CODE,
        session=seal_session(session),
        code_hash=Sealed.seal("session", sent.hash),
        code_kind=sent.kind,
        code_length=sent.length,
        next_kind=sent.next_kind,
        resend_at=timezone.now() + timedelta(seconds=sent.timeout),
    )


def _keep_link(call: calls.Call, link: "LoginLink", session: SessionData) -> None:
    _update(
        call.account,
        call.token,
        step=Step.LINK,
        link=Sealed.seal("personal", link.url),
        link_until=link.expires,
        session=seal_session(session),
    )
