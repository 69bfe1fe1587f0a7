"""The inbox: private chats like a messenger, and all messages as a list."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from accounts_mgmt import contacts
from accounts_mgmt.models import Contact
from accounts_mgmt.private import decisions, going_out
from accounts_mgmt.private.dialogues import NoThread, Thread, find_thread
from commentators.models import DirectMessage
from relove import desk, people, show
from relove.admin.base import ReadOnlyAdmin
from relove.language import detect_language
from relove.models import Staff, TelegramUser

INBOX = "admin:commentators_directmessage_inbox"
LISTED, SHOWN = 50, 100
# What never stood in the chat and is not on its way there.
UNSAID = ("draft", "rejected", "cancelled")


def url(account_id: int, user_id: int) -> str:
    return f"{reverse(INBOX)}?account={account_id}&user={user_id}"


@admin.register(DirectMessage)
class DirectMessageAdmin(ReadOnlyAdmin):
    list_display = ["words", "way", "state", "person", "our_account", "sent"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("direction", ChoicesDropdownFilter),
        ("purpose", ChoicesDropdownFilter),
    ]
    list_select_related = ["sender", "user", "approved_by"]
    search_fields = ["text"]
    search_help_text = _("Words of the message")
    extra_lookups = ("user__id__exact",)
    ordering = ["-id"]
    empty_text = _("No private messages yet. They appear when somebody writes to a commentator.")
    fieldsets = [
        (None, {"fields": ["full_text", ("way", "state", "sent"), "why", ("person", "our_account"), "thread"]}),
        (
            _("How it came to be"),
            {"fields": [("origin", "purpose"), "model", "as_drafted", ("approved_by", "approved")]},
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "commentators_directmessage_inbox"
        own = [
            path("inbox/", wrap(inbox), {"page": self}, name=name),
            path("inbox/<int:account_id>/<int:user_id>/", wrap(act), {"page": self}, name=f"{name}_act"),
        ]
        return own + super().get_urls()

    def has_answer_permission(self, request: HttpRequest) -> bool:
        return desk.may(request, "commentators.change_directmessage")

    @display(description=_("message"))
    def words(self, row: DirectMessage) -> SafeString:
        return show.foreign_text(row.text)

    @display(description=_("text"))
    def full_text(self, row: DirectMessage) -> SafeString:
        return show.whole_text(row.text)

    @display(description=_("as drafted"))
    def as_drafted(self, row: DirectMessage) -> SafeString:
        return show.whole_text(row.drafted_text)

    @display(description=_("direction"), ordering="direction")
    def way(self, row: DirectMessage) -> str:
        return show.capital(row.get_direction_display())

    @display(description=_("status"), ordering="status")
    def state(self, row: DirectMessage) -> SafeString:
        return show.badge(row.status, row.get_status_display(), row.failed_reason)

    @display(description=_("why"))
    def why(self, row: DirectMessage) -> SafeString:
        return show.foreign_text(row.failed_reason or row.stage_reason)

    @display(description=_("person"))
    def person(self, row: DirectMessage) -> SafeString:
        return show.link(row.user)

    @display(description=_("account"))
    def our_account(self, row: DirectMessage) -> SafeString:
        return show.link(row.sender)

    @display(description=_("sent"), ordering="sent_at")
    def sent(self, row: DirectMessage) -> SafeString:
        return show.short_time(row.sent_at)

    @display(description=_("approved"))
    def approved(self, row: DirectMessage) -> SafeString:
        return show.short_time(row.approved_at)

    @display(description=_("thread"))
    def thread(self, row: DirectMessage) -> SafeString:
        return format_html('<a class="rl-link" href="{}">{}</a>', url(row.sender_id, row.user_id), _("open"))


# --- the messenger -----------------------------------------------------------------------------------


@require_GET
def inbox(request: HttpRequest, page: DirectMessageAdmin) -> HttpResponse:
    """Threads, unread and alarming ones first; `account` and `user` name the one that is open."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    context = {
        **page.admin_site.each_context(request),
        "title": _("Private messages"),
        "is_fullwidth": "1",
        "threads": [_entry(row) for row in threads()[:LISTED]],
        "may_answer": page.has_answer_permission(request),
    }
    chosen = request.GET.get("account", ""), request.GET.get("user", "")
    if all(part.isdecimal() for part in chosen):
        context |= _open(*map(int, chosen))
    return TemplateResponse(request, "commentators/inbox.html", context)


def threads() -> QuerySet[DirectMessage]:
    """The newest message of each thread: cries for help first, then unread, then what waits for a decision."""
    said = DirectMessage.objects.exclude(status__in=UNSAID)
    newest = said.order_by("sender_id", "user_id", "-id").distinct("sender_id", "user_id")
    same = DirectMessage.objects.thread(OuterRef("sender_id"), OuterRef("user_id"))  # type: ignore[arg-type]
    alerts = Contact.objects.alerting().filter(user=OuterRef("user_id"))
    rows: QuerySet[DirectMessage] = DirectMessage.objects.filter(id__in=newest.values("id")).annotate(
        alert=Exists(alerts),
        unread=Exists(same.filter(direction="in", is_read=False)),
        drafted=Exists(same.filter(status="draft")),
        waits=Exists(same.filter(stage="person")),
    )
    order = ("-alert", "-unread", "-drafted", "-waits", "-id")
    return rows.select_related("sender", "user").order_by(*order)


