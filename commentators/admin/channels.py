"""Channels: adding one by its name, its posting basis, who reads it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from commentators import services
from commentators.admin import backfill
from commentators.admin.channel_actions import ChannelActions, progress
from commentators.admin.resources import ChannelResource
from commentators.models import TelegramChannel
from relove import show
from relove.admin.versioned import VersionedAdmin
from relove.desk import staff_of


class NewChannelForm(forms.Form):
    """A channel is added by what a person has at hand: its @name or link."""

    name = forms.CharField(
        label=_("@name or link"),
        max_length=128,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "@channel", "autofocus": True}),
        help_text=_("An account of ours looks the channel up in Telegram; this takes a few seconds."),
    )


@admin.register(TelegramChannel)
class ChannelAdmin(ChannelActions, VersionedAdmin):
    resource_classes = [ChannelResource]
    list_display = ["name", "watch_state", "basis_badge", "readers", "posts_link", "read_at", "members"]
    list_filter = ["is_active", ("basis", ChoicesDropdownFilter), "auto_approve"]
    list_select_related = ["listener"]
    search_fields = ["title", "username"]
    search_help_text = _("Title or @name")
    autocomplete_fields = ["listener", "deputy"]
    ordering = ["id"]
    empty_text = _("No channels yet. Add the first one by its @name or link.")
    fieldsets = [
        (
            None,
            {"fields": [("title", "username"), ("is_active", "monitoring_interval"), "watch_state"]},
        ),
        (
            _("Posting basis"),
            {"fields": ["basis", ("basis_by", "basis_at"), "auto_approve", "auto_approve_reason"]},
        ),
        (
            _("Second account"),
            {
                "classes": ["tab"],
                "description": _("One of our accounts comments a post; a second one only where the owner agreed."),
                "fields": [("second_by", "second_at"), "affiliation"],
            },
        ),
        (_("Who reads"), {"classes": ["tab"], "fields": [("listener", "deputy"), "read_at"]}),
        (
            _("In Telegram"),
            {
                "classes": ["tab"],
                "fields": ["about", ("members", "comments_state"), ("chat_link", "discussion_link"), "posts_link"],
            },
        ),
    ]
    readonly_fields = [
        "watch_state",
        "comments_state",
        "read_at",
        "about",
        "members",
        "chat_link",
        "discussion_link",
        "posts_link",
    ]

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "commentators_telegramchannel_backfill"
        own = [
            path("<int:channel_id>/earlier/", wrap(backfill.page), {"channels": self}, name=name),
            path("<int:channel_id>/earlier/part/", wrap(backfill.part), {"channels": self}, name=f"{name}_part"),
        ]
        return own + super().get_urls()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # its name is the channel's identity in Telegram
        return [*self.readonly_fields, "username"]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask Telegram for the channel; the next page shows what became of the question."""
        if not self.has_add_permission(request):
            return redirect("admin:commentators_telegramchannel_changelist")
        form = NewChannelForm(request.POST or None)
        if form.is_valid():
            try:
                call = services.add_channel(form.cleaned_data["name"], staff_of(request), timezone.now())
            except ValidationError as error:
                form.add_error("name", error)
            else:
                return progress(call)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _now("Add a channel"),
            "form": form,
        }
        return TemplateResponse(request, "commentators/add_channel.html", context)

    @display(description=_("channel"), ordering="title")
    def name(self, channel: TelegramChannel) -> SafeString:
        second = format_html('<span class="rl-second">{}</span>', channel.address) if channel.title else ""
        return format_html("{}{}", show.foreign_text(str(channel), lines=1), second)

    @display(description=_("state"))
    def watch_state(self, channel: TelegramChannel) -> SafeString:
        if channel.problem:
            return format_html(
                '{} <span class="rl-second">{} {}</span>',
                show.badge("failed", _("cannot be read"), channel.problem),
                _now("since"),
                show.short_time(channel.problem_since),
            )
        if not channel.is_active:
            return show.badge("disabled", _("not watched"))
        return show.badge("active", _("watched"))

    @display(description=_("comments"))
    def comments_state(self, channel: TelegramChannel) -> SafeString:
        if channel.chat_id is None:
            return show.NOTHING
        if channel.discussion_id is None:
            return show.badge("disabled", _("switched off"))
        return show.badge("active", _("open"))

    @display(description=_("posting basis"), ordering="basis")
    def basis_badge(self, channel: TelegramChannel) -> SafeString:
        return show.badge(channel.basis, channel.get_basis_display())

    @display(description=_("listening account"))
    def readers(self, channel: TelegramChannel) -> SafeString:
        return show.link(channel.listener)

    @display(description=_("posts"))
    def posts_link(self, channel: TelegramChannel) -> SafeString:
        url = reverse("admin:commentators_telegrampost_changelist")
        return format_html(
            '<a class="rl-link" href="{}?channel__id__exact={}">{}</a>', url, channel.pk, _now("posts")
        )

    @display(description=_("last read"), ordering="last_checked")
    def read_at(self, channel: TelegramChannel) -> SafeString:
        return show.short_time(channel.last_checked)

    @display(description=_("members"), ordering="members_count")
    def members(self, channel: TelegramChannel) -> SafeString:
        return show.number(channel.members_count)

    @display(description=_("description"))
    def about(self, channel: TelegramChannel) -> SafeString:
        return show.whole_text(channel.description)

    @display(description=_("chat"))
    def chat_link(self, channel: TelegramChannel) -> SafeString:
        return show.link(channel.chat)

    @display(description=_("discussion group"))
    def discussion_link(self, channel: TelegramChannel) -> SafeString:
        return show.link(channel.discussion)
