"""The messenger: a domain's private chats, who is at the other side, and what staff do in a thread.

A domain makes a child for its kind of private message and hangs its `urls` into that kind's admin. The page
follows the table's own announcements, so it shows what any process writes, within the second.
"""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from accounts_mgmt import contacts
from accounts_mgmt.models import Contact
from accounts_mgmt.private import decisions, going_out
from accounts_mgmt.private.dialogues import NoThread, Thread, find_thread
from accounts_mgmt.private.model import PrivateMessage
from relove import desk, live, people, show
from relove.language import detect_language
from relove.models import Staff

LISTED, SHOWN, KNOWN = 50, 100, 6
# What never stood in the chat and is not on its way there.
UNSAID = ("draft", "rejected", "cancelled")
FILTERS = {"": _("all"), "unread": _("unread"), "waits": _("wait for a person"), "crisis": _("crisis")}
CONTACTS = live.topic("contacts", "accounts_mgmt.view_contact")


class Messenger:
    """The page of one kind of private message."""

    kind: ClassVar[type[PrivateMessage]]
    title: ClassVar[Promise]
    empty: ClassVar[Promise]
    # below what is known of the person, in the side card
    side_template: ClassVar[str] = ""
    filters: ClassVar[dict[str, Any]] = FILTERS

    name: ClassVar[str]
    view_right: ClassVar[str]
    change_right: ClassVar[str]

    def __init_subclass__(cls) -> None:
        meta = cls.kind._meta
        cls.name = f"{meta.app_label}_{meta.model_name}_inbox"
        cls.view_right = f"{meta.app_label}.view_{meta.model_name}"
        cls.change_right = f"{meta.app_label}.change_{meta.model_name}"
        live.topic(meta.db_table, cls.view_right)

    def __init__(self, site: AdminSite) -> None:
        self.site = site

    @property
    def urls(self) -> list[URLPattern]:
        wrap = self.site.admin_view
        return [
            path("inbox/", wrap(require_GET(self.show)), name=self.name),
            path("inbox/<int:account_id>/<int:user_id>/", wrap(require_POST(self.act)), name=f"{self.name}_act"),
        ]

    # --- what a domain may say differently ------------------------------------------------------------

    def seen(self, rows: Any, request: HttpRequest) -> Any:
        """The rows as whoever is at the page may see them."""
        return rows

    def note_view(self, rows: list[Any], request: HttpRequest, *, is_list: bool) -> None:
        """Write down who reads these, where a domain's words are for a few."""

    def reason(self, row: Any) -> str:
        """Why the machine wrote what it wrote, in a line under the message."""
        return ""

    def notes(self, row: Any) -> list[str]:
        """What the list says of a thread besides its newest message."""
        return []

    def choices(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Further fields of the search: name, title, chosen, options."""
        return []

    def side(self, thread: Thread) -> dict[str, Any]:
        """The values of `side_template`."""
        return {}

    def do(self, what: str, thread: Thread, request: HttpRequest, staff: Staff) -> str:
        """A deed of the domain's own; answers what was done, in words. Raises ValidationError."""
        raise ValidationError(_now("Nothing of that name can be done here."))

    # --- the page -------------------------------------------------------------------------------------

    def show(self, request: HttpRequest) -> HttpResponse:
        """Threads, alarming and unread ones first; `account` and `user` name the one that is open."""
        if not desk.may(request, self.view_right):
            raise PermissionDenied
        listed = list(self.seen(self.threads(request), request)[:LISTED])
        self.note_view(listed, request, is_list=True)
        context = {
            "threads": [self._entry(row) for row in listed],
            "chosen_filter": request.GET.get("show", ""),
            "filters": self.filters,
            "choices": self.choices(request),
            "search": request.GET.get("q", ""),
            "may_answer": desk.may(request, self.change_right),
            "side_template": self.side_template,
            "empty": self.empty,
        }
        chosen = request.GET.get("account", ""), request.GET.get("user", "")
        if all(part.isdecimal() for part in chosen):
            context |= self._open(request, *map(int, chosen))
        if "part" in request.GET:
            return TemplateResponse(request, "accounts_mgmt/messenger_parts.html", context)
        frame = {"title": self.title, "is_fullwidth": "1", "topic": self.kind._meta.db_table}
        context |= self.site.each_context(request) | frame
        return TemplateResponse(request, "accounts_mgmt/messenger.html", context)

    def threads(self, request: HttpRequest) -> Any:
        """The newest message of each thread: cries for help first, then unread, then what waits for a decision."""
        manager: Any = self.kind._default_manager
        newest = manager.exclude(status__in=UNSAID).order_by("sender_id", "user_id", "-id")
        same = manager.thread(OuterRef("sender_id"), OuterRef("user_id"))
        rows = manager.filter(id__in=newest.distinct("sender_id", "user_id").values("id")).annotate(
            alert=Exists(Contact.objects.alerting().filter(user=OuterRef("user_id"))),
            unread=Exists(same.filter(direction="in", is_read=False)),
            drafted=Exists(same.filter(status="draft")),
            waits=Exists(same.filter(stage="person")),
        )
        order = ("-alert", "-unread", "-drafted", "-waits", "-id")
        return _filtered(rows, request).select_related("sender", "user").order_by(*order)

    def url(self, account_id: int, user_id: int) -> str:
        return f"{reverse(f'admin:{self.name}')}?account={account_id}&user={user_id}"

    def _entry(self, row: Any) -> dict[str, Any]:
        time = show.short_time(row.sent_at or row.created_at)
        return {
            "row": row,
            "attached": show.media(row.media),
            "url": self.url(row.sender_id, row.user_id),
            "time": time,
            "notes": self.notes(row),
        }

    def _open(self, request: HttpRequest, account_id: int, user_id: int) -> dict[str, Any]:
        thread = self._found(account_id, user_id)
        rows = list(self.seen(thread.messages.exclude(status__in=UNSAID), request).order_by("-id")[:SHOWN])
        self.note_view(rows, request, is_list=False)
        draft = thread.messages.drafts().order_by("-id").first()
        last = next((row for row in rows if row.direction == "in"), None)
        contact = Contact.objects.select_related("account", "acknowledged_by", "told_staff", "consent_by")
        return {
            "thread": thread,
            "act_url": reverse(f"admin:{self.name}_act", args=[account_id, user_id]),
            "contact": contact.filter(user=thread.user).first(),
            "bubbles": self._bubbles(rows[::-1]),
            "draft": draft,
            "opening": self._opening(thread, draft) if draft else "",
            "waiting": last if last and last.stage and not draft else None,
            "has_unread": thread.messages.unread().exists(),
            "person_link": show.link(thread.user, _now("everything about this person")),
            "known": people.timeline(thread.user)[:KNOWN] if desk.may(request, "relove.view_telegramuser") else [],
            "now": timezone.now(),
            **self.side(thread),
        }

    def _found(self, account_id: int, user_id: int) -> Thread:
        try:
            thread = find_thread(account_id, user_id)
        except (NoThread, OverflowError) as error:
            raise Http404 from error
        if thread.dialogues.kind is not self.kind:
            raise Http404
        return thread

    def _opening(self, thread: Thread, draft: PrivateMessage) -> str:
        """What will stand before the draft, where the person has not been told yet."""
        row = self.kind(sender=thread.account, user=thread.user, text="", origin="machine")
        going_out.disclose(row, detect_language(draft.text) or "ru")
        return row.text.strip()

    def _bubbles(self, rows: list[Any]) -> list[dict[str, Any]]:
        bubbles: list[dict[str, Any]] = []
        day, unread = "", False
        for row in rows:
            moment = timezone.localtime(row.sent_at or row.created_at)
            today = date_format(moment, "j E" if moment.year == timezone.localtime().year else "j E Y")
            first_unread = not unread and row.direction == "in" and not row.is_read
            unread = unread or first_unread
            bubbles.append(self._bubble(row, moment, today if today != day else "", first_unread))
            day = today
        return bubbles

    def _bubble(self, row: Any, moment: datetime, day: str, first_unread: bool) -> dict[str, Any]:
        ours = row.direction == "out"
        return {
            "row": row,
            "attached": show.media(row.media),
            "ours": ours,
            "day": day,
            "first_unread": first_unread,
            "time": date_format(moment, "H:i"),
            "reason": self.reason(row) if ours and row.origin != "person" else "",
            "badge": _badge(row),
        }

    # --- what is done ---------------------------------------------------------------------------------

    def act(self, request: HttpRequest, account_id: int, user_id: int) -> HttpResponse:
        """What a person does in a thread; {"said": …}, or {"reason": …} why not."""
        if not desk.may(request, self.change_right):
            raise PermissionDenied
        thread, staff = self._found(account_id, user_id), desk.staff_of(request)
        try:
            said = self._carry_out(request, thread, staff)
        except ValidationError as error:
            return JsonResponse({"reason": " ".join(error.messages)})
        desk.forget_counts()
        return JsonResponse({"said": said})

    def _carry_out(self, request: HttpRequest, thread: Thread, staff: Staff) -> str:
        now, what, text = timezone.now(), request.POST.get("what", ""), request.POST.get("text", "")
        draft = request.POST.get("draft", "")
        said = ""
        match what:
            case "read":
                pass
            case "approve" | "reject" if draft.isdecimal():
                said = _decide(what, thread, int(draft), text, staff, now)
            case "write":
                decisions.write(thread, text, staff, now)
                said = _now("The message is in the queue.")
            case "acknowledge" | "resume" | "hand_over":
                _about_contact(what, thread, staff, now)
            case _:
                said = self.do(what, thread, request, staff)
        decisions.read(thread, now)
        return said


def _filtered(rows: Any, request: HttpRequest) -> Any:
    chosen = {"unread": Q(unread=True), "waits": Q(waits=True) | Q(drafted=True), "crisis": Q(alert=True)}
    rows = rows.filter(chosen.get(request.GET.get("show", ""), Q()))
    for word in request.GET.get("q", "").replace("\0", "").split()[:4]:
        name = word.removeprefix("@")
        fields = ("first_name", "last_name", "username")
        matches = Q()
        for field in fields:
            matches |= Q(**{f"user__{field}__icontains": name})
        rows = rows.filter(matches)
    return rows


def _badge(row: PrivateMessage) -> SafeString:
    if row.status == "sent":
        return SafeString()
    return show.badge(row.status, row.get_status_display(), row.failed_reason)


def _decide(what: str, thread: Thread, draft: int, text: str, staff: Staff, now: datetime) -> str:
    if what == "reject":
        decisions.reject(thread, draft, staff, now)
        return _now("The draft is rejected.")
    decisions.approve(thread, draft, text, staff, now)
    return _now("The answer is in the queue.")


def _about_contact(what: str, thread: Thread, staff: Staff, now: datetime) -> None:
    contact = Contact.objects.get(user=thread.user)
    if what == "acknowledge":
        contacts.acknowledge(contact, staff, now)
    elif what == "hand_over":
        contacts.hand_over(contact, thread.account.pk, staff)
    elif contact.crisis_at and not contact.acknowledged_at:
        raise ValidationError(_now("Take the person over first."))
    else:
        contacts.resume(contact, staff, _now("recorded in the inbox"))
