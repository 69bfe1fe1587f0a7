"""Proof of who is at the page: the second factor, a fresh password before what is sensitive, sign-ins.

The session holds two marks: SECOND_FACTOR, the authenticator that was shown after the password, and
PROVED_AT, when the person last proved who they are.
"""

import base64
import secrets
import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from relove import oplog, roles
from relove.access_models import Authenticator, RecoveryCode, StaffSession
from relove.fields import Sealed, keyed_hash
from relove.models import Staff

SECOND_FACTOR, PROVED_AT = "relove_second_factor", "relove_proved_at"
SECRET_BYTES = 20
RECOVERY_CODES = 10
# so many wrong codes in a row, and recovery codes are no way in either until the right code was shown
FREE_TRIES = 10
FRESH_SECONDS = 15 * 60


# --- the second factor -----------------------------------------------------------------------------------


def needs_second_factor(staff: Staff) -> bool:
    """Whoever has an authenticator, and whoever must have one (RELOVE_SECOND_FACTOR)."""
    if Authenticator.objects.filter(staff=staff, confirmed_at__isnull=False).exists():
        return True
    match settings.SECOND_FACTOR:
        case "everyone":
            return True
        case "managers":
            return staff.is_superuser or staff.groups.filter(name__in=roles.ABOVE_OPERATORS).exists()
    return False


def has_passed(session: Any, staff: Staff | None) -> bool:
    """Whether this sign-in has shown the second factor, or needs none; never for a stranger."""
    if staff is None:
        return False
    if not needs_second_factor(staff):
        return True
    shown = session.get(SECOND_FACTOR)
    return bool(shown) and Authenticator.objects.filter(pk=shown, staff=staff, confirmed_at__isnull=False).exists()


def pending(staff: Staff) -> Authenticator:
    """The staff member's authenticator, with a fresh secret until the first code has been right."""
    device, _is_new = Authenticator.objects.get_or_create(
        staff=staff, defaults={"secret": Sealed.seal("personal", secrets.token_bytes(SECRET_BYTES))}
    )
    return device


def address_of(device: Authenticator) -> str:
    """The otpauth address that an authenticator reads from a QR code."""
    name = quote(f"reLove:{device.staff.get_username()}")
    return f"otpauth://totp/{name}?{urlencode({'secret': typed_secret(device), 'issuer': 'reLove'})}"


def typed_secret(device: Authenticator) -> str:
    """The secret as a person types it: base32."""
    return base64.b32encode(device.secret.reveal()).decode().rstrip("=")


def show(request: HttpRequest, staff: Staff, code: str) -> bool:
    """Take a code of the authenticator or a recovery code; marks the session when it is right."""
    device = Authenticator.objects.filter(staff=staff).first()
    plain = code.replace(" ", "").replace("-", "").lower()
    if device is None or not (device.accepts(plain) or (device.confirmed_at and _recovers(device, plain))):
        return False
    if device.confirmed_at is None:
        Authenticator.objects.filter(pk=device.pk).update(confirmed_at=timezone.now())
        oplog.log_activity("second_factor_added", staff_id=staff.pk)
    request.session.cycle_key()
    request.session[SECOND_FACTOR] = device.pk
    prove(request)
    remember(request, staff)
    return True


def _recovers(device: Authenticator, code: str) -> bool:
    """The code has counted as a wrong one of the authenticator already: guesses of both rest together."""
    good = RecoveryCode.objects.filter(staff=device.staff, used_at=None, code_hash=_hash(device.staff, code))
    if device.failures > FREE_TRIES or not good.update(used_at=timezone.now()):
        return False
    device.note(is_right=True)
    oplog.log_activity("recovery_code_used", staff_id=device.staff_id)
    return True


def _hash(staff: Staff, code: str) -> str:
    return keyed_hash(f"recovery:{staff.pk}:{code}")


@transaction.atomic
def new_recovery_codes(staff: Staff) -> list[str]:
    """Ten fresh codes in place of the old ones; shown once."""
    RecoveryCode.objects.filter(staff=staff).delete()
    codes = [secrets.token_hex(5) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create([RecoveryCode(staff=staff, code_hash=_hash(staff, code)) for code in codes])
    return [f"{code[:5]}-{code[5:]}" for code in codes]


@transaction.atomic
def take_away(staff: Staff, by: Staff) -> None:
    """Remove the second factor, for somebody who lost the phone and the codes too."""
    Authenticator.objects.filter(staff=staff).delete()
    RecoveryCode.objects.filter(staff=staff).delete()
    oplog.log_activity("second_factor_removed", staff_id=by.pk, subject=("staff", staff.pk))


# --- a fresh proof ---------------------------------------------------------------------------------------


def prove(request: HttpRequest) -> None:
    request.session[PROVED_AT] = int(time.time())


def is_fresh(request: HttpRequest) -> bool:
    return bool(time.time() - request.session.get(PROVED_AT, 0) < FRESH_SECONDS)


View = Callable[..., HttpResponse]


def fresh(view: View) -> View:
    """Ask for the password again where the last proof is older than a quarter of an hour."""

    @wraps(view)
    def asked(*args: Any, **kwargs: Any) -> HttpResponse:
        request = next(value for value in args if isinstance(value, HttpRequest))
        if is_fresh(request):
            return view(*args, **kwargs)
        # what a form held is not carried along: the page comes again, empty
        return redirect(f"{reverse('admin:prove')}?{urlencode({'next': request.get_full_path()})}")

    return asked


# --- sign-ins --------------------------------------------------------------------------------------------


def remember(request: HttpRequest, staff: Staff) -> None:
    """Note where the person signed in; the session's key changes with every step of a sign-in."""
    if request.session.session_key is None:
        request.session.save()
    key = request.session.session_key
    assert key is not None
    StaffSession.objects.update_or_create(
        session_key=key,
        defaults={
            "staff": staff,
            "address": request.META.get("REMOTE_ADDR") or None,
            "browser": request.headers.get("User-Agent", "")[:255],
        },
    )


def signed_in(sender: Any, request: HttpRequest, user: Staff, **kwargs: Any) -> None:
    """Connected to user_logged_in."""
    prove(request)
    remember(request, user)


def sessions_of(staff: Staff) -> list[StaffSession]:
    """Sign-ins that still hold; what has ended is forgotten."""
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    StaffSession.objects.filter(staff=staff).exclude(session_key__in=alive).delete()
    return list(StaffSession.objects.filter(staff=staff).order_by("-created_at"))


def sign_out(staff: Staff, *, but: str | None = None, only: int | None = None) -> int:
    """End the person's sign-ins, all but one session or only one; says how many."""
    rows = StaffSession.objects.filter(staff=staff)
    rows = rows.filter(pk=only) if only else rows.exclude(session_key=but or "")
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    rows.delete()
    oplog.log_activity("sign_out", staff_id=staff.pk, count=len(keys))
    return len(keys)
