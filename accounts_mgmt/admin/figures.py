"""Accounts and the queue among the first page's figures."""

from collections.abc import Iterable

from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import outgoing_models
from accounts_mgmt.sends import busiest_today
from relove import desk, show
from relove.dashboard import GREY, ROSE, Card, Chart, View, bars, cards, chart

RIGHT = "accounts_mgmt.view_telegramaccountsession"
MOST = 12


@cards(20)
def account_cards(request: HttpRequest, view: View) -> Iterable[Card]:
    if not desk.may(request, RIGHT):
        return []
    accounts = reverse("admin:accounts_mgmt_telegramaccountsession_changelist")
    states = dict(TelegramAccountSession.objects.values_list("state").annotate(Count("pk")).order_by())
    active, all_of_them = states.get("active", 0), sum(states.values()) - states.get("disabled", 0)
    queued = sum(kind._default_manager.filter(status="pending").count() for kind in outgoing_models())
    leases = reverse("admin:accounts_mgmt_telegramaccountsession_leases")
    return [
        Card(_("messages in the queue"), show.number(queued), leases),
        Card(
            _("accounts in order, of all"),
            show.pair(active, all_of_them),
            accounts,
            state="failed" if active < all_of_them else "",
        ),
    ]


@chart(40)
def sends_today(request: HttpRequest, view: View) -> Chart | None:
    """The accounts that sent most today, beside what is planned for a day."""
    if not desk.may(request, RIGHT):
        return None
    amounts = busiest_today(timezone.now(), MOST).values()
    series = [
        bars(_("sent today"), [amount.sent for amount in amounts], ROSE),
        bars(_("planned for a day"), [amount.most or 0 for amount in amounts], GREY),
    ]
    labels = [amount.name for amount in amounts]
    return Chart("sends", _("What accounts sent today"), labels, series, sideways=True)
