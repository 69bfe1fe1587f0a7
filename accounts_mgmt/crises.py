"""A person in danger: staff are told at once, one by one every ten minutes, until somebody takes over.

The message names the person, never what they wrote. Where nobody of the staff is reachable in Telegram the
alert goes by e-mail; it stands on everybody's first page and in the inbox meanwhile.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts_mgmt import alerts
from accounts_mgmt.models import Contact
from relove import oplog

NEXT_AFTER = timedelta(minutes=10)
TEXT = _("%(person)s may be in danger and needs a human being now. Open the inbox of reLove and take over.")


def call(contact: Contact, now: datetime) -> None:
    """Tell the next of the staff on duty. Does not save."""
    key = f"crisis:{contact.user_id}"
    contact.told_staff = alerts.tell_next(key, TEXT, contact.told_staff_id, now=now, person=contact.user)
    contact.told_at = now
    if contact.told_staff_id:
        oplog.log_activity("tell_crisis", staff_id=contact.told_staff_id, subject=("contacts", contact.pk))


def call_on(now: datetime) -> int:
    """Tell the next one of every crisis that nobody has taken over for ten minutes; says how many."""
    with transaction.atomic():
        late = Contact.objects.alerting().filter(told_at__lte=now - NEXT_AFTER)
        rows = list(late.select_for_update(of=("self",), skip_locked=True).select_related("user"))
        for contact in rows:
            call(contact, now)
            contact.save(update_fields=["told_at", "told_staff"])
    return len(rows)
