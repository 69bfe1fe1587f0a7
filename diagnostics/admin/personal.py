"""Sensitive notes: results, sessions and progress of people. Every view of one is logged."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from import_export.admin import ImportExportModelAdmin
from import_export.formats.base_formats import JSON
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.contrib.import_export.forms import ExportForm, ImportForm
from unfold.decorators import display

from diagnostics import results
from diagnostics.admin.resources import ProgressResource, ResultResource, SessionResource
from diagnostics.models import DiagnosticResult, JourneyProgress, Stage, UserSession
from relove import oplog, people, show
from relove.admin.base import BackOfficeAdmin, ViewsLogged
from relove.models import Staff, TelegramUser


def way(stage: Stage) -> SafeString:
    """The journey up to this stage, and what is to come."""
    states = {-1: show.PASSED, 0: show.NOW, 1: show.TO_COME}
    return show.way(
        [
            (step.name, states[(step.order > stage.order) - (step.order < stage.order)])
            for step in Stage.objects.order_by("order")
        ]
    )


def _by(who: str) -> str:
    return _now("by the questionnaire") if who == "diagnostics" else who


class SensitiveAdmin(ViewsLogged, ImportExportModelAdmin, BackOfficeAdmin):
    """Exported and imported as JSON; opening a row, a list or an export is written into the activities."""

    import_form_class = ImportForm
    export_form_class = ExportForm
    # nested values stay whole in JSON alone
    formats = [JSON]
    list_select_related = ["user"]
    search_fields = ["user__first_name", "user__last_name", "user__username", "=user__telegram_id"]
    search_help_text = _("Name, @name or Telegram id")
    ordering = ["-id"]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        response = super().changelist_view(request, extra_context)
        self._log("view_sensitive_list", request)
        return response

    def export_action(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse = super().export_action(request)
        if request.method == "POST":
            self._log("export_sensitive", request)
        return response

    def _log(self, what: str, request: HttpRequest) -> None:
        """Who saw a whole list of these notes, and by which filters."""
        oplog.log_activity(
            what, staff_id=request.user.pk, table=self.model._meta.db_table, asked=request.GET.urlencode()[:200]
        )

    def has_import_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(f"diagnostics.add_{self.model._meta.model_name}"))

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("person"), ordering="user__first_name")
    def person(self, row: Any) -> SafeString:
        return show.foreign_text(str(row.user), lines=1)

    @display(description=_("person"))
    def person_link(self, row: Any) -> SafeString:
        return show.link(row.user)


@admin.register(DiagnosticResult)
class ResultAdmin(SensitiveAdmin):
    """The counted result stands; a person may put another judgement beside it."""

    resource_classes = [ResultResource]
    list_display = ["person", "found", "where", "stream", "when"]
    list_filter = [
        ("psychotype", RelatedDropdownFilter),
        ("journey_stage", RelatedDropdownFilter),
        ("recommended_stream", RelatedDropdownFilter),
    ]
    list_select_related = [
        "user",
        "psychotype",
        "journey_stage",
        "corrected_psychotype",
        "corrected_stage",
        "recommended_stream",
    ]
    empty_text = _("No results yet. They come from the questionnaire in the main account's dialogues.")
    fieldsets = [
        (None, {"fields": [("person_link", "when"), ("psychotype", "journey_stage"), "journey"]}),
        (
            _("What it came to"),
            {
                "fields": [
                    "description",
                    "current_state",
                    ("strength_rows", "challenge_rows"),
                    "step_rows",
                    ("recommended_stream", "stream_description"),
                    "wording",
                ]
            },
        ),
        (_("How it was counted"), {"fields": [("type_scores", "stage_scores")], "classes": ["collapse"]}),
        (
            _("Correction"),
            {
                "fields": [
                    ("corrected_psychotype", "corrected_stage"),
                    "correction",
                    ("corrected_by", "corrected_at"),
                ],
                "description": _("The counted result is kept beside it. The person's progress follows."),
            },
        ),
    ]
    readonly_fields = [
        "person_link",
        "when",
        "psychotype",
        "journey_stage",
        "journey",
        "description",
        "current_state",
        "strength_rows",
        "challenge_rows",
        "step_rows",
        "recommended_stream",
        "stream_description",
        "wording",
        "type_scores",
        "stage_scores",
        "corrected_by",
        "corrected_at",
    ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        for name in ("corrected_psychotype", "corrected_stage", "correction"):
            if name in form.base_fields:
                form.base_fields[name].required = True
        return form

    def save_model(self, request: HttpRequest, obj: DiagnosticResult, form: Any, change: bool) -> None:
        assert obj.corrected_psychotype
        assert obj.corrected_stage
        assert isinstance(request.user, Staff)
        results.correct(
            obj.pk, obj.corrected_psychotype, obj.corrected_stage, obj.correction, request.user, timezone.now()
        )

    @display(description=_("psychotype"), ordering="psychotype")
    def found(self, result: DiagnosticResult) -> str:
        return str(result.current_psychotype)

    @display(description=_("stage"), ordering="journey_stage")
    def where(self, result: DiagnosticResult) -> str:
        return str(result.current_stage)

    @display(description=_("programme"))
    def stream(self, result: DiagnosticResult) -> str:
        return str(result.recommended_stream or show.NOTHING)

    @display(description=_("when"), ordering="created_at")
    def when(self, result: DiagnosticResult) -> SafeString:
        return show.short_time(result.created_at)

    @display(description=_("journey"))
    def journey(self, result: DiagnosticResult) -> SafeString:
        return way(result.current_stage)

    @display(description=_("strengths"))
    def strength_rows(self, result: DiagnosticResult) -> SafeString:
        return show.chips(result.strengths)

    @display(description=_("challenges"))
    def challenge_rows(self, result: DiagnosticResult) -> SafeString:
        return show.chips(result.challenges)

    @display(description=_("next steps"))
    def step_rows(self, result: DiagnosticResult) -> SafeString:
        return show.key_values(result.next_steps)

    @display(description=_("psychotype"))
    def type_scores(self, result: DiagnosticResult) -> SafeString:
        return show.key_values(result.scores.get("psychotypes", {}))

    @display(description=_("stage"))
    def stage_scores(self, result: DiagnosticResult) -> SafeString:
        return show.key_values(result.scores.get("stages", {}))


@admin.register(UserSession)
class SessionAdmin(SensitiveAdmin):
    resource_classes = [SessionResource]
    list_display = ["person", "state_word", "question_count", "begun", "heard"]
    list_filter = [("state", ChoicesDropdownFilter), "is_active"]
    empty_text = _("Nobody has begun the questionnaire yet.")
    fieldsets = [
        (None, {"fields": [("person_link", "state_word"), ("begun", "heard"), ("consent_version", "consent_at")]}),
        (_("Conversation"), {"fields": ["conversation"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [
            "person_link",
            "state_word",
            "begun",
            "heard",
            "consent_version",
            "consent_at",
            "conversation",
        ]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("state"), ordering="state")
    def state_word(self, session: UserSession) -> str:
        return show.capital(session.get_state_display())

    @display(description=_("begun"), ordering="created_at")
    def begun(self, session: UserSession) -> SafeString:
        return show.short_time(session.created_at)

    @display(description=_("last answer"), ordering="heard_at")
    def heard(self, session: UserSession) -> SafeString:
        return show.short_time(session.heard_at)

    @display(description=_("conversation"))
    def conversation(self, session: UserSession) -> SafeString:
        who = {"us": _now("we"), "person": _now("the person")}
        lines = (
            (who.get(str(said.get("by")), ""), show.whole_text(str(said.get("text", ""))))
            for said in session.conversation_history
        )
        return format_html_join("", '<div class="rl-said"><strong>{}</strong>{}</div>', lines)


@admin.register(JourneyProgress)
class ProgressAdmin(SensitiveAdmin):
    resource_classes = [ProgressResource]
    list_display = ["person", "stage", "since", "total_interactions"]
    list_filter = [("current_stage", RelatedDropdownFilter)]
    list_select_related = ["user", "current_stage"]
    empty_text = _("Nobody has a place on the journey yet.")
    fieldsets = [
        (None, {"fields": [("person_link", "stage"), "line", ("since", "total_interactions")]}),
        (_("Over time"), {"fields": ["chart", "steps"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["person_link", "stage", "line", "since", "total_interactions", "chart", "steps"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("stage"), ordering="current_stage__order")
    def stage(self, progress: JourneyProgress) -> str:
        return str(progress.current_stage)

    @display(description=_("journey"))
    def line(self, progress: JourneyProgress) -> SafeString:
        return way(progress.current_stage)

    @display(description=_("since"), ordering="stage_start_time")
    def since(self, progress: JourneyProgress) -> SafeString:
        return show.short_time(progress.stage_start_time)

    @display(description=_("steps"))
    def steps(self, progress: JourneyProgress) -> SafeString:
        names = {stage.pk: str(stage) for stage in Stage.objects.all()}
        rows = (
            (show.short_time(parse_datetime(step["at"])), names.get(step["stage"], step["stage"]), _by(step["by"]))
            for step in progress.transitions
        )
        return format_html_join("", "<div>{} — {} ({})</div>", rows)

    @display(description=_("stage over time"))
    def chart(self, progress: JourneyProgress) -> SafeString:
        names = {stage.pk: stage.name for stage in Stage.objects.order_by("-order")}
        moments = [parse_datetime(step["at"]) for step in progress.transitions]
        data = {
            "labels": [timezone.localtime(moment).strftime("%d.%m.%Y") for moment in moments if moment],
            "datasets": [
                {
                    "label": _now("stage"),
                    "data": [names.get(step["stage"]) for step in progress.transitions],
                    "stepped": True,
                    "borderColor": "var(--color-primary-600)",
                }
            ],
        }
        options = {
            "animation": False,
            "plugins": {"legend": {"display": False}},
            # the last stage stands on top
            "scales": {"y": {"display": True, "type": "category", "labels": list(names.values())}},
        }
        return format_html(
            '<div class="rl-chart"><canvas class="chart" data-type="line" data-value="{}" data-options="{}">'
            "</canvas></div>",
            json.dumps(data, ensure_ascii=False),
            json.dumps(options),
        )


@people.names_stages
def stage_name(code: str) -> str:
    return Stage.objects.filter(pk=code).values_list("name", flat=True).first() or ""


@people.provider(UserSession, DiagnosticResult, JourneyProgress)
def timeline(user: TelegramUser) -> list[people.Event]:
    """That diagnostics were begun and came to a result; what they say is on pages of their own."""
    sessions: QuerySet[UserSession] = UserSession.objects.filter(user=user).order_by("-id")[: people.LIMIT]
    found = DiagnosticResult.objects.filter(user=user).order_by("-id")[: people.LIMIT]
    return [
        *(people.Event(s.created_at, _now("Began diagnostics"), row=s) for s in sessions),
        *(people.Event(r.created_at, _now("Got a diagnostic result"), row=r) for r in found),
    ]
