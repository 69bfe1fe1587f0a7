"""Staff in Telegram: everybody's own page to link theirs, who is linked, what was told."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from accounts_mgmt import alerts, staff_links
from accounts_mgmt.models import Alert, StaffMessage, StaffTelegram, TelegramAccountSession
from relove import desk, show
from relove.admin.base import ReadOnlyAdmin
from relove.admin.filters import PeriodFilter
from relove.models import Staff

PAGE = "admin:accounts_mgmt_stafftelegram_mine"


@admin.register(StaffTelegram)
class StaffTelegramAdmin(ReadOnlyAdmin):
    """Everybody links their own Telegram; who may see this list sees that it is done, no more."""

    list_display = ["person", "name", "written_by", "receives", "since"]
    list_select_related = ["staff", "account"]
    search_fields = ["staff__username", "staff__last_name", "name"]
    search_help_text = _("Name of the member of staff")
    ordering = ["staff__username"]
    empty_text = _("Nobody has linked their Telegram yet. Everybody does it on their own page, “My Telegram”.")
    fieldsets = [(None, {"fields": ["person", ("name", "written_by"), ("receives", "since")]})]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.mine)
        return [path("mine/", page, name="accounts_mgmt_stafftelegram_mine"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).linked()

    def mine(self, request: HttpRequest) -> HttpResponse:
        """The page of the person at it: link, unlink, receive alerts or not."""
        staff, now = desk.staff_of(request), timezone.now()
        code = ""
        if request.method == "POST":
            if request.POST.get("do") != "code":
                return self._did(request, staff, request.POST.get("do", ""))
            code = staff_links.new_code(staff, now)
        link = staff_links.link_of(staff)
        waits = staff_links.waits_for_code(link)
        if request.headers.get("HX-Request") == "true":
            return _still_waits(waits)
        context = {
            **self.admin_site.each_context(request),
            "title": _now("My Telegram"),
            "link": link if link and link.is_linked else None,
            "code": code,
            "waits": waits,
            "until": show.short_time(link.code_until) if link else "",
            "since": show.short_time(link.linked_at) if link else "",
            "mains": TelegramAccountSession.objects.writing_to_staff(),
        }
        return TemplateResponse(request, "accounts_mgmt/my_telegram.html", context)

    def _did(self, request: HttpRequest, staff: Staff, what: str) -> HttpResponse:
        link = staff_links.link_of(staff)
        if what == "unlink":
            staff_links.unlink(staff)
            messages.success(request, _now("Your Telegram is not linked any more."))
        elif what == "duty":
            staff_links.set_duty(staff, "on_duty" in request.POST)
            messages.success(request, _now("Saved."))
        elif what == "test" and link and link.is_linked:
            text = _now("A test message from reLove. Alerts come the same way.")
            staff_links.write(link, text, StaffMessage.Purpose.TEST, timezone.now(), alerts.LASTS)
            messages.success(request, _now("The test message is on its way."))
        return redirect(PAGE)

    @display(description=_("staff member"), ordering="staff__username")
    def person(self, link: StaffTelegram) -> SafeString:
        return show.link(link.staff, link.staff.get_full_name() or link.staff.username)

    @display(description=_("written to by"))
    def written_by(self, link: StaffTelegram) -> SafeString:
        return show.link(link.account)

    @display(description=_("receives alerts"), boolean=True)
    def receives(self, link: StaffTelegram) -> bool:
        return link.on_duty

    @display(description=_("linked"), ordering="linked_at")
    def since(self, link: StaffTelegram) -> SafeString:
        return show.short_time(link.linked_at)


def _still_waits(waits: bool) -> HttpResponse:
    """For the page that shows a code: nothing while it waits, the page anew once it does not."""
    return HttpResponse(status=204) if waits else HttpResponse(headers={"HX-Refresh": "true"})


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ["what", "times", "last", "told", "mailed"]
    list_filter = [PeriodFilter]
    search_fields = ["text"]
    ordering = ["-happened_at"]
    empty_text = _("Nothing has called for a person yet.")
    fieldsets = [(None, {"fields": ["whole", ("times", "last"), ("told", "told_count", "mailed")]})]

    @display(description=_("what"))
    def what(self, alert: Alert) -> SafeString:
        return show.foreign_text(alert.text)

    @display(description=_("what"))
    def whole(self, alert: Alert) -> SafeString:
        return show.whole_text(alert.text)

    @display(description=_("last"), ordering="happened_at")
    def last(self, alert: Alert) -> SafeString:
        return show.short_time(alert.happened_at)

    @display(description=_("told"), ordering="told_at")
    def told(self, alert: Alert) -> SafeString:
        return show.short_time(alert.told_at)

    @display(description=_("told by e-mail"), ordering="mailed_at")
    def mailed(self, alert: Alert) -> SafeString:
        return show.short_time(alert.mailed_at)


@admin.register(StaffMessage)
class StaffMessageAdmin(ReadOnlyAdmin):
    list_display = ["words", "state_badge", "purpose_word", "person", "when"]
    list_filter = [("status", ChoicesDropdownFilter), ("purpose", ChoicesDropdownFilter), PeriodFilter]
    list_select_related = ["staff", "sender"]
    search_fields = ["text", "staff__username"]
    ordering = ["-id"]
    empty_text = _("Nothing has been written to staff yet.")
    fieldsets = [
        (None, {"fields": ["whole", ("state_badge", "purpose_word"), ("person", "account"), ("when", "why")]})
    ]

    @display(description=_("text"))
    def words(self, row: StaffMessage) -> SafeString:
        return show.foreign_text(row.text)

    @display(description=_("text"))
    def whole(self, row: StaffMessage) -> SafeString:
        return show.whole_text(row.text)

    @display(description=_("state"), ordering="status")
    def state_badge(self, row: StaffMessage) -> SafeString:
        return show.badge(row.status, row.get_status_display(), row.failed_reason)

    @display(description=_("purpose"), ordering="purpose")
    def purpose_word(self, row: StaffMessage) -> str:
        return show.capital(row.get_purpose_display())

    @display(description=_("staff member"))
    def person(self, row: StaffMessage) -> SafeString:
        return show.link(row.staff, row.staff.get_full_name() or row.staff.username)

    @display(description=_("sent by"))
    def account(self, row: StaffMessage) -> SafeString:
        return show.link(row.sender)

    @display(description=_("when"), ordering="created_at")
    def when(self, row: StaffMessage) -> SafeString:
        return show.short_time(row.sent_at or row.created_at)

    @display(description=_("why"))
    def why(self, row: StaffMessage) -> SafeString:
        return show.foreign_text(row.failed_reason)
