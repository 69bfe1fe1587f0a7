"""Pausing at every level: the red button, the form for one thing, and who paused what."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from accounts_mgmt import freezing, pauses
from accounts_mgmt.models import Pause
from relove import confirm, desk, show
from relove.admin.base import ReadOnlyAdmin

EVERYTHING = Pause.Level.EVERYTHING
# Hours; 0 is until somebody ends it.
TIMES = {
    "1": _("for an hour"),
    "8": _("for 8 hours"),
    "24": _("for a day"),
    "168": _("for a week"),
    "0": _("until somebody ends it"),
}
TABLES = {
    Pause.Level.ACCOUNT: "telegram_account_sessions",
    Pause.Level.CHANNEL: "telegram_channels",
    Pause.Level.SCRIPT: "sales_scripts",
    Pause.Level.PERSON: "users",
}
MAY_CHANGE = "accounts_mgmt.change_pause"


def target(level: str, target_id: int | None) -> Any:
    """The row a pause is about; None for everything, and where its table or row is not there."""
    model = show.model_of(TABLES.get(Pause.Level(level), ""))
    return model._default_manager.filter(pk=target_id).first() if model else None


def pause_url(level: str, target_id: int) -> str:
    """The page that pauses one thing, or lets it go on when it is paused."""
    return reverse("admin:accounts_mgmt_pause_one", args=[level, target_id])


def until_given(request: HttpRequest, now: datetime) -> datetime | None:
    hours = int(request.POST["hours"]) if request.POST.get("hours") in TIMES else 0
    return now + timedelta(hours=hours) if hours else None


@admin.register(Pause)
class PauseAdmin(ReadOnlyAdmin):
    """Who paused what, why, and when it went on."""

    list_display = ["what", "state_badge", "ends", "reason", "paused_by", "since", "ended"]
    list_filter = [("level", ChoicesDropdownFilter)]
    list_select_related = ["paused_by", "lifted_by"]
    ordering = ["-id"]
    empty_text = _("Nothing has been paused yet. The button at the top of every page pauses everything.")
    fieldsets = [
        (None, {"fields": [("what", "state_badge"), ("since", "paused_by"), ("ends", "reason")]}),
        (_("Going on"), {"fields": [("ended", "lifted_by"), "lift_reason"]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("stop/", wrap(require_POST(self.stop)), name="accounts_mgmt_pause_stop"),
            path("everything/", wrap(self.everything), name="accounts_mgmt_pause_everything"),
            path("frozen/", wrap(self.frozen), name="accounts_mgmt_pause_frozen"),
            path("of/<str:level>/<int:target_id>/", wrap(self.one), name="accounts_mgmt_pause_one"),
        ]
        return own + super().get_urls()

    # --- pages -----------------------------------------------------------------------------------

    def stop(self, request: HttpRequest) -> HttpResponse:
        """The red button. Whoever works here may press it: stopping costs little."""
        if pauses.standing(EVERYTHING) is None:
            pauses.set_pause(EVERYTHING, None, desk.staff_of(request), reason=_now("The red button"))
            desk.forget_counts()
        return redirect("admin:accounts_mgmt_pause_everything")

    def everything(self, request: HttpRequest) -> HttpResponse:
        """Whether everything is paused, and how many runners have stopped; a part of it is fetched anew."""
        pause = pauses.standing(EVERYTHING)
        if pause is None and freezing.standing():
            return redirect("admin:accounts_mgmt_pause_frozen")
        if request.method == "POST":
            return self._go_on(request, EVERYTHING, None)
        part = request.headers.get("HX-Request") == "true"
        context = {
            **({} if part else self.admin_site.each_context(request)),
            "title": _now("Pause of everything"),
            "pause": pause,
            "obeyed": pauses.obeyed(pause) if pause else None,
            "address": request.path,
            "may_change": desk.may(request, MAY_CHANGE),
        }
        name = "pause_everything_part" if part else "pause_everything"
        return TemplateResponse(request, f"accounts_mgmt/{name}.html", context)

    def frozen(self, request: HttpRequest) -> HttpResponse:
        """Why the outbox stands still by itself, and the button of whoever says that it may go on."""
        if request.method == "POST":
            return self._confirm(request)
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Sending is frozen"),
            "freeze": freezing.standing(),
            "waiting": freezing.waiting(),
            "may_change": desk.may(request, MAY_CHANGE),
        }
        return TemplateResponse(request, "accounts_mgmt/frozen.html", context)

    def _confirm(self, request: HttpRequest) -> HttpResponse:
        if not desk.may(request, MAY_CHANGE):
            raise PermissionDenied
        reason = confirm.reason_given(request)
        if reason and freezing.confirm(desk.staff_of(request), reason):
            desk.forget_counts()
            messages.success(request, _now("It goes on: what waited leaves at its pace."))
        elif not reason:
            messages.error(request, _now("Say why it may go on."))
        return redirect(request.path)

    def one(self, request: HttpRequest, level: str, target_id: int) -> HttpResponse:
        """Pause an account, a channel, a script or a person, or let it go on."""
        row = target(level, target_id) if level in TABLES else None
        if row is None:
            return redirect("admin:accounts_mgmt_pause_changelist")
        if not desk.may(request, MAY_CHANGE):
            raise PermissionDenied
        pause = pauses.standing(level, target_id)
        if request.method == "POST" and pause:
            return self._go_on(request, level, target_id)
        if request.method == "POST" and (reason := confirm.reason_given(request)):
            until = until_given(request, timezone.now())
            pauses.set_pause(level, target_id, desk.staff_of(request), until=until, reason=reason)
            messages.success(request, _now("Paused. What was to be sent waits in the queue."))
            return redirect(request.path)
        return self._form(request, level, row, pause)

    def _form(self, request: HttpRequest, level: str, row: Any, pause: Pause | None) -> HttpResponse:
        title = _now("Pause: %(what)s") if pause is None else _now("Paused: %(what)s")
        context = {
            **self.admin_site.each_context(request),
            "title": title % {"what": row},
            "level": level,
            "pause": pause,
            "times": TIMES,
            "hours": request.POST.get("hours", "1"),
            "lacks_reason": request.method == "POST",
            "back": _page_of(row),
        }
        return TemplateResponse(request, "accounts_mgmt/pause.html", context)

    def _go_on(self, request: HttpRequest, level: str, target_id: int | None) -> HttpResponse:
        if not desk.may(request, MAY_CHANGE):
            raise PermissionDenied
        reason = confirm.reason_given(request)
        if reason and pauses.lift(level, target_id, desk.staff_of(request), reason):
            desk.forget_counts()
            messages.success(request, _now("It goes on: what waited leaves at its pace."))
        elif not reason:
            messages.error(request, _now("Say why it may go on."))
        return redirect(request.path)

    # --- columns ---------------------------------------------------------------------------------

    @display(description=_("what is paused"), ordering="level")
    def what(self, pause: Pause) -> Any:
        if pause.frozen:
            return _("everything, by the system itself")
        if pause.target_id is None:
            return show.capital(pause.get_level_display())
        table = TABLES[Pause.Level(pause.level)]
        return show.row_link(table, pause.target_id, desk.row_name(table, pause.target_id))

    @display(description=_("state"))
    def state_badge(self, pause: Pause) -> SafeString:
        return show.badge("paused", _("in force")) if pause.holds else show.badge("disabled", _("over"))

    @display(description=_("until"))
    def ends(self, pause: Pause) -> SafeString:
        return show.short_time(pause.until)

    @display(description=_("since"), ordering="paused_at")
    def since(self, pause: Pause) -> SafeString:
        return show.short_time(pause.paused_at)

    @display(description=_("ended"))
    def ended(self, pause: Pause) -> SafeString:
        return show.short_time(pause.lifted_at)


def _page_of(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
