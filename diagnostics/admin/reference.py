"""What staff edit: questions with their answers and weights, programmes and where results lead."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline, TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from diagnostics import questionnaire
from diagnostics.models import DiagnosticOption, DiagnosticQuestion, Psychotype, Stage, Stream, StreamRoute
from relove import show
from relove.admin.base import BackOfficeAdmin


def warn_unreachable(request: HttpRequest) -> None:
    """Say which psychotypes and stages no answers lead to any more."""
    missing = questionnaire.unreachable()
    codes = [code for part in missing.values() for code in part]
    if not codes:
        return
    names = [str(row) for model in (Psychotype, Stage) for row in model.objects.filter(pk__in=codes)]
    text = ngettext("No answers lead to %(names)s.", "No answers lead to these: %(names)s.", len(names))
    messages.warning(request, text % {"names": ", ".join(names)})


class OptionInline(StackedInline):
    model = DiagnosticOption
    extra = 0
    min_num = 2
    ordering_field = "order"
    hide_ordering_field = True
    fields = [
        ("text", "text_en"),
        ("psychotype", "psychotype_weight"),
        ("stage", "stage_weight"),
        "order",
    ]


@admin.register(DiagnosticQuestion)
class QuestionAdmin(BackOfficeAdmin):
    """Asked in this order; dragging the rows changes it."""

    list_display = ["text", "context_word", "options_count", "is_active"]
    list_filter = [("context", ChoicesDropdownFilter), "is_active"]
    search_fields = ["text", "text_en"]
    ordering = ["order", "id"]
    ordering_field = "order"
    hide_ordering_field = True
    list_per_page = 100
    inlines = [OptionInline]
    fields = ["text", "text_en", "context", "is_active"]
    empty_text = _("No questions. Without them diagnostics cannot begin.")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[DiagnosticQuestion]":
        rows: QuerySet[DiagnosticQuestion] = super().get_queryset(request)
        return rows.annotate(answers=Count("options"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if request.method == "GET":
            warn_unreachable(request)
        return super().changelist_view(request, extra_context)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "_continue" in request.POST:
            warn_unreachable(request)

    @display(description=_("asks about"), ordering="context")
    def context_word(self, question: DiagnosticQuestion) -> str:
        return show.capital(question.get_context_display())

    @display(description=_("answers"))
    def options_count(self, question: Any) -> int:
        return int(question.answers)


class RouteInline(TabularInline):
    model = StreamRoute
    extra = 0
    fields = ["psychotype", "stage", "reason", "reason_en"]


@admin.register(Stream)
class StreamAdmin(BackOfficeAdmin):
    list_display = ["name", "length", "mentor", "is_basic", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "name_en"]
    ordering = ["order", "id"]
    ordering_field = "order"
    hide_ordering_field = True
    inlines = [RouteInline]
    prepopulated_fields = {"code": ["name_en"]}
    fields = [
        ("name", "name_en"),
        "code",
        "description",
        "description_en",
        ("months", "mentor"),
        ("is_basic", "is_active"),
    ]
    empty_text = _("No programmes yet.")

    @display(description=_("length"), ordering="months")
    def length(self, stream: Stream) -> str:
        if not stream.months:
            return gettext("not fixed")
        return ngettext("%(count)d month", "%(count)d months", stream.months) % {"count": stream.months}


class CodedAdmin(BackOfficeAdmin):
    """Rows whose codes the scoring knows: their texts are edited, none is added or taken away."""

    list_display = ["name", "name_en"]
    readonly_fields = ["code"]
    exclude = ["order"]
    search_fields = ["name", "name_en"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Stage)
class StageAdmin(CodedAdmin):
    list_display = ["order", "name", "name_en"]
    list_display_links = ["name"]
    ordering = ["order"]


@admin.register(Psychotype)
class PsychotypeAdmin(CodedAdmin):
    ordering = ["order"]
