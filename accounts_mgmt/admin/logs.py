"""What happened to accounts' access, and where they wait."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from accounts_mgmt.models import AccountChatHold, AccountSecurityLog
from relove import show
from relove.admin.base import ReadOnlyAdmin
from relove.admin.filters import PeriodFilter


@admin.register(AccountSecurityLog)
class SecurityLogAdmin(ReadOnlyAdmin):
    list_display = ["event_badge", "account_link", "detail_rows", "who", "when"]
    list_filter = [("event", ChoicesDropdownFilter), PeriodFilter]
    list_select_related = ["account", "staff"]
    extra_lookups = ("account__id__exact",)
    ordering = ["-id"]
    empty_text = _("Nothing has happened to the accounts' access yet.")
    fieldsets = [(None, {"fields": [("event_badge", "account_link"), ("who", "when"), "detail_rows"]})]

    @display(description=_("event"), ordering="event")
    def event_badge(self, row: AccountSecurityLog) -> SafeString:
        return show.badge(row.event, row.get_event_display())

    @display(description=_("account"))
    def account_link(self, row: AccountSecurityLog) -> SafeString:
        return show.link(row.account)

    @display(description=_("staff member"))
    def who(self, row: AccountSecurityLog) -> SafeString:
        return show.link(row.staff)

    @display(description=_("details"))
    def detail_rows(self, row: AccountSecurityLog) -> SafeString:
        return show.key_values(row.details)

    @display(description=_("when"), ordering="created_at")
    def when(self, row: AccountSecurityLog) -> SafeString:
        return show.short_time(row.created_at)


@admin.register(AccountChatHold)
class ChatHoldAdmin(ReadOnlyAdmin):
    list_display = ["account_link", "chat_link", "why", "ends"]
    list_select_related = ["account", "chat"]
    extra_lookups = ("account__id__exact", "chat__id__exact")
    ordering = ["-id"]
    empty_text = _("No account waits in a chat.")
    fieldsets = [(None, {"fields": [("account_link", "chat_link"), ("why", "ends")]})]

    @display(description=_("account"))
    def account_link(self, hold: AccountChatHold) -> SafeString:
        return show.link(hold.account)

    @display(description=_("chat"))
    def chat_link(self, hold: AccountChatHold) -> SafeString:
        return show.link(hold.chat)

    @display(description=_("why"))
    def why(self, hold: AccountChatHold) -> str:
        return hold.reason

    @display(description=_("until"), ordering="until")
    def ends(self, hold: AccountChatHold) -> SafeString:
        return show.short_time(hold.until) if hold.until else format_html("{}", _now("for good"))
