"""Who speaks with whom, who asked for silence, and where help is found."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts_mgmt import pauses
from accounts_mgmt.admin import writing_to
from accounts_mgmt.admin.pauses import pause_url
from accounts_mgmt.models import Contact, CrisisContact, Pause
from relove import show
from relove.admin.base import BackOfficeAdmin, ReadOnlyAdmin


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    list_display = ["person", "account", "wrote", "stopped", "quiet", "crisis"]
    list_filter = [("stopped_at", admin.EmptyFieldListFilter), ("crisis_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user", "account", "consent_by", "told_staff", "acknowledged_by"]
    search_fields = ["user__username", "user__first_name", "user__last_name"]
    search_help_text = _("Name or @name")
    ordering = ["-id"]
    empty_text = _("Nobody yet. A row comes with the first private message of a person.")
    actions_detail = ["pause_person"]
    fieldsets = [
        (None, {"fields": ["person", ("account", "wrote"), ("stopped", "quiet"), "paused"]}),
        (_("Consent to be written to"), {"fields": [("agreed", "consent_by"), "consent_note"]}),
        (_("Crisis"), {"fields": ["crisis", ("told", "told_staff"), ("taken_over", "acknowledged_by")]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("consent/<int:user_id>/", wrap(writing_to.consent), {"page": self}, name=writing_to.CONSENT),
            path("write/<int:user_id>/", wrap(writing_to.write), {"page": self}, name=writing_to.WRITE),
        ]
        return own + super().get_urls()

    @display(description=_("person"))
    def person(self, contact: Contact) -> SafeString:
        return show.link(contact.user)

    @display(description=_("wrote to us"), ordering="wrote_at")
    def wrote(self, contact: Contact) -> SafeString:
        return show.short_time(contact.wrote_at)

    @display(description=_("asked to stop"), ordering="stopped_at")
    def stopped(self, contact: Contact) -> SafeString:
        return show.short_time(contact.stopped_at)

    @display(description=_("asked for quiet until"), ordering="paused_until")
    def quiet(self, contact: Contact) -> SafeString:
        return show.short_time(contact.paused_until)

    @display(description=_("paused by staff"))
    def paused(self, contact: Contact) -> SafeString:
        pause = pauses.standing(Pause.Level.PERSON, contact.user_id)
        if pause is None:
            return show.NOTHING
        return show.badge("paused", _("paused"), pause.reason)

    @action(description=_("Pause or resume"), icon="pause", permissions=["view"])
    def pause_person(self, request: HttpRequest, object_id: str) -> HttpResponse:
        contact = self.get_object(request, object_id)
        if contact is None:
            return redirect("admin:accounts_mgmt_contact_changelist")
        return redirect(pause_url(Pause.Level.PERSON, contact.user_id))

    @display(description=_("crisis"), ordering="crisis_at")
    def crisis(self, contact: Contact) -> SafeString:
        return show.short_time(contact.crisis_at)

    @display(description=_("agreed to be written to"))
    def agreed(self, contact: Contact) -> SafeString:
        return show.short_time(contact.consent_at)

    @display(description=_("staff told"))
    def told(self, contact: Contact) -> SafeString:
        return show.short_time(contact.told_at)

    @display(description=_("taken over"))
    def taken_over(self, contact: Contact) -> SafeString:
        return show.short_time(contact.acknowledged_at)


@admin.register(CrisisContact)
class CrisisContactAdmin(BackOfficeAdmin):
    """Only what a named person has confirmed is sent; with the real Telegram nothing runs without one."""

    list_display = ["country", "text", "confirmed_by", "confirmed_at"]
    search_fields = ["country"]
    ordering = ["country"]
    empty_text = _("No help contacts yet. People in distress are told the emergency number only.")
    fieldsets = [(None, {"fields": ["country", "text", ("confirmed_by", "confirmed_at")]})]
