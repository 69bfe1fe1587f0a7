"""The page of leases: which process on which machine holds which account; it renews itself."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts_mgmt.leases import HELD_STATES
from accounts_mgmt.models import TelegramAccountSession
from relove import show

if TYPE_CHECKING:
    from relove.admin.base import BackOfficeAdmin


class LeasePage:
    """Of one site's account admin."""

    def __init__(self, page: "BackOfficeAdmin") -> None:
        self._page, self._site = page, page.admin_site

    def urls(self) -> list[URLPattern]:
        view = self._site.admin_view(self.leases)
        return [path("leases/", view, name="accounts_mgmt_telegramaccountsession_leases")]

    def leases(self, request: HttpRequest) -> HttpResponse:
        if not self._page.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        accounts = TelegramAccountSession.objects.filter(state__in=HELD_STATES).defer("phone", "session")
        ordered = list(accounts.order_by("lease_host", "lease_pid", "label"))
        part = request.headers.get("HX-Request") == "true"
        context = {
            **({} if part else self._site.each_context(request)),
            "title": _("Who holds which account"),
            "opts": self._page.opts,
            "held": [_row(account, now) for account in ordered if account.lease_token is not None],
            "free": [show.link(account) for account in ordered if account.lease_token is None],
        }
        template = "accounts_mgmt/leases_part.html" if part else "accounts_mgmt/leases.html"
        return TemplateResponse(request, template, context)


def _row(account: TelegramAccountSession, now: datetime) -> dict[str, Any]:
    age = (now - account.heartbeat_at).total_seconds() if account.heartbeat_at else 0.0
    return {
        "account": account,
        "link": show.link(account),
        "since": show.short_time(account.lease_since),
        "age": max(round(age), 0),
        "overdue": account.lease_until is None or account.lease_until < now,
    }
