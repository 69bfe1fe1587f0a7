"""What accounts put on the first page."""

from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts_mgmt.models import TelegramAccountSession
from relove import desk


@desk.count("accounts")
def accounts_in_trouble(now: datetime) -> int:
    return TelegramAccountSession.objects.troubled().count()


@desk.names("telegram_account_sessions")
def account_names() -> dict[int, str]:
    return dict(TelegramAccountSession.objects.values_list("pk", "label"))


@desk.steps(10)
def account_steps() -> list[desk.Step]:
    url = reverse("admin:accounts_mgmt_telegramaccountsession_add")
    return [
        desk.Step(
            _("Connect an account"),
            _("A Telegram account that will comment, with its owner's consent and its disclosure."),
            url,
            TelegramAccountSession.objects.exists(),
        )
    ]


@desk.panel(30)
def account_panel(request: HttpRequest, now: datetime) -> desk.Panel | None:
    if not desk.may(request, "accounts_mgmt.view_telegramaccountsession"):
        return None
    troubled = TelegramAccountSession.objects.troubled().order_by("state_since")[:8]
    lines = [
        desk.Line(
            f"{account.label}: {account.state_reason}" if account.state_reason else account.label,
            reverse("admin:accounts_mgmt_telegramaccountsession_change", args=[account.pk]),
            account.state,
            account.get_state_display(),
            account.state_since,
        )
        for account in troubled
    ]
    return desk.Panel(_("Accounts that need a person"), empty=_("All accounts are in order."), lines=lines)
