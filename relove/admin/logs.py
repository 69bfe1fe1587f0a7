"""The logs: what the system and the people did. Read only."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from relove import desk, show
from relove.admin.biglist import BigListAdmin
from relove.admin.filters import PeriodFilter, StartPeriodFilter
from relove.models import LLMCall, OperationLog, SessionLog, TelegramUser, UserActivityLog

# of the people whose name was searched
NAMED = 100
# Names of operations and activities that people may meet; another is shown by its code.
PAUSED = {
    "everything": _("pausing everything"),
    "account": _("pausing an account"),
    "channel": _("pausing a channel"),
    "script": _("pausing a script"),
    "person": _("pausing messages to a person"),
}
RESUMED = {
    "everything": _("letting everything go on"),
    "account": _("letting an account go on"),
    "channel": _("letting a channel go on"),
    "script": _("letting a script go on"),
    "person": _("letting messages to a person go on"),
}
OPERATIONS = {
    "store_post": _("storing a post"),
    "read_channel": _("reading a channel"),
    "check_channel": _("checking a channel"),
    "read_metrics": _("reading the response of readers"),
    "summarise_post": _("summarising a post"),
    "generate_comment": _("drafting a comment"),
    "summary": _("summarising a post"),
    "draft": _("drafting a comment"),
    "approve_comment": _("approving a comment"),
    "reject_comment": _("rejecting a comment"),
    "write_comment": _("writing a comment by hand"),
    "cancel_comment": _("cancelling a comment"),
    "ask_delete_comment": _("asking to delete a comment"),
    "delete_comment": _("deleting a comment in Telegram"),
    "comment_reply": _("an answer to a comment"),
    "comment_same_post": _("a message under the same post"),
    "edit_comment": _("editing a comment"),
    "redraft_comment": _("writing a draft anew"),
    "snooze_comment": _("putting a comment off"),
    "undo_decision": _("taking a decision back"),
    "move_comment": _("moving a comment"),
    "retry_comment": _("queueing a comment again"),
    "check_comment": _("looking a comment up in Telegram"),
    "change_option": _("changing a system setting"),
    **{f"paused_{level}": words for level, words in PAUSED.items()},
    **{f"resumed_{level}": words for level, words in RESUMED.items()},
    "resumed_frozen": _("confirming that sending may go on"),
    "send_message": _("sending a message"),
    "begin_dialogue": _("beginning a dialogue"),
    "join_group": _("joining a study group"),
    "send_comment": _("sending a comment"),
    "record_metrics": _("reading the response of readers"),
    "comment": _("a comment"),
    "reaction": _("a reaction"),
    "reply": _("a reply"),
    "message": _("a private message"),
    "draft_reply": _("drafting an answer"),
    "approve_direct": _("approving an answer"),
    "reject_direct": _("rejecting an answer"),
    "write_direct": _("writing by hand"),
    "stop": _("asked to stop"),
    "pause": _("asked for a pause"),
    "resume": _("asked to go on"),
    "crisis": _("a cry for help"),
    "bot": _("asked whether it is a bot"),
    "human": _("asked for a human being"),
    "tell_crisis": _("telling staff of a cry for help"),
    "acknowledge_crisis": _("taking a person over"),
    "record_consent": _("agreed to be written to"),
    "withdraw_consent": _("takes the consent back"),
    "resume_contact": _("recording the wish to go on"),
    "hand_over": _("handing a person over"),
    "answer_client": _("answering a client"),
    "sales_hand_over": _("the script hands over to a person"),
    "create_group": _("asking for a study group"),
    "pause_group": _("pausing a study group"),
    "resume_group": _("letting a study group go on"),
    "step_group": _("saying the next line at once"),
    "skip_group": _("skipping a line"),
    "say_in_group": _("speaking by hand in a study group"),
    "approve_group_message": _("approving a line of a study group"),
    "end_group": _("ending a study group"),
    "archive_group": _("closing a study group"),
    "group_message": _("a message in a study group"),
    "group_create": _("making a study group"),
    "group_dress": _("dressing a study group"),
    "group_link": _("fetching the link of a study group"),
    "group_join": _("a practice partner comes into a study group"),
    "group_invite": _("inviting the client into a study group"),
    "group_arrive": _("waiting for the client in a study group"),
    "group_welcome": _("saying who is who in a study group"),
    "group_pin": _("pinning the welcome of a study group"),
    "diagnostics": _("a diagnosis comes to a result"),
    "diagnostics_consent": _("agreed to a diagnosis"),
    "correct_diagnostics": _("correcting a diagnosis"),
    "view_sensitive": _("opening a sensitive page"),
    "view_sensitive_list": _("opening a sensitive list"),
    "export_sensitive": _("exporting a sensitive list"),
    "export_person": _("exporting a person"),
    "erase_person": _("erasing a person"),
}


def operation_name(code: str) -> str:
    return show.capital(str(OPERATIONS.get(code, code.replace("_", " "))))


def subject(table: str, row_id: int | None) -> SafeString:
    return show.row_link(table, row_id, desk.row_name(table, row_id))


class LogAdmin(BigListAdmin):
    """Newest first. What is searched is a column of codes, by code or by what people call it."""

    ordering = ["-created_at", "-id"]
    sortable_by = ("when",)

    def get_search_results(self, request: HttpRequest, rows: Any, words: str) -> tuple[Any, bool]:
        wanted = words.strip().lower()
        codes = [code for code, name in OPERATIONS.items() if wanted in code or wanted in str(name).lower()]
        column = self.search_fields[0]
        return (rows.filter(**{f"{column}__in": [*codes, wanted]}) if wanted else rows), False

    @display(description=_("about"))
    def about(self, row: Any) -> SafeString:
        return subject(row.subject_table, row.subject_id)

    @display(description=_("when"), ordering="created_at")
    def when(self, row: Any) -> SafeString:
        return show.short_time(row.created_at)

    @display(description=_("details"))
    def detail_rows(self, row: Any) -> SafeString:
        return show.key_values(row.details)


@admin.register(OperationLog)
class OperationLogAdmin(LogAdmin):
    list_display = ["what", "state", "why", "about", "account", "took", "when"]
    list_filter = [("status", ChoicesDropdownFilter), PeriodFilter]
    list_select_related = ["user"]
    search_fields = ["operation_type"]
    search_help_text = _("Name or code of the operation")
    extra_lookups = ("subject_table", "subject_id", "account_id")
    empty_text = _("No operations yet. Every step of a comment leaves a row here.")
    fieldsets = [
        (None, {"fields": [("what", "state"), "about", ("account", "person"), ("took", "when")]}),
        (_("Error"), {"fields": ["error_text"]}),
    ]

    @display(description=_("operation"), ordering="operation_type")
    def what(self, row: OperationLog) -> str:
        return operation_name(row.operation_type)

    @display(description=_("status"), ordering="status")
    def state(self, row: OperationLog) -> SafeString:
        return show.badge(row.status, show.choice(row, "status"), row.error_message)

    @display(description=_("account"))
    def account(self, row: OperationLog) -> SafeString:
        return subject("telegram_account_sessions", row.account_id)

    @display(description=_("why"))
    def why(self, row: OperationLog) -> SafeString:
        return show.foreign_text(row.error_message)

    @display(description=_("person"))
    def person(self, row: OperationLog) -> SafeString:
        return show.link(row.user)

    @display(description=_("took, ms"), ordering="duration_ms")
    def took(self, row: OperationLog) -> SafeString:
        return show.number(row.duration_ms)

    @display(description=_("error"))
    def error_text(self, row: OperationLog) -> SafeString:
        return show.whole_text(row.error_message)


@admin.register(SessionLog)
class SessionLogAdmin(BigListAdmin):
    list_display = ["type_word", "state", "account", "started", "ended", "summary"]
    list_filter = [("session_type", ChoicesDropdownFilter), ("status", ChoicesDropdownFilter), StartPeriodFilter]
    list_select_related = ["user"]
    search_fields = ["username", "first_name", "last_name"]
    search_help_text = _("Name of the account or the person")
    extra_lookups = ("account_id",)
    ordering = ["-start_time", "-id"]
    sortable_by = ("started",)
    empty_text = _("No work sessions yet. One begins when a process takes an account.")
    fieldsets = [
        (None, {"fields": [("type_word", "state"), ("account", "person"), ("started", "ended"), "summary"]})
    ]

    def get_search_results(self, request: HttpRequest, rows: Any, words: str) -> tuple[Any, bool]:
        """Accounts belong to another part of the program, which tells their names and no more."""
        if not words:
            return rows, False
        people, _many = ModelAdmin.get_search_results(self, request, TelegramUser.objects.all(), words)
        accounts = desk.rows_named("telegram_account_sessions", words)
        known = list(people.values_list("pk", flat=True)[:NAMED])
        return rows.filter(Q(account_id__in=accounts) | Q(user_id__in=known)), False

    @display(description=_("type"), ordering="session_type")
    def type_word(self, row: SessionLog) -> str:
        return show.capital(show.choice(row, "session_type"))

    @display(description=_("status"), ordering="status")
    def state(self, row: SessionLog) -> SafeString:
        return show.badge(row.status, show.choice(row, "status"))

    @display(description=_("account"))
    def account(self, row: SessionLog) -> SafeString:
        return subject("telegram_account_sessions", row.account_id)

    @display(description=_("person"))
    def person(self, row: SessionLog) -> SafeString:
        return show.link(row.user)

    @display(description=_("start"), ordering="start_time")
    def started(self, row: SessionLog) -> SafeString:
        return show.short_time(row.start_time)

    @display(description=_("end"), ordering="end_time")
    def ended(self, row: SessionLog) -> SafeString:
        return show.short_time(row.end_time)

    @display(description=_("details"))
    def summary(self, row: SessionLog) -> SafeString:
        return show.key_values(row.metadata)


@admin.register(UserActivityLog)
class UserActivityLogAdmin(LogAdmin):
    list_display = ["what", "who", "place", "about", "when"]
    list_filter = [PeriodFilter]
    list_select_related = ["user", "staff", "chat"]
    search_fields = ["activity_type"]
    search_help_text = _("Name or code of the activity")
    extra_lookups = ("user__id__exact", "staff__id__exact")
    empty_text = _("Nothing yet. What people do in chats and staff do here is written down.")
    fieldsets = [(None, {"fields": ["what", ("who", "place"), ("about", "when"), "detail_rows"]})]

    @display(description=_("what"), ordering="activity_type")
    def what(self, row: UserActivityLog) -> str:
        return operation_name(row.activity_type)

    @display(description=_("who"))
    def who(self, row: UserActivityLog) -> SafeString:
        return show.link(row.staff or row.user)

    @display(description=_("chat"))
    def place(self, row: UserActivityLog) -> SafeString:
        return show.link(row.chat)


@admin.register(LLMCall)
class LLMCallAdmin(LogAdmin):
    list_display = ["what", "state", "about", "model", "tokens", "cost_usd", "took", "when"]
    list_filter = [("status", ChoicesDropdownFilter), PeriodFilter]
    search_fields = ["purpose"]
    search_help_text = _("Name or code of the purpose")
    extra_lookups = ("subject_table", "subject_id")
    empty_text = _("The language model has not been asked anything yet.")
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("what", "state"),
                    ("model", "about"),
                    ("tokens", "cost_usd"),
                    ("took", "when"),
                    "attempts",
                ]
            },
        ),
        (_("Error"), {"fields": ["error_text"]}),
        (_("Answer"), {"classes": ["tab"], "fields": ["response_rows"]}),
        (_("Request"), {"classes": ["tab"], "fields": ["request_rows"]}),
    ]

    def get_queryset(self, request: Any) -> Any:
        rows = super().get_queryset(request)
        # whole prompts are long; a list needs none of them
        return (
            rows.defer("request", "response") if request.resolver_match.url_name.endswith("_changelist") else rows
        )

    @display(description=_("purpose"), ordering="purpose")
    def what(self, row: LLMCall) -> str:
        return operation_name(row.purpose)

    @display(description=_("status"), ordering="status")
    def state(self, row: LLMCall) -> SafeString:
        return show.badge(row.status, show.choice(row, "status"), row.error)

    @display(description=_("tokens in / out"))
    def tokens(self, row: LLMCall) -> str:
        return f"{row.prompt_tokens} / {row.completion_tokens}"

    @display(description=_("cost, USD"), ordering="cost")
    def cost_usd(self, row: LLMCall) -> SafeString:
        return show.number(row.cost, 4)

    @display(description=_("took, ms"), ordering="duration_ms")
    def took(self, row: LLMCall) -> SafeString:
        return show.number(row.duration_ms)

    @display(description=_("error"))
    def error_text(self, row: LLMCall) -> SafeString:
        return show.whole_text(row.error)

    @display(description=_("answer"))
    def response_rows(self, row: LLMCall) -> SafeString:
        return show.key_values(row.response)

    @display(description=_("request"))
    def request_rows(self, row: LLMCall) -> SafeString:
        return show.key_values(row.request)
