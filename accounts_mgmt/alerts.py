"""The one door for alerts: what staff must know at once.

The same thing is told once in half an hour, and all things together thirty times an hour: a storm of them
says no more than its beginning, and what was not told stands in the list of alerts. Told are the staff on
duty who linked their Telegram, by the main account they linked it with. Where that account is in trouble
itself, or nobody is linked, the alert goes by e-mail, which a regular task sends.
"""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts_mgmt import staff_links
from accounts_mgmt.models import Alert, StaffMessage, StaffTelegram, TelegramAccountSession
from relove import desk, live
from relove.models import Staff

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

logger = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(minutes=30)
LASTS = timedelta(hours=12)
HOUR = timedelta(hours=1)
MOST_AN_HOUR = 30
MAILS_AT_ONCE = 20


def tell(key: str, text: "StrPromise", *, now: datetime, **values: Any) -> bool:
    """Tell the staff on duty; `key` names the thing, `text` is a lazy translation into which `values` go.

    Answers whether it was told now, and not a moment ago. Runs in the caller's transaction.
    """
    with transaction.atomic():
        alert = _record(key, _worded(text, values, settings.LANGUAGE_CODE), now)
        is_fresh = alert.told_at is None or alert.told_at <= now - AGAIN_AFTER
        if not is_fresh or _told_lately(now) >= MOST_AN_HOUR:
            return False
        told = [_write(link, _worded(text, values, link.staff.language), now) for link in _reachable()]
        alert.told_at, alert.told_count, alert.mail_due = now, len(told), not told
        alert.save(update_fields=["told_at", "told_count", "mail_due"])
        live.publish(desk.TOPIC)
    return True


def tell_next(key: str, text: "StrPromise", after: int | None, *, now: datetime, **values: Any) -> Staff | None:
    """Tell one of the staff on duty, in turn: who comes after the one with the id `after`. Never held back.

    Answers who; None where nobody is reachable and it goes by e-mail. Runs in the caller's transaction.
    """
    alert = _record(key, _worded(text, values, settings.LANGUAGE_CODE), now)
    links = sorted(_reachable(), key=lambda link: link.staff_id)
    later = [link for link in links if after is not None and link.staff_id > after]
    chosen = next(iter(later or links), None)
    if chosen:
        _write(chosen, _worded(text, values, chosen.staff.language), now)
    alert.told_at, alert.told_count, alert.mail_due = now, int(chosen is not None), chosen is None
    alert.save(update_fields=["told_at", "told_count", "mail_due"])
    return chosen.staff if chosen else None


def send_mails(now: datetime) -> int:
    """Send what is to be told by e-mail; what a server does not take is tried at the next run. Says how many."""
    receivers = mail_receivers()
    due = list(Alert.objects.to_mail().order_by("id")[:MAILS_AT_ONCE]) if receivers else []
    sent = 0
    for alert in due:
        try:
            send_mail(_("reLove: needs a person"), alert.text, settings.DEFAULT_FROM_EMAIL, receivers)
        except OSError as error:
            # smtplib's errors are among them
            logger.error("an alert could not be sent by e-mail: %s", type(error).__name__)
            break
        Alert.objects.filter(pk=alert.pk).update(mail_due=False, mailed_at=now)
        sent += 1
    return sent


def mail_receivers() -> list[str]:
    """The addresses of the settings; without any, those of the people with full access."""
    own = Staff.objects.filter(is_active=True, is_superuser=True).exclude(email="")
    return list(settings.ALERT_EMAILS) or list(own.values_list("email", flat=True))


def _record(key: str, text: str, now: datetime) -> Alert:
    """The thing's row, ours until the transaction ends."""
    _alert, is_new = Alert.objects.get_or_create(key=key, defaults={"text": text, "happened_at": now})
    alert: Alert = Alert.objects.select_for_update().get(key=key)
    if not is_new:
        Alert.objects.filter(pk=alert.pk).update(text=text, happened_at=now, times=F("times") + 1)
    return alert


def _told_lately(now: datetime) -> int:
    return Alert.objects.filter(told_at__gt=now - HOUR).count()


def _reachable() -> list[StaffTelegram]:
    """Whom an account in order can write to, now."""
    links = StaffTelegram.objects.on_duty().select_related("staff")
    ready = links.filter(account__state=TelegramAccountSession.State.ACTIVE)
    return [link for link in ready.select_related("account") if not _waits(link.account)]


def _waits(account: TelegramAccountSession) -> bool:
    """Telegram makes it wait for longer than an alert should."""
    return account.flood_until is not None and account.flood_until > timezone.now() + timedelta(minutes=1)


def _write(link: StaffTelegram, text: str, now: datetime) -> StaffMessage:
    return staff_links.write(link, text, StaffMessage.Purpose.ALERT, now, LASTS)


def _worded(text: "StrPromise", values: dict[str, Any], language: str) -> str:
    with translation.override(language):
        return str(text) % values if values else str(text)
