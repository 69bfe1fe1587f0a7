"""What staff do to an account's own profile: read it, change it, put up a photo, see and end authorisations.

Each writes an account call; nothing here speaks with Telegram.
"""

from datetime import datetime, timedelta
from io import BytesIO
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from accounts_mgmt import calls
from accounts_mgmt.models import AccountCall, AccountPhoto, TelegramAccountSession
from relove.models import Staff

# Telegram's own limits; with Premium the bio may be longer, which the disclosure does not count on.
NAME_LENGTH, BIO_LENGTH = 64, 70
PHOTO_SIDE = 640
LARGEST_PHOTO = 10 * 1024 * 1024
LARGEST_SIDE = 8000
READ_EVERY = timedelta(days=1)
ASK_AT_ONCE = 50


def check_bio(account: TelegramAccountSession, bio: str) -> None:
    """Raises ValidationError where the disclosure would be lost, or the text is too long."""
    if len(bio) > BIO_LENGTH:
        raise ValidationError(_("A bio has at most %(count)s characters.") % {"count": BIO_LENGTH})
    if account.disclosure and account.disclosure not in bio:
        raise ValidationError(
            _("The disclosure must stand in the bio word by word: “%(text)s”.") % {"text": account.disclosure}
        )


def change(
    account: TelegramAccountSession, *, first_name: str, last_name: str, bio: str, staff: Staff, now: datetime
) -> AccountCall:
    """Have name and bio changed in Telegram. Raises ValidationError."""
    check_bio(account, bio)
    arguments = {"first_name": first_name, "last_name": last_name, "bio": bio, "staff": staff.pk}
    return calls.ask(account.pk, "set_profile", arguments, now=now, asked_by=staff)


def put_up_photo(account: TelegramAccountSession, file: IO[bytes], staff: Staff, now: datetime) -> AccountCall:
    """Have a photo put up: cut to a square, without what a camera wrote into it. Raises ValidationError."""
    picture = as_photo(file)
    with transaction.atomic():
        AccountPhoto.objects.update_or_create(account=account, defaults={"wanted": picture})
        return calls.ask(account.pk, "set_photo", {"staff": staff.pk}, now=now, asked_by=staff)


def as_photo(file: IO[bytes]) -> bytes:
    """A square JPEG of 640 pixels. Raises ValidationError where it is no picture."""
    data = file.read(LARGEST_PHOTO + 1)
    if len(data) > LARGEST_PHOTO:
        raise ValidationError(_("The picture is larger than 10 MB."))
    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as picture:
            if max(picture.size) > LARGEST_SIDE:
                raise ValidationError(_("The picture is larger than 8000 pixels a side."))
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValidationError(_("This is no picture that can be read: take a JPEG, PNG or WebP.")) from error
    square = ImageOps.fit(upright, (PHOTO_SIDE, PHOTO_SIDE))
    made = BytesIO()
    square.save(made, "JPEG", quality=88)
    return made.getvalue()


def read(account: TelegramAccountSession, staff: Staff | None, now: datetime) -> AccountCall:
    return calls.ask(account.pk, "profile", {}, now=now, asked_by=staff)


def read_authorizations(account: TelegramAccountSession, staff: Staff, now: datetime) -> AccountCall:
    return calls.ask(account.pk, "authorizations", {}, now=now, asked_by=staff)


def end_authorization(account: TelegramAccountSession, number: str, staff: Staff, now: datetime) -> AccountCall:
    arguments = {"number": number, "staff": staff.pk}
    return calls.ask(account.pk, "end_authorization", arguments, now=now, asked_by=staff)


def authorizations(account: TelegramAccountSession) -> tuple[list[dict[str, Any]], datetime | None]:
    """Where the account was signed in when it was last asked, and when that was; None for never."""
    answered = AccountCall.objects.filter(
        account=account, kind__in=("authorizations", "end_authorization"), state=AccountCall.State.DONE
    )
    call = answered.order_by("-id").first()
    return (call.result["authorizations"], call.finished_at) if call else ([], None)


def read_daily(now: datetime) -> int:
    """Ask the accounts in order for their profiles once a day, to see the disclosure there; says how many."""
    due = TelegramAccountSession.objects.active().filter(
        Q(profile_read_at=None) | Q(profile_read_at__lte=now - READ_EVERY)
    )
    waiting = AccountCall.objects.open().filter(kind="profile").values("account")
    chosen = due.exclude(pk__in=waiting).exclude(session=None).order_by("profile_read_at", "pk")[:ASK_AT_ONCE]
    for account in chosen:
        read(account, None, now)
    return len(chosen)
