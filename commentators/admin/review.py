"""The review queue: a draft beside its post, decided one after the other by keys.

The page acts first and asks afterwards: these addresses answer with data or with parts of the page, and
a refusal carries the reason for which the page brings a draft back.
"""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commentators import locks, proposals, review, services
from commentators.admin import pictures
from commentators.admin.decisions import REASONS
from commentators.models import CommentPhoto, GeneratedComment
from relove import confirm, desk, show
from relove.desk import staff_of
from relove.llm import LLMError

if TYPE_CHECKING:
    from commentators.admin.comments import CommentAdmin

SNOOZE_WORDS = {
    "hour": gettext_lazy("in an hour"),
    "evening": gettext_lazy("in the evening"),
    "morning": gettext_lazy("tomorrow at 9:00"),
}
KEYS = (
    ("J", gettext_lazy("the next draft")),
    ("K", gettext_lazy("the previous draft")),
    ("A", gettext_lazy("approve")),
    ("E", gettext_lazy("edit the text; Ctrl+Enter saves and approves, Esc leaves, Shift+Esc drops the edit")),
    ("R", gettext_lazy("reject; then the number of the reason")),
    ("S", gettext_lazy("put off; then the number of the time")),
    ("H", gettext_lazy("have it written anew with a hint")),
    ("U", gettext_lazy("take the last decision back")),
    ("?", gettext_lazy("this table")),
)


def url(comment_id: int | None = None) -> str:
    address = reverse("admin:commentators_generatedcomment_review")
    return f"{address}?id={comment_id}" if comment_id else address


@require_GET
def queue(request: HttpRequest, page: "CommentAdmin") -> HttpResponse:
    """The page: the drafts in the order of their planned time; `id` names the one in hand, else the first."""
    _must_view(request, page)
    now = timezone.now()
    channels, accounts = review.choices(now)
    context = {
        "channels": channels,
        "accounts": accounts,
        "chosen": _chosen(request),
        **page.admin_site.each_context(request),
        "title": _("Review queue"),
        "is_fullwidth": "1",
        **_rows(request, page),
        "first": request.GET.get("id", ""),
        "reasons": REASONS,
        "snoozes": [
            (name, words, show.short_time(review.SNOOZES[name](now))) for name, words in SNOOZE_WORDS.items()
        ],
        "longest_hint": proposals.LONGEST_HINT,
        "keys": KEYS,
        "words": _words(),
    }
    return TemplateResponse(request, "commentators/review.html", context)


@require_GET
def rows(request: HttpRequest, page: "CommentAdmin") -> HttpResponse:
    """The list alone, for a page that is open."""
    _must_view(request, page)
    return TemplateResponse(request, "commentators/review_rows.html", _rows(request, page))


def _rows(request: HttpRequest, page: "CommentAdmin") -> dict[str, Any]:
    now, staff, chosen = timezone.now(), staff_of(request), _chosen(request)
    drafts = review.queue(now, chosen)
    held = locks.held_by_others([draft.pk for draft in drafts], staff)
    return {
        "drafts": [
            {"row": draft, "time": show.short_time(draft.scheduled_at), "lock": held.get(draft.pk, "")}
            for draft in drafts
        ],
        "counters": review.counters(staff, now, chosen),
        "may_decide": page.has_decide_permission(request),
    }


@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, page: "CommentAdmin", comment_id: int) -> HttpResponse:
    """GET: the draft with all that stands beside it. POST: a decision about it."""
    return decide(request, page, comment_id) if request.method == "POST" else _part(request, page, comment_id)


def _chosen(request: HttpRequest) -> review.Chosen:
    """The channel and the account that the address names."""
    named = (request.GET.get(name, "") for name in ("channel", "account"))
    return review.Chosen(*(int(value) if value.isdecimal() and len(value) < 10 else None for value in named))


def _part(request: HttpRequest, page: "CommentAdmin", comment_id: int) -> HttpResponse:
    _must_view(request, page)
    current = review.one(comment_id)
    if current is None:
        raise Http404
    found = review.checks(current)
    context = {
        "current": current,
        "post_link": show.link(current.post, _("open the post")),
        "media": pictures.media_of(current.post) if current.post.media_urls else "",
        "photo": pictures.photo_image(current.photo) if current.photo else "",
        "photos": CommentPhoto.objects.filter(is_active=True)
        .order_by("description")
        .values_list("pk", "description"),
        "may_decide": page.has_decide_permission(request),
        "post_time": show.short_time(current.post.created_at),
        "planned": show.short_time(current.scheduled_at),
        "summary": show.key_values(current.post.summary),
        "voice": getattr(current.account, "personality", None),
        "account_link": show.link(current.sender),
        "recent": review.recent(current),
        "failed": [check.words for check in found if not check.passed],
    }
    return TemplateResponse(request, "commentators/review_part.html", context)


