"""The main account's dialogues like a messenger, with the reason of every reply; and all messages as a list."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from accounts_mgmt.admin.messenger import FILTERS, Messenger
from accounts_mgmt.private.dialogues import Thread
from relove import desk, show
from relove.admin.biglist import BigListAdmin
from relove.models import Staff
from sales import conversations, live, looks, recording, trials
from sales.models import ClientConversation, ConversationMessage
from sales.querysets import DIAGNOSIS, DIAGNOSIS_RIGHT


class SalesMessenger(Messenger):
    kind = ConversationMessage
    title = _("Dialogues")
    empty = _("No dialogues yet. They begin when somebody writes to the main account.")
    side_template = "sales/dialogue_side.html"
    filters = {**FILTERS, "mine": _("mine")}

    def threads(self, request: HttpRequest) -> Any:
        """Narrowed by stage and owner where they are asked for."""
        unread = ConversationMessage.objects.unread().filter(conversation=OuterRef("conversation"))
        rows = super().threads(request).select_related("sender", "user", "conversation__owner")
        rows = rows.annotate(unread_since=Subquery(unread.order_by("id").values("sent_at")[:1]))
        if stage := request.GET.get("stage", ""):
            rows = rows.filter(conversation__stage=stage)
        if request.GET.get("show") == "mine":
            rows = rows.filter(conversation__owner=desk.staff_of(request))
        return rows

    def seen(self, rows: Any, request: HttpRequest) -> Any:
        return rows.seen_by(request.user)

    def note_view(self, rows: list[Any], request: HttpRequest, *, is_list: bool) -> None:
        looks.note(rows, desk.staff_of(request), is_list=is_list)

    def notes(self, row: Any) -> list[str]:
        """The stage, the owner, and how long the person has been waiting for an answer."""
        since = row.unread_since or row.sent_at
        waits = _waits(since) if row.direction == "in" and since else ""
        return [note for note in (row.conversation.stage, str(row.conversation.owner or ""), waits) if note]

    def choices(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The stages of the script in use."""
        found = live.in_use("sales")
        stages = list(dict.fromkeys(step.stage for step in found.document.steps if step.stage)) if found else []
        chosen = request.GET.get("stage", "")
        return [{"name": "stage", "title": _now("every stage"), "chosen": chosen, "options": stages}]

    def reason(self, row: ConversationMessage) -> str:
        """The strategy with its score, what was shown of trigger and step, and the engine's own sentence."""
        if not row.strategy:
            return ""
        score = number_format(row.score, 2) if row.score is not None else ""
        parts = [show.choice(row, "strategy"), score, row.trigger, row.step, row.why, version_name(row.version)]
        if row.tokens:
            parts.append(
                _now("%(tokens)d tokens, %(cost)s $") % {"tokens": row.tokens, "cost": row.cost.normalize()}
            )
        return " · ".join(filter(None, parts))

    def side(self, thread: Thread) -> dict[str, Any]:
        conversation = _of(thread)
        heard = thread.messages.received().order_by("-id").first()
        if heard and heard.step == DIAGNOSIS:
            # what a model made of it before would tell what is hidden in the thread
            heard = None
        return {
            "conversation": conversation,
            "version": version_name(conversation.version),
            "learnt": conversation.learnt.items(),
            "heard": heard,
            "analysis": (heard.analysis or {}) if heard else {},
            "fit": number_format(heard.score, 2) if heard and heard.score is not None else "",
            "may_keep": bool(heard and heard.strategy and conversation.script_id),
            "ready": list(conversations.ready_answers(conversation)),
            "colleagues": Staff.objects.filter(is_active=True).order_by("first_name", "username"),
        }

    def _carry_out(self, request: HttpRequest, thread: Thread, staff: Staff) -> str:
        """Whoever acts holds the dialogue; who writes by hand leads it from then on."""
        conversation, what = _of(thread), request.POST.get("what", "")
        if what != "read":
            conversations.lock(conversation, staff, timezone.now())
        said = super()._carry_out(request, thread, staff)
        if what == "write" and conversation.lead == conversation.Lead.SCRIPT:
            conversations.lead_by_hand(conversation, staff)
        return said

    def do(self, what: str, thread: Thread, request: HttpRequest, staff: Staff) -> str:
        conversation, now = _of(thread), timezone.now()
        match what:
            case "hold":
                return ""
            case "take_over":
                conversations.take_over(conversation, staff, now)
                return _now("You lead the dialogue now.")
            case "hand_back":
                conversations.hand_back(conversation, staff, now)
                return _now("The script leads again.")
            case "propose":
                conversations.propose(conversation, staff)
                return _now("A draft is being written.")
            case "note":
                conversations.note(conversation, request.POST.get("note", ""), staff)
                return _now("Noted.")
            case "keep":
                return _kept(conversation, staff)
            case "assign":
                conversations.assign(conversation, _colleague(request), staff)
                return _now("Assigned.")
        return super().do(what, thread, request, staff)


def _waits(since: datetime) -> str:
    if timezone.now() - since < timedelta(minutes=1):
        return _now("waits less than a minute")
    return _now("waits %(time)s") % {"time": timesince(since, depth=1)}


