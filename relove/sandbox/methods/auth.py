"""auth.* and account.getPassword: signing in by code, with a second password, or by a scanned link."""

import time
from typing import Any

from telethon.tl import types
from telethon.tl.functions import account, auth

from relove.sandbox.methods.registry import Call, handles
from relove.sandbox.sign_ins import Code, Link, SignIns, active, algorithm
from relove.sandbox.tl import RpcError
from relove.sandbox.world import User

_SENT = {
    "app": types.auth.SentCodeTypeApp,
    "sms": types.auth.SentCodeTypeSms,
    "call": types.auth.SentCodeTypeCall,
}
_NEXT = {"app": types.auth.CodeTypeSms(), "sms": types.auth.CodeTypeCall(), "call": None}


def _sign_ins(call: Call) -> SignIns:
    return call.core.sign_ins


def _sent(call: Call, code: Code) -> Any:
    following = _NEXT[code.kind]
    return types.auth.SentCode(
        type=_SENT[code.kind](length=len(code.digits)),
        phone_code_hash=code.hash,
        next_type=following,
        timeout=call.world.settings.resend_seconds if following else None,
    )


@handles(auth.SendCodeRequest)
def send_code(call: Call, request: Any) -> Any:
    return _sent(call, _sign_ins(call).send_code(call.key.id, request.phone_number))


@handles(auth.ResendCodeRequest)
def resend_code(call: Call, request: Any) -> Any:
    return _sent(call, _sign_ins(call).resend(call.key.id, request.phone_number, request.phone_code_hash))


@handles(auth.SignInRequest)
def sign_in(call: Call, request: Any) -> Any:
    code = request.phone_code or ""
    user = _sign_ins(call).use_code(call.key.id, request.phone_number, request.phone_code_hash, code)
    if user is None:
        return types.auth.AuthorizationSignUpRequired()
    return _admit(call, user)


@handles(account.GetPasswordRequest)
def get_password(call: Call, request: Any) -> Any:
    user = _whose_password(call)
    unused = types.SecurePasswordKdfAlgoUnknown()
    common = {"new_algo": algorithm(user.id), "new_secure_algo": unused, "secure_random": b""}
    if not user.password:
        return types.account.Password(**common)
    number, public = _sign_ins(call).ask_password(user)
    return types.account.Password(
        **common,
        has_password=True,
        current_algo=algorithm(user.id),
        srp_B=public,
        srp_id=number,
        hint=user.password_hint or None,
    )


@handles(auth.CheckPasswordRequest)
def check_password(call: Call, request: Any) -> Any:
    user, given = _whose_password(call), request.password
    if not isinstance(given, types.InputCheckPasswordSRP):
        raise RpcError("PASSWORD_HASH_INVALID")
    _sign_ins(call).check_password(user, given.srp_id, given.A, given.M1)
    return _authorization(call, user)


@handles(auth.ExportLoginTokenRequest, auth.ImportLoginTokenRequest)
def login_token(call: Call, request: Any) -> Any:
    """A link to show, or, once somebody has scanned it, that person's authorisation."""
    link = _sign_ins(call).link(call.key.id)
    if link.user is None:
        return types.auth.LoginToken(expires=int(link.expires), token=link.token)
    _sign_ins(call).forget_links(call.key.id)
    return types.auth.LoginTokenSuccess(_admit(call, call.world.users[link.user]))


@handles(auth.AcceptLoginTokenRequest)
def accept_login_token(call: Call, request: Any) -> Any:
    link = _sign_ins(call).scan(request.token, call.user)
    tell_scanned(call.core, link)
    now = int(time.time())
    return types.Authorization(
        hash=0,
        device_model="",
        platform="",
        system_version="",
        api_id=0,
        app_name="",
        app_version="",
        date_created=now,
        date_active=now,
        ip="",
        country="",
        region="",
    )


def tell_scanned(core: Any, link: Link) -> None:
    """The connections that show the link hear that it was scanned."""
    update = types.UpdateShort(types.UpdateLoginToken(), int(time.time()))._bytes()
    for connection in core.connections:
        if connection.key and connection.key.id == link.key:
            connection.push(update)
    core.touch()


def _admit(call: Call, user: User) -> Any:
    """The authorisation, if no second password stands before it."""
    if user.password:
        call.key.pending = user.id
        raise RpcError("SESSION_PASSWORD_NEEDED")
    return _authorization(call, user)


def _authorization(call: Call, user: User) -> Any:
    active(call.key, user)
    call.core.touch()
    return types.auth.Authorization(user=call.core.views.user(user, user))


def _whose_password(call: Call) -> User:
    if call.key.pending is not None:
        return call.world.users[call.key.pending]
    return call.user
