"""Commentators, the voices they write in, and when they write."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import INPUT_CLASSES, UnfoldAdminTextareaWidget

from commentators.admin import preview
from commentators.admin.resources import PersonalityResource, ScheduleResource
from commentators.models import AccountPersonality, CommentatorAccount, CommentSchedule
from relove import show
from relove.admin.base import BackOfficeAdmin
from relove.admin.versioned import VersionedAdmin

WEEKDAYS = [
    (0, _("Mon")),
    (1, _("Tue")),
    (2, _("Wed")),
    (3, _("Thu")),
    (4, _("Fri")),
    (5, _("Sat")),
    (6, _("Sun")),
]


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        return [line.strip() for line in text.splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != self.clean(data)


class DaysField(forms.TypedMultipleChoiceField):
    """Days of the week as boxes; none chosen means every day."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.CheckboxSelectMultiple(attrs={"class": "rl-days"})
        super().__init__(choices=WEEKDAYS, coerce=int, required=False, widget=widget, **kwargs)


class ClockInput(forms.TimeInput):
    """Hours and minutes as text: the browser's own time field speaks the browser's language."""

    def __init__(self) -> None:
        attrs = {"class": " ".join(INPUT_CLASSES), "placeholder": "09:00", "maxlength": 5}
        super().__init__(attrs=attrs, format="%H:%M")


class VoiceForm(forms.ModelForm):  # type: ignore[type-arg]
    interests = LinesField(label=capfirst(_("interests")), help_text=_("One a line."))
    vocabulary = LinesField(label=capfirst(_("words it likes")), help_text=_("One a line."))
    examples = LinesField(label=capfirst(_("examples")), help_text=_("Comments in this voice, one a line."))
    forbidden = LinesField(
        label=capfirst(_("forbidden words")), help_text=_("One a line. A draft with one of them is refused.")
    )

    class Meta:
        model = AccountPersonality
        fields = ["account", "style", "tone", "interests", "vocabulary", "examples", "forbidden"]


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]
    days = DaysField(label=capfirst(_("days of the week")), help_text=_("None chosen means every day."))

    class Meta:
        model = CommentSchedule
        fields = [
            "account",
            "channel",
            "comments_per_day",
            "start_time",
            "end_time",
            "days",
            "time_zone",
            "is_active",
        ]
        widgets = {
            "start_time": ClockInput(),
            "end_time": ClockInput(),
        }


@admin.register(CommentatorAccount)
class CommentatorAdmin(BackOfficeAdmin):
    list_display = ["name", "state", "voice", "last_comment"]
    list_filter = ["is_active"]
    list_select_related = ["session", "personality"]
    search_fields = ["session__label", "session__username"]
    search_help_text = _("Name or @name")
    autocomplete_fields = ["session"]
    ordering = ["id"]
    empty_text = _("No commentators yet. A commentator is a Telegram account that writes under posts.")
    fieldsets = [(None, {"fields": ["session", "is_active", ("voice", "last_comment")]})]
    readonly_fields = ["voice", "last_comment"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # its comments keep pointing at it; switch it off instead
        return False

    @display(description=_("commentator"), ordering="session__label")
    def name(self, commentator: CommentatorAccount) -> str:
        return str(commentator)

    @display(description=_("state"))
    def state(self, commentator: CommentatorAccount) -> SafeString:
        if not commentator.is_active:
            return show.badge("disabled", _("switched off"))
        session = commentator.session
        return show.badge(session.state, session.get_state_display(), session.state_reason)

    @display(description=_("voice"))
    def voice(self, commentator: CommentatorAccount) -> SafeString:
        voice = getattr(commentator, "personality", None)
        return show.link(voice, f"{voice.style}, {voice.tone}") if voice else show.NOTHING

    @display(description=_("last comment"), ordering="last_used")
    def last_comment(self, commentator: CommentatorAccount) -> SafeString:
        return show.short_time(commentator.last_used)


@admin.register(AccountPersonality)
class VoiceAdmin(VersionedAdmin):
    form = VoiceForm
    resource_classes = [PersonalityResource]
    list_display = ["name", "style", "tone", "interest_chips", "changed"]
    list_select_related = ["account__session"]
    search_fields = ["account__session__label", "style", "tone"]
    search_help_text = _("Account, style or tone")
    autocomplete_fields = ["account"]
    ordering = ["id"]
    actions_detail = ["try_voice"]
    empty_text = _("No voices yet. A voice says how an account writes: style, tone, favourite words.")
    fieldsets = [
        (None, {"fields": ["account", ("style", "tone")]}),
        (_("Words"), {"fields": [("interests", "vocabulary"), ("forbidden", "examples")]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "commentators_accountpersonality_preview"
        own = [path("<int:voice_id>/preview/", wrap(preview.preview), {"page": self}, name=name)]
        return own + super().get_urls()

    @action(description=_("Try the voice"), icon="edit_note", permissions=["change"])
    def try_voice(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return redirect("admin:commentators_accountpersonality_preview", object_id)

    @display(description=_("voice"), ordering="account__session__label")
    def name(self, voice: AccountPersonality) -> str:
        return str(voice.account)

    @display(description=_("interests"))
    def interest_chips(self, voice: AccountPersonality) -> SafeString:
        return show.chips(voice.interests[:6])

    @display(description=_("changed"), ordering="updated_at")
    def changed(self, voice: AccountPersonality) -> SafeString:
        return show.short_time(voice.updated_at)


@admin.register(CommentSchedule)
class ScheduleAdmin(VersionedAdmin):
    form = ScheduleForm
    resource_classes = [ScheduleResource]
    list_display = ["name", "state", "channel_link", "per_day", "hours", "week"]
    list_filter = ["is_active"]
    list_select_related = ["account__session", "channel"]
    search_fields = ["account__session__label", "channel__title", "channel__username"]
    search_help_text = _("Account or channel")
    autocomplete_fields = ["account", "channel"]
    extra_lookups = ("channel__id__exact", "account__id__exact")
    ordering = ["id"]
    empty_text = _("No schedules yet. A schedule says how many comments a day an account leaves in a channel.")
    fieldsets = [
        (None, {"fields": [("account", "channel"), ("comments_per_day", "is_active")]}),
        (_("Hours"), {"fields": [("start_time", "end_time"), "days", "time_zone"]}),
    ]

    @display(description=_("commentator"), ordering="account__session__label")
    def name(self, schedule: CommentSchedule) -> str:
        return str(schedule.account)

    @display(description=_("state"), ordering="is_active")
    def state(self, schedule: CommentSchedule) -> SafeString:
        return show.badge("active", _("on")) if schedule.is_active else show.badge("disabled", _("off"))

    @display(description=_("channel"), ordering="channel__title")
    def channel_link(self, schedule: CommentSchedule) -> SafeString:
        return show.link(schedule.channel)

    @display(description=_("a day"), ordering="comments_per_day")
    def per_day(self, schedule: CommentSchedule) -> SafeString:
        return show.number(schedule.comments_per_day)

    @display(description=_("hours"))
    def hours(self, schedule: CommentSchedule) -> SafeString:
        return format_html(
            '{}–{} <span class="rl-second">{}</span>',
            schedule.start_time.strftime("%H:%M"),
            schedule.end_time.strftime("%H:%M"),
            schedule.time_zone,
        )

    @display(description=_("days of the week"))
    def week(self, schedule: CommentSchedule) -> Any:
        if not schedule.days:
            return _now("every day")
        return show.chips([str(word) for number, word in WEEKDAYS if number in schedule.days])