def version_name(version: Any) -> str:
    return f"{version.name} · {version.number}" if version else ""


def _kept(conversation: ClientConversation, staff: Staff) -> str:
    try:
        recording.keep(conversation, staff, timezone.now())
    except (recording.NothingToKeep, trials.NameTaken) as error:
        raise ValidationError(str(error)) from error
    return _now("The dialogue is saved as a test.")


def _of(thread: Thread) -> ClientConversation:
    rows = ClientConversation.objects.select_related("user", "account", "version", "script", "owner", "locked_by")
    found: ClientConversation = rows.get(account=thread.account, user=thread.user)
    return found


def _colleague(request: HttpRequest) -> Staff | None:
    """Nobody for an empty choice. Raises ValidationError for one who is not there."""
    chosen = request.POST.get("owner", "")
    if not chosen:
        return None
    found = Staff.objects.filter(pk=chosen, is_active=True).first() if chosen.isdecimal() else None
    if found is None:
        raise ValidationError(_now("There is no such colleague."))
    return found


@admin.register(ConversationMessage)
class ConversationMessageAdmin(BigListAdmin):
    list_display = ["words", "state", "how", "fit", "person", "sent"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("direction", ChoicesDropdownFilter),
        ("strategy", ChoicesDropdownFilter),
    ]
    list_select_related = ["sender", "user", "approved_by", "version"]
    search_fields = ["text"]
    search_help_text = _("Words of the message")
    extra_lookups = ("user__id__exact",)
    ordering = ["-id"]
    sortable_by = ("sent",)
    empty_text = _("No dialogues yet. They begin when somebody writes to the main account.")
    fieldsets = [
        (None, {"fields": ["full_text", "state", "sent", "person", "thread"]}),
        (
            _("How it came to be"),
            {
                "fields": [
                    ("how", "fit", "threshold"),
                    "why",
                    ("trigger", "step", "response"),
                    "analysis",
                    ("version", "model", "tokens", "cost"),
                    ("origin", "approved_by"),
                ]
            },
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        return SalesMessenger(self.admin_site).urls + super().get_urls()

    def get_queryset(self, request: HttpRequest) -> Any:
        rows: Any = super().get_queryset(request)
        return rows.seen_by(request.user)

    def get_search_results(self, request: HttpRequest, rows: Any, words: str) -> tuple[Any, bool]:
        """Words that the reader may not see are not found either: a hit would tell them."""
        if words and not desk.may(request, DIAGNOSIS_RIGHT):
            rows = rows.filter(of_diagnosis=False)
        return super().get_search_results(request, rows, words)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found = super().get_changelist_instance(request)
        looks.note(found.result_list, desk.staff_of(request), is_list=True)
        return found

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        looks.note([context["original"]], desk.staff_of(request), is_list=False)
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description=_("message"))
    def words(self, row: ConversationMessage) -> SafeString:
        return show.foreign_text(row.shown_text)

    @display(description=_("text"))
    def full_text(self, row: ConversationMessage) -> SafeString:
        return show.whole_text(row.shown_text)

    @display(description=_("status"), ordering="status")
    def state(self, row: ConversationMessage) -> SafeString:
        return show.badge(row.status, show.choice(row, "status"), row.failed_reason)

    @display(description=_("strategy"))
    def how(self, row: ConversationMessage) -> str:
        return show.choice(row, "strategy") if row.strategy else "—"

    @display(description=_("fit"))
    def fit(self, row: ConversationMessage) -> str:
        return number_format(row.score, 2) if row.score is not None else "—"

    @display(description=_("person"))
    def person(self, row: ConversationMessage) -> SafeString:
        return show.link(row.user)

    @display(description=_("sent"), ordering="sent_at")
    def sent(self, row: ConversationMessage) -> SafeString:
        return show.short_time(row.sent_at)

    @display(description=_("thread"))
    def thread(self, row: ConversationMessage) -> SafeString:
        address = SalesMessenger(self.admin_site).url(row.sender_id, row.user_id)
        return format_html('<a class="rl-link" href="{}">{}</a>', address, _("open"))


# --- the first page ----------------------------------------------------------------------------------


@desk.count("inbox")
def unread_dialogues(now: Any) -> int:
    unread = ConversationMessage.objects.unread().order_by().values("conversation").distinct()
    return unread.count()


@desk.panel(12)
def waiting(request: HttpRequest, now: Any) -> desk.Panel | None:
    """Dialogues that wait for a person, the longest wait first."""
    if not desk.may(request, "sales.view_conversationmessage"):
        return None
    rows: QuerySet[ConversationMessage] = ConversationMessage.objects.filter(stage="person")
    lines = [
        desk.Line(
            str(row.user),
            SalesMessenger(admin.site).url(row.sender_id, row.user_id),
            "unknown",
            row.stage_reason or _now("waits for a person"),
            row.sent_at,
        )
        for row in rows.select_related("user").order_by(F("sent_at").asc(nulls_last=True))[:8]
    ]
    return desk.Panel(_("Dialogues that wait for a person"), lines=lines) if lines else None