def _entry(row: Any) -> dict[str, Any]:
    return {
        "row": row,
        "url": url(row.sender_id, row.user_id),
        "time": show.short_time(row.sent_at or row.created_at),
    }


def _open(account_id: int, user_id: int) -> dict[str, Any]:
    thread = _found(account_id, user_id)
    rows = list(thread.messages.exclude(status__in=UNSAID).order_by("-id")[:SHOWN])
    draft = thread.messages.drafts().order_by("-id").first()
    last = next((row for row in rows if row.direction == "in"), None)
    opening = DirectMessage(sender=thread.account, user=thread.user, text="", origin="machine")
    going_out.disclose(opening, detect_language(draft.text if draft else "") or "ru")
    return {
        "thread": thread,
        "contact": Contact.objects.filter(user=thread.user).select_related("account", "acknowledged_by").first(),
        "bubbles": [_bubble(row) for row in reversed(rows)],
        "draft": draft,
        "opening": opening.text.strip() if draft else "",
        "waiting": last if last and last.stage and not draft else None,
        "has_unread": thread.messages.unread().exists(),
        "person_link": show.link(thread.user, _now("everything about this person")),
        "now": timezone.now(),
    }


def _found(account_id: int, user_id: int) -> Thread:
    try:
        return find_thread(account_id, user_id)
    except (NoThread, OverflowError) as error:
        raise Http404 from error


def _bubble(row: DirectMessage) -> dict[str, Any]:
    return {
        "row": row,
        "ours": row.direction == "out",
        "time": show.short_time(row.sent_at or row.created_at),
        "badge": show.badge(row.status, row.get_status_display(), row.failed_reason)
        if row.status != "sent"
        else "",
    }


@require_POST
def act(request: HttpRequest, page: DirectMessageAdmin, account_id: int, user_id: int) -> HttpResponse:
    """What a person does in a thread: approve, reject, write, note it as read, take over, let go on."""
    if not page.has_answer_permission(request):
        raise PermissionDenied
    thread = _found(account_id, user_id)
    try:
        _carry_out(request, thread, desk.staff_of(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    desk.forget_counts()
    return redirect(url(account_id, user_id))


def _carry_out(request: HttpRequest, thread: Thread, staff: Staff) -> None:
    now, what, text = timezone.now(), request.POST.get("what", ""), request.POST.get("text", "")
    draft = request.POST.get("draft", "")
    if what in ("approve", "reject") and not draft.isdecimal():
        return
    match what:
        case "approve":
            decisions.approve(thread, int(draft), text, staff, now)
            messages.success(request, _("The answer is in the queue."))
        case "reject":
            decisions.reject(thread, int(draft), staff, now)
        case "write":
            decisions.write(thread, text, staff, now)
            messages.success(request, _("The message is in the queue."))
        case "acknowledge" | "resume" | "hand_over":
            _about_contact(what, Contact.objects.get(user=thread.user), thread, staff)
    decisions.read(thread, now)


def _about_contact(what: str, contact: Contact, thread: Thread, staff: Staff) -> None:
    if what == "acknowledge":
        contacts.acknowledge(contact, staff, timezone.now())
    elif what == "hand_over":
        contacts.hand_over(contact, thread.account.pk, staff)
    elif contact.crisis_at and not contact.acknowledged_at:
        raise ValidationError(_("Take the person over first."))
    else:
        contacts.resume(contact, staff, _now("recorded in the inbox"))


# --- the first page ----------------------------------------------------------------------------------


@desk.count("inbox")
def unread_threads(now: Any) -> int:
    unread = DirectMessage.objects.unread().order_by().values("sender", "user").distinct()
    return unread.count()


@desk.panel(5)
def alerts(request: HttpRequest, now: Any) -> desk.Panel | None:
    """People in a crisis, until somebody takes over; no panel where there are none."""
    if not desk.may(request, "commentators.view_directmessage"):
        return None
    rows = Contact.objects.alerting().exclude(account=None).select_related("user").order_by("crisis_at")
    lines = [
        desk.Line(
            str(contact.user),
            url(contact.account_id, contact.user_id),
            "failed",
            _now("crisis"),
            contact.crisis_at,
        )
        for contact in rows[:8]
    ]
    return desk.Panel(_("People who need a human being now"), lines=lines) if lines else None


# --- a person's page ---------------------------------------------------------------------------------


@people.provider(DirectMessage)
def told(user: TelegramUser) -> list[people.Event]:
    """Both sides' messages; stops stand in the activity log."""
    rows = DirectMessage.objects.filter(user=user).exclude(status__in=UNSAID)
    return [
        people.Event(
            row.sent_at or row.created_at,
            f"{row.sender}: {row.get_direction_display()}",
            row.text,
            row,
        )
        for row in rows.select_related("sender").order_by("-id")[: people.LIMIT]
    ]
