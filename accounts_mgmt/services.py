"""What staff do to accounts: let them go on, everywhere or in one chat, and have them disclosed."""

from datetime import datetime

from django.db import transaction

from accounts_mgmt import calls, health, outbox, pauses
from accounts_mgmt.models import AccountCall, AccountChatHold, AccountSecurityLog, TelegramAccountSession
from relove.db import notify
from relove.models import Staff

Event = AccountSecurityLog.Event


def resume(account: TelegramAccountSession, staff: Staff, reason: str = "") -> None:
    """End a pause, or the stop after PEER_FLOOD, and wake the runners: what waited leaves at its pace.

    Only a stop that the person saw is ended. A session that has ended stays so: the account signs in again.
    """
    with transaction.atomic():
        if account.state == TelegramAccountSession.State.LIMITED:
            account.state, account.state_reason = TelegramAccountSession.State.ACTIVE, ""
            account.save(update_fields=["state", "state_reason"])
        if not pauses.lift(pauses.Level.ACCOUNT, account.pk, staff, reason):
            health.log_event(account.pk, Event.RESUMED, staff=staff)
            notify(outbox.CHANNEL, str(account.pk))


def lift_hold(hold: AccountChatHold, staff: Staff) -> None:
    """Let the account write in the chat again; where Telegram still refuses, it is held anew."""
    with transaction.atomic():
        health.log_event(hold.account_id, Event.RESUMED, staff=staff, chat=str(hold.chat), reason=hold.reason)
        hold.delete()
        notify(outbox.CHANNEL, str(hold.account_id))


def disclose(account: TelegramAccountSession, staff: Staff, now: datetime) -> AccountCall:
    """Have the disclosure written into the profile; until Telegram shows it nothing leaves by machine."""
    with transaction.atomic():
        account.disclosure_seen_at = None
        account.save(update_fields=["disclosure_seen_at"])
        return calls.ask(account.pk, "disclose", {}, now=now, asked_by=staff)
