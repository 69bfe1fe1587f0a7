"""What is wrong with accounts and the queue, for the first lines of the first page."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts_mgmt import freezing
from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import outgoing_models
from accounts_mgmt.pause_models import Pause
from relove.troubles import Trouble, watch

RIGHT = "accounts_mgmt.view_telegramaccountsession"
MOST = 5
# longer than a take-over lasts: a lease and a third of it
UNHELD = timedelta(minutes=1)
OVERDUE = timedelta(minutes=10)


def _page(account: TelegramAccountSession) -> str:
    return reverse("admin:accounts_mgmt_telegramaccountsession_change", args=[account.pk])


@watch(0, RIGHT)
def frozen_outbox(now: datetime) -> Iterator[Trouble]:
    freeze = freezing.standing()
    if freeze:
        text = _("Nothing is sent until somebody confirms that it may go on. %(reason)s")
        address = reverse("admin:accounts_mgmt_pause_frozen")
        yield Trouble("frozen", text, address, {"reason": freeze.reason}, freeze.paused_at)


@watch(1, RIGHT)
def stopped_accounts(now: datetime) -> Iterator[Trouble]:
    """Whoever is on duty was told as it happened (accounts_mgmt.health)."""
    for account in TelegramAccountSession.objects.troubled().order_by("-state_since")[:MOST]:
        text = _("The account “%(account)s” does not write: %(reason)s Its messages wait for it.")
        reason = account.state_reason or f"{account.get_state_display()}."
        values = {"account": account.label, "reason": reason}
        yield Trouble(
            f"account:{account.pk}", text, _page(account), values, account.state_since, account.state, False
        )


@watch(2, RIGHT)
def accounts_nobody_holds(now: datetime) -> Iterator[Trouble]:
    unheld = Q(lease_until=None, created_at__lt=now - UNHELD) | Q(lease_until__lt=now - UNHELD)
    rows = TelegramAccountSession.objects.active().filter(unheld, session__isnull=False)
    labels = list(rows.order_by("lease_until").values_list("label", flat=True)[: MOST + 1])
    if labels:
        text = _("No runner holds these accounts, so they neither write nor listen: %(accounts)s.")
        address = reverse("admin:accounts_mgmt_telegramaccountsession_leases")
        names = ", ".join(labels[:MOST]) + ("…" if len(labels) > MOST else "")
        yield Trouble("unheld", text, address, {"accounts": names})


@watch(3, RIGHT)
def waiting_for_telegram(now: datetime) -> Iterator[Trouble]:
    for account in TelegramAccountSession.objects.filter(flood_until__gt=now).order_by("-flood_until")[:MOST]:
        text = _("Telegram asks the account “%(account)s” to wait; it goes on by itself.")
        values = {"account": account.label}
        yield Trouble(f"flood:{account.pk}", text, _page(account), values, state="flood", tell=False)


@watch(4, RIGHT)
def overdue_messages(now: datetime) -> Iterator[Trouble]:
    """Messages of accounts that could write, and did not for a while."""
    if Pause.objects.in_force().filter(level=Pause.Level.EVERYTHING).exists():
        return
    able = Q(sender__state="active") & (Q(sender__flood_until=None) | Q(sender__flood_until__lt=now - OVERDUE))
    free = Pause.none_for(Pause.Level.ACCOUNT, "sender")
    for kind in outgoing_models():
        due = kind._default_manager.annotate(due=Coalesce("next_retry", "scheduled_at")).filter(
            able, free, status="pending", due__lt=now - OVERDUE, failed_code=""
        )
        oldest = due.order_by("due").values_list("due", flat=True).first()
        if oldest:
            text = _("Messages (%(kind)s) should have left by now and wait still.")
            values = {"kind": str(kind._meta.verbose_name_plural)}
            address = reverse("admin:accounts_mgmt_telegramaccountsession_leases")
            yield Trouble(f"overdue:{kind._meta.db_table}", text, address, values, oldest, "limited")
