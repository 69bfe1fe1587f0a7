"""Account calls: what was asked of Telegram, and the page that waits for the answer."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from accounts_mgmt.models import AccountCall
from relove import show
from relove.admin.base import ReadOnlyAdmin
from relove.admin.filters import PeriodFilter

FINISHED = ("done", "refused", "unknown", "expired")

CALL_KINDS = {
    "check_channel": _("find and check a channel"),
    "join_channel": _("join a channel"),
    "read_channel": _("read a channel"),
    "read_metrics": _("read the response of readers"),
    "backfill_channel": _("read earlier posts"),
    "read_thumbnails": _("load small pictures of posts"),
    "refresh_posts": _("read known posts again"),
    "delete_comment": _("delete a comment"),
    "profile": _("read the profile"),
    "sign_in_code_request": _("sign in: send a code"),
    "sign_in_resend": _("sign in: send the code again"),
    "sign_in_code": _("sign in: try the code"),
    "sign_in_password": _("sign in: try the second password"),
    "sign_in_link": _("sign in: show a QR code"),
    "sign_in_import": _("sign in: check a session"),
    "set_profile": _("change name and bio"),
    "set_photo": _("put up a photo"),
    "authorizations": _("see where it is signed in"),
    "end_authorization": _("sign out elsewhere"),
    "disclose": _("put the disclosure into the profile"),
}


def call_name(kind: str) -> str:
    return show.capital(str(CALL_KINDS.get(kind, kind.replace("_", " "))))


def _safe_next(request: HttpRequest) -> str:
    """Where the page that asked wants to go on; never to another site."""
    wish = request.GET.get("next", "")
    return wish if url_has_allowed_host_and_scheme(wish, allowed_hosts=None) else ""


@admin.register(AccountCall)
class AccountCallAdmin(ReadOnlyAdmin):
    """What pages, tasks and commands asked of Telegram, and what came of it."""

    list_display = ["what", "state_badge", "account_link", "who", "why", "asked"]
    list_filter = [("state", ChoicesDropdownFilter), PeriodFilter]
    list_select_related = ["account", "asked_by"]
    search_fields = ["=kind"]
    search_help_text = _("Kind of the call")
    extra_lookups = ("account__id__exact",)
    ordering = ["-id"]
    empty_text = _("Nothing has been asked of Telegram yet.")
    fieldsets = [
        (None, {"fields": [("what", "state_badge"), ("account_link", "who"), "why", ("asked", "ended")]}),
        (_("Asked"), {"fields": ["argument_rows"]}),
        (_("Answer"), {"fields": ["result_rows"]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.progress)
        own = [path("<int:call_id>/progress/", page, name="accounts_mgmt_accountcall_progress")]
        return own + super().get_urls()

    def progress(self, request: HttpRequest, call_id: int) -> HttpResponse:
        """The page that waits for a call's answer; its middle part is fetched again until there is one."""
        call = self.get_object(request, str(call_id))
        if call is None or not self.has_view_permission(request, call):
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(call_id))
        part = request.headers.get("HX-Request") == "true"
        context = {
            **({} if part else self.admin_site.each_context(request)),
            "title": call_name(call.kind),
            "opts": self.opts,
            "call": call,
            "badge": self.state_badge(call),
            "result": self.result_rows(call),
            "finished": call.state in FINISHED,
            "address": request.get_full_path(),
            "next_url": _safe_next(request),
        }
        template = "accounts_mgmt/call_part.html" if part else "accounts_mgmt/call.html"
        return TemplateResponse(request, template, context)

    @display(description=_("what"), ordering="kind")
    def what(self, call: AccountCall) -> str:
        return call_name(call.kind)

    @display(description=_("state"), ordering="state")
    def state_badge(self, call: AccountCall) -> SafeString:
        return show.badge(call.state, call.get_state_display(), call.error)

    @display(description=_("account"))
    def account_link(self, call: AccountCall) -> SafeString:
        return show.link(call.account)

    @display(description=_("asked by"))
    def who(self, call: AccountCall) -> SafeString:
        return show.link(call.asked_by) if call.asked_by else format_html("{}", _now("the system"))

    @display(description=_("why"))
    def why(self, call: AccountCall) -> SafeString:
        return show.foreign_text(call.error)

    @display(description=_("asked at"), ordering="created_at")
    def asked(self, call: AccountCall) -> SafeString:
        return show.short_time(call.created_at)

    @display(description=_("finished"), ordering="finished_at")
    def ended(self, call: AccountCall) -> SafeString:
        return show.short_time(call.finished_at)

    @display(description=_("arguments"))
    def argument_rows(self, call: AccountCall) -> SafeString:
        return show.key_values(call.arguments)

    @display(description=_("result"))
    def result_rows(self, call: AccountCall) -> SafeString:
        return show.key_values(call.result)
