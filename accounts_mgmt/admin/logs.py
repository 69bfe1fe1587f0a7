"""What happened to accounts' access, and where they wait."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import action, display

from accounts_mgmt import services
from accounts_mgmt.models import AccountChatHold, AccountSecurityLog
from relove import confirm, desk, show
from relove.admin.base import ReadOnlyAdmin
from relove.admin.filters import PeriodFilter


@admin.register(AccountSecurityLog)
class SecurityLogAdmin(ReadOnlyAdmin):
    list_display = ["event_badge", "account_link", "detail_rows", "who", "when"]
    list_filter = [("event", ChoicesDropdownFilter), PeriodFilter]
    list_select_related = ["account", "staff"]
    search_fields = ["account__label", "account__username", "staff__username", "staff__last_name"]
    search_help_text = _("Name of the account or the member of staff")
    extra_lookups = ("account__id__exact",)
    ordering = ["-id"]
    empty_text = _("Nothing has happened to the accounts' access yet.")
    fieldsets = [(None, {"fields": [("event_badge", "account_link"), ("who", "when"), "detail_rows"]})]

    @display(description=_("event"), ordering="event")
    def event_badge(self, row: AccountSecurityLog) -> SafeString:
        return show.badge(row.event, show.choice(row, "event"))

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


class LengthFilter(DropdownFilter):
    """Waits that end by themselves, and those that a person must lift."""

    title = _("how long")
    parameter_name = "length"
    LENGTHS = {
        "passing": (_("for a time"), Q(until__isnull=False)),
        "lasting": (_("for good"), Q(until__isnull=True)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(key, words) for key, (words, _condition) in self.LENGTHS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.LENGTHS.get(self.value() or "")
        return queryset.filter(chosen[1]) if chosen else queryset


@admin.register(AccountChatHold)
class ChatHoldAdmin(ReadOnlyAdmin):
    list_display = ["account_link", "chat_link", "why", "ends"]
    list_filter = [LengthFilter, ("account", AutocompleteSelectFilter)]
    list_select_related = ["account", "chat"]
    search_fields = ["account__label", "account__username", "chat__title", "chat__username"]
    search_help_text = _("Name of the account or the chat")
    actions = ["lift_holds"]
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

    def has_lift_permission(self, request: HttpRequest) -> bool:
        """Waits are never edited as rows; those who may change them may end them."""
        return desk.may(request, "accounts_mgmt.change_accountchathold")

    @action(description=_("Lift the wait"), permissions=["lift"])
    def lift_holds(self, request: HttpRequest, rows: QuerySet[AccountChatHold]) -> HttpResponse | None:
        chosen = list(rows.select_related("account", "chat"))
        if confirm.is_confirmed(request):
            for hold in chosen:
                services.lift_hold(hold, desk.staff_of(request))
            messages.success(request, _now("Waits lifted: %(count)s.") % {"count": len(chosen)})
            return None
        return confirm.ask(
            self,
            request,
            title=_now("Lift waits: %(count)s") % {"count": len(chosen)},
            sentence=_now(
                "The accounts write in these chats again. Where Telegram still refuses, they wait anew."
            ),
            button=_now("Lift"),
            rows=chosen,
            action="lift_holds",
        )