def decide(request: HttpRequest, page: "CommentAdmin", comment_id: int) -> JsonResponse:
    """Carry out `what`: the counters, or the reason why it cannot be."""
    if not page.has_decide_permission(request):
        raise PermissionDenied
    decision = DECISIONS.get(request.POST.get("what", ""))
    if decision is None:
        return JsonResponse({"reason": _("There is no such decision.")}, status=400)
    try:
        decision(request, comment_id)
    except ValidationError as error:
        return JsonResponse({"reason": " ".join(error.messages)})
    desk.forget_counts()
    return JsonResponse(review.counters(staff_of(request), timezone.now(), _chosen(request)))


def _done(decisions: services.Decisions) -> None:
    if decisions.skipped:
        raise ValidationError(decisions.skipped[0][1])


def _approve(request: HttpRequest, comment_id: int) -> None:
    _done(services.approve([comment_id], staff_of(request), timezone.now()))


def _reject(request: HttpRequest, comment_id: int) -> None:
    reason = confirm.reason_given(request)
    if not reason:
        raise ValidationError(_("Say why: a reason teaches the next drafts."))
    _done(services.reject([comment_id], staff_of(request), timezone.now(), reason))


def _snooze(request: HttpRequest, comment_id: int) -> None:
    now = timezone.now()
    until = review.SNOOZES.get(request.POST.get("until", ""))
    if until is None:
        raise ValidationError(_("Say until when."))
    _done(services.snooze([comment_id], staff_of(request), now, until(now)))


def _edit(request: HttpRequest, comment_id: int) -> None:
    services.edit_text(comment_id, staff_of(request), request.POST.get("text", "").replace("\r\n", "\n"))


def _edit_and_approve(request: HttpRequest, comment_id: int) -> None:
    _edit(request, comment_id)
    _approve(request, comment_id)


def _redraft(request: HttpRequest, comment_id: int) -> None:
    try:
        proposals.redraft(comment_id, staff_of(request), request.POST.get("hint", ""))
    except LLMError as error:
        reason = _("The language model failed (%(error)s); nothing was drafted.") % {"error": error}
        raise ValidationError(reason) from None


def _photo(request: HttpRequest, comment_id: int) -> None:
    chosen = request.POST.get("photo", "")
    services.choose_photo(comment_id, staff_of(request), int(chosen) if chosen.isdecimal() else None)


def _undo(request: HttpRequest, comment_id: int) -> None:
    _done(services.undo([comment_id], staff_of(request), timezone.now()))


DECISIONS = {
    "approve": _approve,
    "reject": _reject,
    "snooze": _snooze,
    "edit": _edit,
    "edit_approve": _edit_and_approve,
    "redraft": _redraft,
    "photo": _photo,
    "undo": _undo,
}


@require_POST
def lock(request: HttpRequest, page: "CommentAdmin", comment_id: int) -> JsonResponse:
    """Take or renew the lock of a draft, or with `release` let it go; a page that is closed sends that too."""
    if not page.has_decide_permission(request):
        raise PermissionDenied
    if "release" in request.POST:
        locks.release(comment_id, staff_of(request))
        return JsonResponse({"acquired": False, "by": ""})
    taken = locks.take(comment_id, staff_of(request))
    return JsonResponse({"acquired": taken.acquired, "by": taken.by})


@require_POST
def check(request: HttpRequest, page: "CommentAdmin", comment_id: int) -> JsonResponse:
    """What the checks say of a text that is being typed."""
    _must_view(request, page)
    comment = GeneratedComment.objects.select_related("post").filter(pk=comment_id).first()
    if comment is None:
        raise Http404
    refusals = services.refusals_of(comment, request.POST.get("text", "").replace("\r\n", "\n"))
    return JsonResponse({"refusals": [str(refusal.reason) for refusal in refusals]})


def _must_view(request: HttpRequest, page: "CommentAdmin") -> None:
    if not page.has_view_permission(request):
        raise PermissionDenied


def _words() -> dict[str, str]:
    """What the page's script says by itself."""
    return {
        "approve": _("Approved. Take back: U"),
        "edit_approve": _("Saved and approved. Take back: U"),
        "reject": _("Rejected. Take back: U"),
        "snooze": _("Put off. Take back: U"),
        "edit": _("The text is saved."),
        "redraft": _("Written anew."),
        "photo": _("The picture is chosen."),
        "writing": _("The model is writing…"),
        "undo": _("Taken back."),
        "nothing": _("There is nothing to take back."),
        "offline": _("No connection: nothing was changed."),
        "reason": _("Say why: a reason teaches the next drafts."),
        "locked": _("%(name)s is looking at it."),
        "elsewhere": _("This draft has been decided elsewhere."),
        "fine": _("Nothing stands against this text."),
        "new": _("New drafts: %(count)s"),
    }
