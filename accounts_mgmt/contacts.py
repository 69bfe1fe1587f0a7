"""Who speaks with whom, and whether anybody may: stops, pauses, crises, caps per person.

`hear` reads every private message, whatever the account's role, and notes what was asked; what is said in
answer, and what the send asks, stands in accounts_mgmt.private.
"""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts_mgmt import crises
from accounts_mgmt.models import Contact, CrisisContact
from accounts_mgmt.stops import Said, Wish, read
from relove import oplog, suppression, zones
from relove.models import Staff, TelegramUser

EMERGENCY = {"ru": "единый номер экстренных служб 112", "en": "the emergency number 112"}


def hear(contact: Contact, account_id: int, text: str, now: datetime) -> Said | None:
    """Note that the person wrote, and what they asked for; answers what is new in it.

    A stop that stands already, or a second call for help, is noted once: it is answered once. The caller has
    locked the contact.
    """
    contact.wrote_at = now
    contact.account_id = contact.account_id or account_id
    contact.save()
    said = read(text, timezone.localtime(now))
    return said if said and _heeded(contact, account_id, said, now) else None


def cry(user: TelegramUser, account_id: int, now: datetime) -> bool:
    """Note a crisis that was seen without a phrase of the list; answers whether it is the first."""
    return _heeded(lock(user), account_id, Said(Wish.CRISIS), now)


def _heeded(contact: Contact, account_id: int, said: Said, now: datetime) -> bool:
    """Note a wish; answers whether it changes something."""
    is_new = _note(contact, said, now)
    contact.save()
    if is_new:
        oplog.log_activity(said.wish.value, user_id=contact.user_id, account=account_id)
    return is_new


def lock(user: TelegramUser) -> Contact:
    """The person's row, made at the first meeting, ours until the transaction ends."""
    known: Contact | None = Contact.objects.select_for_update().filter(user=user).first()
    return known or _met(user)


def _met(user: TelegramUser) -> Contact:
    _contact, is_new = Contact.objects.get_or_create(user=user)
    if is_new and suppression.is_suppressed(user.telegram_id):
        # whoever was erased is not written to again, unless they ask for it themselves
        Contact.objects.filter(user=user).update(stopped_at=timezone.now())
    contact: Contact = Contact.objects.select_for_update().get(user=user)
    return contact


def _note(contact: Contact, said: Said, now: datetime) -> bool:
    """Whether it changes something."""
    match said.wish:
        case Wish.CRISIS:
            fresh = contact.crisis_at is None
            # a second cry after somebody took over alerts again, but gets no second fixed reply
            if fresh or contact.acknowledged_at:
                contact.told_staff = None
                crises.call(contact, now)
            contact.crisis_at, contact.acknowledged_at, contact.acknowledged_by = now, None, None
            return fresh
        case Wish.STOP:
            fresh = contact.stopped_at is None
            contact.stopped_at = contact.stopped_at or now
            return fresh
        case Wish.PAUSE:
            contact.paused_until = said.until
        case Wish.RESUME:
            changed = bool(contact.stopped_at or contact.paused_until)
            contact.stopped_at = contact.paused_until = None
            return changed
    return True


def may_nudge(contact: Contact, now: datetime) -> bool:
    """Whether the person may be written to unasked: no stop, no crisis, no quiet, and day where they are."""
    is_quiet = contact.paused_until is not None and contact.paused_until > now
    return not contact.halted and not is_quiet and zones.is_day(contact.user.zone, now)


def help_contacts(language: str) -> str:
    """The confirmed help contacts of all countries; the emergency number where there are none."""
    rows = CrisisContact.objects.confirmed().order_by("country")
    named = "; ".join(f"{row.country}: {row.text}" for row in rows)
    return named or EMERGENCY.get(language, EMERGENCY["ru"])


def may_run() -> bool:
    """With the real Telegram nothing runs before one help contact has been confirmed by a named person."""
    return settings.TELEGRAM_GATEWAY == "sandbox" or CrisisContact.objects.confirmed().exists()


# --- what staff do -----------------------------------------------------------------------------------


def acknowledge(contact: Contact, staff: Staff, now: datetime) -> None:
    """A person takes care of it; automation stays off until somebody lets it go on."""
    contact.acknowledged_at, contact.acknowledged_by = now, staff
    contact.save(update_fields=["acknowledged_at", "acknowledged_by"])
    oplog.log_activity("acknowledge_crisis", staff_id=staff.pk, subject=("contacts", contact.pk))


def resume(contact: Contact, staff: Staff, reason: str) -> None:
    """Record the person's request that automation go on. A crisis is taken over first."""
    if contact.crisis_at and not contact.acknowledged_at:
        raise ValueError("a crisis is acknowledged first")
    contact.stopped_at = contact.paused_until = contact.crisis_at = None
    contact.save(update_fields=["stopped_at", "paused_until", "crisis_at"])
    oplog.log_activity("resume_contact", staff_id=staff.pk, subject=("contacts", contact.pk), text=reason)


@transaction.atomic
def record_consent(user: TelegramUser, given_at: datetime, how: str, staff: Staff) -> None:
    """Somebody agreed to be written to: a first private message is allowed from now on."""
    contact = lock(user)
    contact.consent_at, contact.consent_note, contact.consent_by = given_at, how, staff
    contact.save(update_fields=["consent_at", "consent_note", "consent_by"])
    subject = ("contacts", contact.pk)
    oplog.log_activity(
        "record_consent", staff_id=staff.pk, subject=subject, text=how, given_at=given_at.isoformat()
    )


@transaction.atomic
def withdraw_consent(user: TelegramUser, why: str, staff: Staff) -> None:
    """The person takes it back: nothing goes to them unless they write to us."""
    contact = lock(user)
    contact.consent_at, contact.consent_note, contact.consent_by = None, "", None
    contact.save(update_fields=["consent_at", "consent_note", "consent_by"])
    oplog.log_activity("withdraw_consent", staff_id=staff.pk, subject=("contacts", contact.pk), text=why)


def hand_over(contact: Contact, account_id: int, staff: Staff) -> None:
    """From now on another account speaks with the person."""
    contact.account_id = account_id
    contact.save(update_fields=["account"])
    oplog.log_activity("hand_over", staff_id=staff.pk, subject=("contacts", contact.pk), account=account_id)
