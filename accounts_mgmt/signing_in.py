"""Signing in, seen from pages and commands: begin, hand over what a person typed, leave off.

An account under way is in the state `signing_in` and leased like any other, so its client lives in a
runner (`accounts_mgmt.sign_in_steps`); every step is an account call. Its SignIn row says where it stands,
survives reloads and restarts, and goes with the end of the sign-in or after ten minutes.
"""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts_mgmt import calls, handover, phones, sessions
from accounts_mgmt.models import AccountCall, SignIn, TelegramAccountSession
from relove.fields import Sealed
from relove.models import Staff

State, Method, Step = TelegramAccountSession.State, SignIn.Method, SignIn.Step
PATIENCE = timedelta(minutes=10)
# Where signing in again is of use.
MAY_SIGN_IN = (State.SIGNED_OUT, State.BANNED, State.DISABLED)
CODE_EXPIRED = "PHONE_CODE_EXPIRED"
FIRST_CALL = {Method.CODE: "sign_in_code_request", Method.LINK: "sign_in_link"}


class AlreadyHere(Exception):
    """The account is connected, or being connected, already."""

    def __init__(self, account: TelegramAccountSession) -> None:
        super().__init__(str(account))
        self.account = account


class TooEarly(ValidationError):
    """A code was sent a moment ago."""


def begin(
    *, label: str, role: str, method: str, phone: str = "", staff: Staff | None, now: datetime
) -> TelegramAccountSession:
    """A new account, being signed in. By code it needs the phone (normalised). Raises AlreadyHere."""
    numbered: dict[str, Any] = {}
    if phone:
        numbered = {
            "phone": Sealed.seal("personal", phone),
            "phone_hash": phones.phone_hash(phone),
            "phone_mask": phones.mask(phone),
        }
        expire(now)
        refuse_known(phone)
    try:
        with transaction.atomic():
            account = TelegramAccountSession.objects.create(
                label=label, role=role, state=State.SIGNING_IN, state_since=now, **numbered
            )
            _open(account, method, staff, now)
    except IntegrityError:
        # somebody else was quicker by a moment
        refuse_known(phone)
        raise
    return account


def refuse_known(phone: str) -> None:
    known = TelegramAccountSession.objects.filter(phone_hash=phones.phone_hash(phone)).first()
    if known:
        raise AlreadyHere(known)


def begin_again(account: TelegramAccountSession, method: str, staff: Staff | None, now: datetime) -> None:
    """Sign an account of ours in anew. Raises ValidationError where that cannot be."""
    with transaction.atomic():
        row = TelegramAccountSession.objects.select_for_update(no_key=True).get(pk=account.pk)
        if row.state not in MAY_SIGN_IN:
            raise ValidationError(_("The account is signed in, or somebody is signing it in."))
        if method == Method.CODE and row.phone is None:
            raise ValidationError(_("The account's phone number is not known here: sign in by a QR code."))
        before = {"previous_state": row.state, "previous_reason": row.state_reason}
        row.state, row.state_reason, row.state_since, row.session = State.SIGNING_IN, "", now, None
        row.save(update_fields=["state", "state_reason", "state_since", "session"])
        sessions.KEPT.forget(row.pk)
        _open(row, method, staff, now, **before)


def _open(
    account: TelegramAccountSession, method: str, staff: Staff | None, now: datetime, **before: str
) -> SignIn:
    sign_in = SignIn.objects.create(
        account=account, method=method, staff=staff, expires_at=now + PATIENCE, **before
    )
    if method in FIRST_CALL:
        _ask(sign_in, FIRST_CALL[Method(method)], staff, now)
    return sign_in


def under_way(account_id: int, now: datetime) -> SignIn | None:
    """The account's sign-in, if it has one that has not expired."""
    found: SignIn | None = (
        SignIn.objects.select_related("account").filter(account_id=account_id, expires_at__gt=now).first()
    )
    return found


def answer_awaited(sign_in: SignIn) -> bool:
    """Whether a step is being carried out; showing a link lasts, and nobody waits for its end."""
    return AccountCall.objects.open().filter(account_id=sign_in.account_id).exclude(kind="sign_in_link").exists()


def link_is_watched(sign_in: SignIn) -> bool:
    return AccountCall.objects.open().filter(account_id=sign_in.account_id, kind="sign_in_link").exists()


def hand_over_code(sign_in: SignIn, code: str, staff: Staff | None, now: datetime) -> None:
    """Have the code tried. Raises handover.NoRunner."""
    _hand_over(sign_in, "sign_in_code", "".join(code.split()), staff, now)


def hand_over_password(sign_in: SignIn, password: str, staff: Staff | None, now: datetime) -> None:
    """Have the second password tried, exactly as it was typed. Raises handover.NoRunner."""
    _hand_over(sign_in, "sign_in_password", password, staff, now)


def hand_over_session(sign_in: SignIn, session: str, staff: Staff | None, now: datetime) -> None:
    """Have an imported session (accounts_mgmt.imports) checked. Raises handover.NoRunner."""
    _hand_over(sign_in, "sign_in_import", session, staff, now)


def ask_code_again(sign_in: SignIn, staff: Staff | None, now: datetime) -> None:
    """Raises TooEarly before the time that Telegram named."""
    if sign_in.resend_at and sign_in.resend_at > now:
        raise TooEarly(_("The code is still on its way; it can be asked for again a little later."))
    # a code that has expired cannot be sent another way: a new one begins anew
    expired = sign_in.problem == CODE_EXPIRED
    kind = "sign_in_resend" if sign_in.next_kind and not expired else "sign_in_code_request"
    _ask(sign_in, kind, staff, now)


def ask_link(sign_in: SignIn, staff: Staff | None, now: datetime) -> None:
    if not link_is_watched(sign_in):
        _ask(sign_in, "sign_in_link", staff, now)


def leave_off(sign_in: SignIn) -> None:
    """End a sign-in that came to nothing: a new account goes, one of ours is what it was."""
    with transaction.atomic():
        account = TelegramAccountSession.objects.select_for_update(no_key=True).get(pk=sign_in.account_id)
        if account.state != State.SIGNING_IN:
            return
        if not sign_in.previous_state:
            account.delete()
            return
        account.state, account.state_reason = sign_in.previous_state, sign_in.previous_reason
        account.save(update_fields=["state", "state_reason"])
        SignIn.objects.filter(pk=sign_in.pk).delete()


def expire(now: datetime) -> int:
    """Leave off what nobody has finished in time; says how many."""
    late = list(SignIn.objects.filter(expires_at__lte=now))
    for sign_in in late:
        leave_off(sign_in)
    return len(late)


def _hand_over(sign_in: SignIn, kind: str, secret: str, staff: Staff | None, now: datetime) -> None:
    SignIn.objects.filter(pk=sign_in.pk).update(handed=handover.seal(secret))
    _ask(sign_in, kind, staff, now)


def _ask(sign_in: SignIn, kind: str, staff: Staff | None, now: datetime) -> None:
    with transaction.atomic():
        SignIn.objects.filter(pk=sign_in.pk).update(problem="", wait_until=None)
        patience = sign_in.expires_at - now if kind == "sign_in_link" else calls.PATIENCE
        calls.ask(sign_in.account_id, kind, {}, now=now, asked_by=staff, patience=patience)
