"""What staff do to accounts: pause them and let them go on."""

from datetime import datetime

from django.db import transaction

from accounts_mgmt import health, outbox
from accounts_mgmt.models import AccountSecurityLog, TelegramAccountSession
from relove.db import notify
from relove.models import Staff

Event = AccountSecurityLog.Event


def pause(account: TelegramAccountSession, until: datetime, reason: str, staff: Staff) -> None:
    """Hold the account's outgoing messages until then. It stays connected and listens."""
    with transaction.atomic():
        account.paused_until = until
        account.save(update_fields=["paused_until"])
        health.log_event(account.pk, Event.PAUSED, staff=staff, until=until.isoformat(), reason=reason)


def resume(account: TelegramAccountSession, staff: Staff) -> None:
    """End the pause and wake the runners: what waited leaves at its pace."""
    with transaction.atomic():
        account.paused_until = None
        account.save(update_fields=["paused_until"])
        health.log_event(account.pk, Event.RESUMED, staff=staff)
        notify(outbox.CHANNEL, str(account.pk))
