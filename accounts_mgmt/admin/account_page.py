"""The parts of an account's page beside its form: how it is, its profile, its sends, where it is signed in."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts_mgmt import condition, health, profiles, sends
from accounts_mgmt.models import AccountCall, AccountPhoto, AccountSecurityLog, TelegramAccountSession
from accounts_mgmt.pause_models import Pause
from relove import desk, show
from relove.statuses import look

if TYPE_CHECKING:
    from relove.admin.base import BackOfficeAdmin

KINDS = ("profile", "disclose", "set_profile", "set_photo", "authorizations", "end_authorization")
LOG_ROWS = 8
CHART_HEIGHT, BAR_WIDTH, BAR_GAP = 64, 14, 6
CHANGE = "admin:accounts_mgmt_telegramaccountsession_change"


class ProfileForm(forms.Form):
    """Name and bio, as Telegram is to show them."""

    first_name = forms.CharField(label=_("first name"), max_length=profiles.NAME_LENGTH)
    last_name = forms.CharField(label=_("last name"), max_length=profiles.NAME_LENGTH, required=False)
    bio = forms.CharField(label=_("bio"), max_length=profiles.BIO_LENGTH, required=False)


class AccountPages:
    """What the page of one site's account admin shows and does besides the form."""

    def __init__(self, page: "BackOfficeAdmin") -> None:
        self._page, self._site = page, page.admin_site

    def urls(self) -> list[URLPattern]:
        views: list[tuple[str, Callable[..., HttpResponse]]] = [
            ("act", self.act),
            ("photo", self.photo),
            ("waiting", self.waiting),
        ]
        return [
            path(
                f"<int:account_id>/{name}/",
                self._site.admin_view(view),
                name=f"accounts_mgmt_telegramaccountsession_{name}",
            )
            for name, view in views
        ]

    def context(self, request: HttpRequest, account_id: str) -> dict[str, Any]:
        """For the templates around the form."""
        account = self._page.get_object(request, account_id)
        if account is None:
            return {}
        now = timezone.now()
        last = AccountCall.objects.filter(account=account, kind__in=KINDS).order_by("-id").first()
        places, asked_at = profiles.authorizations(account)
        return {
            "account": account,
            "may_change": self._page.has_change_permission(request, account),
            "photo": _photo_url(account),
            "consent": show.short_time(account.owner_consent_at) if account.owner_consent_at else "",
            "findings": [_told(one) for one in _findings(account, now)],
            "today": sends.today(account, now),
            "minute": sends.busiest_chat(account, now),
            "chart": _chart(sends.flood_days(account, now)),
            "profile": {"first_name": account.first_name, "last_name": account.last_name, "bio": account.bio},
            "bio_length": profiles.BIO_LENGTH,
            "name_length": profiles.NAME_LENGTH,
            "places": [_place(one) for one in places],
            "asked_at": show.short_time(asked_at) if asked_at else "",
            "awaited": bool(last and last.state in (AccountCall.State.WAITING, AccountCall.State.RUNNING)),
            "refused": last.error if last and last.state not in (*OPEN, AccountCall.State.DONE) else "",
            "log": [_logged(row) for row in _log_of(account)],
            "log_url": _log_url(account),
        }

    def act(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """Whatever a button of the page asks for: one service call each."""
        account = self._allowed(request, account_id)
        if request.method != "POST":
            return redirect(CHANGE, account_id)
        staff, now, what = desk.staff_of(request), timezone.now(), request.POST.get("do", "")
        acts: dict[str, Callable[[], Any]] = {
            "profile": lambda: profiles.read(account, staff, now),
            "set_profile": lambda: profiles.change(account, **_typed(request), staff=staff, now=now),
            "set_photo": lambda: profiles.put_up_photo(account, _uploaded(request), staff, now),
            "authorizations": lambda: profiles.read_authorizations(account, staff, now),
            "end": lambda: profiles.end_authorization(account, request.POST.get("number", ""), staff, now),
        }
        try:
            if what in acts:
                acts[what]()
        except ValidationError as error:
            for sentence in error.messages:
                messages.error(request, sentence)
        return redirect(CHANGE, account_id)

    def photo(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """The account's photo as Telegram shows it."""
        account = self._page.get_object(request, str(account_id))
        if account is None or not self._page.has_view_permission(request, account):
            raise PermissionDenied
        row = AccountPhoto.objects.filter(account=account).first()
        if row is None or not row.shown:
            return HttpResponseNotFound()
        return HttpResponse(bytes(row.shown), content_type="image/jpeg")

    def waiting(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """Nothing while Telegram is asked, the page anew once it has answered."""
        self._allowed(request, account_id)
        asked = AccountCall.objects.open().filter(account_id=account_id, kind__in=KINDS)
        return HttpResponse(status=204) if asked.exists() else HttpResponse(headers={"HX-Refresh": "true"})

    def _allowed(self, request: HttpRequest, account_id: int) -> TelegramAccountSession:
        account = self._page.get_object(request, str(account_id))
        if account is None or not self._page.has_change_permission(request, account):
            raise PermissionDenied
        found: TelegramAccountSession = account
        return found


OPEN = (AccountCall.State.WAITING, AccountCall.State.RUNNING)


def _typed(request: HttpRequest) -> dict[str, str]:
    form = ProfileForm(request.POST)
    if not form.is_valid():
        told = [f"{form[name].label}: {error}" for name in form.errors for error in form[name].errors]
        raise ValidationError([show.capital(words) for words in told])
    return form.cleaned_data


def _uploaded(request: HttpRequest) -> Any:
    file = request.FILES.get("photo")
    if file is None:
        raise ValidationError(_now("Choose a picture first."))
    return file


def _findings(account: TelegramAccountSession, now: datetime) -> list[condition.Finding]:
    everything = Pause.objects.in_force().of(Pause.Level.EVERYTHING, None)
    own = Pause.objects.in_force().of(Pause.Level.ACCOUNT, account.pk)
    return condition.findings(account, [*everything, *own], health.waits_of(account.pk, now), now)


def _told(finding: condition.Finding) -> dict[str, Any]:
    return {
        "look": look(finding.look),
        "text": finding.text,
        "until": show.short_time(finding.until) if finding.until else "",
    }


def _photo_url(account: TelegramAccountSession) -> str:
    row = AccountPhoto.objects.filter(account=account).exclude(shown=b"").only("photo_id").first()
    if row is None:
        return ""
    # another photo has another address: no cache shows the old one
    return reverse("admin:accounts_mgmt_telegramaccountsession_photo", args=[account.pk]) + f"?{row.photo_id}"


def _chart(days: list[sends.FloodDay]) -> dict[str, Any]:
    """Bars in pixels, oldest left; a day with a wait is never invisible."""
    longest = max(day.seconds for day in days)
    bars = []
    for place, day in enumerate(days):
        height = max(round(day.seconds / longest * CHART_HEIGHT), 3) if day.seconds else 1
        words = f"{day.day:%d.%m}: " + _now("%(seconds)s s, times: %(times)s") % {
            "seconds": round(day.seconds),
            "times": day.times,
        }
        bars.append(
            {"x": place * (BAR_WIDTH + BAR_GAP), "y": CHART_HEIGHT - height, "height": height, "title": words}
        )
    return {
        "bars": bars,
        "width": len(days) * (BAR_WIDTH + BAR_GAP) - BAR_GAP,
        "height": CHART_HEIGHT,
        "bar": BAR_WIDTH,
        "times": sum(day.times for day in days),
        "seconds": round(sum(day.seconds for day in days)),
        "first": f"{days[0].day:%d.%m}",
        "last": f"{days[-1].day:%d.%m}",
    }


def _place(raw: dict[str, Any]) -> dict[str, Any]:
    return {**raw, "active": show.short_time(datetime.fromisoformat(raw["active"]))}


def _log_of(account: TelegramAccountSession) -> Any:
    rows = AccountSecurityLog.objects.filter(account=account).select_related("staff")
    return rows.order_by("-created_at")[:LOG_ROWS]


def _logged(row: AccountSecurityLog) -> dict[str, Any]:
    return {
        "badge": show.badge(row.event, row.get_event_display()),
        "when": show.short_time(row.created_at),
        "who": row.staff,
        "why": row.details.get("reason") or row.details.get("code") or "",
    }


def _log_url(account: TelegramAccountSession) -> str:
    return reverse("admin:accounts_mgmt_accountsecuritylog_changelist") + f"?account__id__exact={account.pk}"
