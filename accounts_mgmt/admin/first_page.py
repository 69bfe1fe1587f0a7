"""What accounts put on the first page."""

from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts_mgmt.models import Contact, TelegramAccountSession
from accounts_mgmt.private import dialogues
from relove import desk


@desk.count("accounts")
def accounts_in_trouble(now: datetime) -> int:
    return TelegramAccountSession.objects.troubled().count()


@desk.work(5, "accounts_mgmt.view_contact")
def people_in_danger(now: datetime) -> desk.Figure:
    address = reverse("admin:accounts_mgmt_contact_changelist")
    return desk.Figure(
        _("People who need a human being now"), Contact.objects.alerting().count(), address, "failed"
    )


@desk.work(50, "accounts_mgmt.change_telegramaccountsession")
def accounts_to_mend(now: datetime) -> desk.Figure:
    address = reverse("admin:accounts_mgmt_telegramaccountsession_changelist")
    return desk.Figure(_("Accounts that need a person"), accounts_in_trouble(now), address, "limited")


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


@desk.panel(5)
def alerts(request: HttpRequest, now: datetime) -> desk.Panel | None:
    """People in a crisis, until somebody takes over; no panel where there are none."""
    if not desk.may(request, "accounts_mgmt.view_contact"):
        return None
    rows = Contact.objects.alerting().select_related("user", "account").order_by("crisis_at")[:8]
    lines = [desk.Line(str(row.user), _thread_of(row), "failed", _now("crisis"), row.crisis_at) for row in rows]
    return desk.Panel(_("People who need a human being now"), lines=lines) if lines else None


def _thread_of(contact: Contact) -> str:
    """Where staff answer the person; their row where nobody leads the account's dialogues."""
    leads = dialogues.of(contact.account) if contact.account else None
    if leads is None or contact.account_id is None:
        return reverse("admin:accounts_mgmt_contact_change", args=[contact.pk])
    return leads.address(contact.account_id, contact.user_id)


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
