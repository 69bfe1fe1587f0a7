"""Accounts: who they are, whether they may act, pausing and resuming."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from accounts_mgmt import services, signing_in
from accounts_mgmt.admin.account_page import AccountPages
from accounts_mgmt.admin.leases import LeasePage
from accounts_mgmt.admin.pauses import pause_url
from accounts_mgmt.admin.sign_in import SECRETS, SignInPages
from accounts_mgmt.models import Pause, TelegramAccountSession
from relove import confirm, desk, show
from relove.admin.base import BackOfficeAdmin


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = TelegramAccountSession
        fields = ["label", "role", "owner", "owner_consent_at", "disclosure"]


@admin.register(TelegramAccountSession)
class AccountAdmin(BackOfficeAdmin):
    """Who the account is and whether it may act. Phone and session are never shown."""

    form = AccountForm
    change_form_outer_before_template = "accounts_mgmt/account.html"
    list_display = ["label", "state_badge", "role_word", "at_name", "may_write", "waits", "seen"]
    list_filter = [("state", ChoicesDropdownFilter), ("role", ChoicesDropdownFilter)]
    search_fields = ["label", "username", "first_name", "owner"]
    search_help_text = _("Name, @name or owner")
    ordering = ["id"]
    actions_detail = ["write_disclosure", "pause_account", "resume_account", "sign_in_anew"]
    empty_text = _("No accounts yet. Connect the first one: by a code, a QR code or an existing session.")
    fieldsets = [
        (None, {"fields": [("label", "role")]}),
        (
            _("Owner and disclosure"),
            {"fields": ["may_write", "owner", "owner_consent_at", "disclosure", "disclosure_seen"]},
        ),
        (
            _("In Telegram"),
            {
                "classes": ["tab"],
                "fields": [("at_name", "telegram_user_id"), ("phone_mask", "session_word")],
            },
        ),
        (
            _("Connection"),
            {"classes": ["tab"], "fields": ["holder", ("held_since", "beat"), ("seen", "added")]},
        ),
    ]
    readonly_fields = [
        "may_write",
        "disclosure_seen",
        "at_name",
        "telegram_user_id",
        "phone_mask",
        "session_word",
        "holder",
        "held_since",
        "beat",
        "seen",
        "added",
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        pauses = Pause.objects.in_force().filter(level=Pause.Level.ACCOUNT, target_id=OuterRef("pk"))
        until = Subquery(pauses.order_by("-id").values("until")[:1])
        return super().get_queryset(request).defer("phone").annotate(is_paused=Exists(pauses), pause_until=until)

    def get_urls(self) -> list[URLPattern]:
        own = LeasePage(self).urls() + AccountPages(self).urls() + SignInPages(self).urls()
        return own + super().get_urls()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        around = AccountPages(self).context(request, object_id)
        return super().change_view(request, object_id, form_url, {**around, **(extra_context or {})})

    @method_decorator(sensitive_post_parameters(*SECRETS))
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """An account comes by signing in, never by a form."""
        return SignInPages(self).begin(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("state"), ordering="state")
    def state_badge(self, account: Any) -> SafeString:
        if account.is_paused:
            return show.badge("paused", _("paused"), account.state_reason)
        return show.badge(account.state, account.get_state_display(), account.state_reason)

    @display(description=_("role"), ordering="role")
    def role_word(self, account: TelegramAccountSession) -> str:
        return show.capital(account.get_role_display())

    @display(description=_("@name"), ordering="username")
    def at_name(self, account: TelegramAccountSession) -> Any:
        return f"@{account.username}" if account.username else show.NOTHING

    @display(description=_("may write by machine"))
    def may_write(self, account: TelegramAccountSession) -> SafeString:
        lacking = [
            word
            for word, there in (
                (_now("the owner's consent"), account.owner_consent_at),
                (_now("the disclosure in the profile"), account.discloses),
            )
            if not there
        ]
        if lacking:
            return show.badge("limited", _now("no: lacks %(what)s") % {"what": ", ".join(lacking)})
        return show.badge("success", _now("yes"))

    @display(description=_("waits until"))
    def waits(self, account: Any) -> SafeString:
        now = timezone.now()
        until = max((t for t in (account.flood_until, account.pause_until) if t and t > now), default=None)
        return show.short_time(until)

    @display(description=_("last seen"), ordering="last_seen")
    def seen(self, account: TelegramAccountSession) -> SafeString:
        return show.short_time(account.last_seen)

    @display(description=_("added"))
    def added(self, account: TelegramAccountSession) -> SafeString:
        return show.short_time(account.created_at)

    @display(description=_("disclosure seen in the profile"))
    def disclosure_seen(self, account: TelegramAccountSession) -> SafeString:
        return show.short_time(account.disclosure_seen_at)

    @display(description=_("session"))
    def session_word(self, account: TelegramAccountSession) -> SafeString:
        return show.secret(account.session)

    @display(description=_("held by"))
    def holder(self, account: TelegramAccountSession) -> SafeString:
        if not account.lease_until or account.lease_until < timezone.now():
            return format_html("{}", _now("nobody"))
        words = _now("process %(pid)s on %(host)s")
        return format_html("{}", words % {"pid": account.lease_pid, "host": account.lease_host})

    @display(description=_("held since"))
    def held_since(self, account: TelegramAccountSession) -> SafeString:
        return show.short_time(account.lease_since)

    @display(description=_("heartbeat"))
    def beat(self, account: TelegramAccountSession) -> SafeString:
        return show.short_time(account.heartbeat_at)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "disclosure" in form.changed_data:
            services.disclose(obj, desk.staff_of(request), timezone.now())
            messages.info(request, _now("The disclosure is being written into the profile."))

    @action(description=_("Write the disclosure"), icon="edit_note", permissions=["change"])
    def write_disclosure(self, request: HttpRequest, object_id: str) -> HttpResponse:
        account = self.get_object(request, object_id)
        if account is None:
            return redirect("admin:accounts_mgmt_telegramaccountsession_changelist")
        if confirm.is_confirmed(request):
            call = services.disclose(account, desk.staff_of(request), timezone.now())
            return redirect("admin:accounts_mgmt_accountcall_progress", call.pk)
        return confirm.ask(
            self,
            request,
            title=_now("Write the disclosure of %(account)s") % {"account": account},
            sentence=_now("The text replaces the account's bio in Telegram."),
            button=_now("Write it"),
            rows=[account],
        )

    @action(description=_("Sign in anew"), icon="login", permissions=["change"])
    def sign_in_anew(self, request: HttpRequest, object_id: str) -> HttpResponse:
        account = self.get_object(request, object_id)
        if account is None:
            return redirect("admin:accounts_mgmt_telegramaccountsession_changelist")
        if account.state in (*signing_in.MAY_SIGN_IN, account.State.SIGNING_IN):
            return redirect("admin:accounts_mgmt_telegramaccountsession_sign_in", account.pk)
        messages.info(request, _now("The account is signed in: there is nothing to do."))
        return redirect("admin:accounts_mgmt_telegramaccountsession_change", account.pk)

    @action(description=_("Pause"), icon="pause", permissions=["change"])
    def pause_account(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect(pause_url(Pause.Level.ACCOUNT, int(object_id)))

    @action(description=_("Resume"), icon="play_arrow", permissions=["change"])
    def resume_account(self, request: HttpRequest, object_id: str) -> HttpResponse:
        account = self.get_object(request, object_id)
        if account is None:
            return redirect("admin:accounts_mgmt_telegramaccountsession_changelist")
        if confirm.is_confirmed(request):
            services.resume(account, desk.staff_of(request))
            desk.forget_counts()
            messages.success(request, _now("The account goes on."))
            return redirect("admin:accounts_mgmt_telegramaccountsession_change", account.pk)
        return confirm.ask(
            self,
            request,
            title=_now("Resume %(account)s") % {"account": account},
            sentence=_now("Messages that wait for this account will leave at their pace."),
            button=_now("Resume"),
            rows=[account],
        )
