"""The review queue: a draft beside its post, decided one after the other."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import BooleanField, ExpressionWrapper, F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts_mgmt.outbox import Status
from commentators import services
from commentators.admin.decisions import APPROVE, REASONS, REJECT, carry_out
from commentators.models import GeneratedComment
from relove import confirm, show
from relove.desk import staff_of

if TYPE_CHECKING:
    from commentators.admin.comments import CommentAdmin

# Drafts beside the one in hand; the rest follow as these are decided.
LISTED = 50
# What the account wrote lately, so that it does not repeat itself.
RECENT = 3


@dataclass(frozen=True)
class Check:
    """A condition of sending, as it stands now."""

    passed: bool
    words: str


def url(comment_id: int | None = None) -> str:
    address = reverse("admin:commentators_generatedcomment_review")
    return f"{address}?id={comment_id}" if comment_id else address


@require_GET
def queue(request: HttpRequest, page: "CommentAdmin") -> HttpResponse:
    """The drafts in the order of their planned time; `id` names the one in hand, else the first."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    drafts = _drafts()
    current = next((d for d in drafts if str(d.pk) == request.GET.get("id")), drafts[0] if drafts else None)
    context = {
        **page.admin_site.each_context(request),
        "title": _("Review queue"),
        "is_fullwidth": "1",
        "drafts": [{"row": d, "time": show.short_time(d.scheduled_at)} for d in drafts],
        "left": GeneratedComment.objects.drafts().count(),
        "may_decide": page.has_decide_permission(request),
    }
    if current is not None:
        context |= _in_hand(drafts, current)
    return TemplateResponse(request, "commentators/review.html", context)


def _drafts() -> list[GeneratedComment]:
    rows = GeneratedComment.objects.with_links().filter(status=Status.DRAFT)
    rows = rows.select_related("account__personality")
    return list(rows.order_by(F("scheduled_at").asc(nulls_last=True), "id")[:LISTED])


def _in_hand(drafts: list[GeneratedComment], current: GeneratedComment) -> dict[str, Any]:
    place = drafts.index(current)
    before = drafts[place - 1] if place else None
    after = drafts[place + 1] if place + 1 < len(drafts) else None
    found = checks(current)
    return {
        "current": current,
        "post_link": show.link(current.post, _("open the post")),
        "post_time": show.short_time(current.post.created_at),
        "planned": show.short_time(current.scheduled_at),
        "summary": show.key_values(current.post.summary),
        "voice": getattr(current.account, "personality", None),
        "account_link": show.link(current.sender),
        "recent": _recent(current),
        "checks": found,
        "all_passed": all(check.passed for check in found),
        "reasons": REASONS,
        "previous_url": url(before.pk) if before else "",
        "next_url": url(after.pk) if after else "",
        "next_id": after.pk if after else (before.pk if before else ""),
    }


def _recent(comment: GeneratedComment) -> list[GeneratedComment]:
    rows = GeneratedComment.objects.filter(account_id=comment.account_id, status="sent")
    return list(rows.order_by("-id")[:RECENT])


def checks(comment: GeneratedComment) -> list[Check]:
    """The guards of sending, asked of the database now: the same that the runner asks at the send."""
    guards = comment.guards()
    asked = {
        f"guard_{place}": ExpressionWrapper(guard.condition, output_field=BooleanField())
        for place, guard in enumerate(guards)
    }
    row = GeneratedComment.objects.filter(pk=comment.pk).annotate(**asked).values(*asked).first() or {}
    return [Check(bool(row.get(f"guard_{place}")), str(guard.reason)) for place, guard in enumerate(guards)]


@require_POST
def decide(request: HttpRequest, page: "CommentAdmin", comment_id: int) -> HttpResponse:
    """Approve, reject or edit one draft, and on to the next."""
    if not page.has_decide_permission(request):
        raise PermissionDenied
    what = request.POST.get("what", "")
    if what in ("edit", "edit_approve") and not _edited(request, comment_id):
        return redirect(url(comment_id))
    if what in ("approve", "edit_approve"):
        carry_out(request, APPROVE, [comment_id])
    elif what == "reject":
        if not confirm.reason_given(request):
            messages.error(request, _("Say why: a reason teaches the next drafts."))
            return redirect(url(comment_id))
        carry_out(request, REJECT, [comment_id])
    else:
        return redirect(url(comment_id))
    following = request.POST.get("next", "")
    return redirect(url(int(following) if following.isdecimal() else None))


def _edited(request: HttpRequest, comment_id: int) -> bool:
    try:
        services.edit_text(comment_id, staff_of(request), request.POST.get("text", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    messages.success(request, _("The text is saved."))
    return True
