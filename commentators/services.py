"""What people decide about comments. Each decision is one transaction and says what it skipped and why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts_mgmt.outbox import CHANNEL as OUTBOX
from accounts_mgmt.outbox import Origin, Status
from commentators import planning
from commentators.checks import check_draft
from commentators.models import CommentKey, GeneratedComment
from commentators.monitoring import add_channel as add_channel
from relove import oplog
from relove.db import notify
from relove.models import Staff


@dataclass(slots=True)
class Decisions:
    """Ids of what was done, and (id, reason) of what was not."""

    done: list[int] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)


Decide = Callable[[GeneratedComment], str]


def _decide(ids: Sequence[int], allowed: Sequence[str], operation: str, decide: Decide) -> Decisions:
    """Apply a decision to comments in one of the `allowed` states; `decide` answers why not, or nothing."""
    decisions = Decisions()
    rows = GeneratedComment.objects.select_for_update(of=("self",)).select_related("channel", "post", "sender")
    for comment in rows.filter(id__in=ids).order_by("id"):
        if comment.status not in allowed:
            state = Status(comment.status).label
            decisions.skipped.append((comment.id, _("It is in the state “%(state)s” now.") % {"state": state}))
            continue
        reason = decide(comment)
        if reason:
            decisions.skipped.append((comment.id, reason))
            continue
        comment.save()
        decisions.done.append(comment.id)
    missing = set(ids) - set(decisions.done) - {number for number, _reason in decisions.skipped}
    decisions.skipped += [(number, _("It is gone.")) for number in sorted(missing)]
    oplog.log_operations(
        [oplog.Operation(operation, "success", subject=("generated_comments", n)) for n in decisions.done]
    )
    return decisions


@transaction.atomic
def approve(ids: Sequence[int], staff: Staff | None, now: datetime) -> Decisions:
    """Queue drafts for their slots. Approving and queueing are one UPDATE."""

    def decide(comment: GeneratedComment) -> str:
        refused = _refused(comment)
        if refused:
            return refused
        comment.queue(planning.move_missed(comment, now))
        comment.approved_by, comment.approved_at = staff, now
        comment.post_views_before = comment.post.engagement.get("views")
        CommentKey.objects.filter(comment_id=comment.id).update(random_id=comment.random_id)
        return ""

    decisions = _decide(ids, [Status.DRAFT], "approve_comment", decide)
    if decisions.done:
        notify(OUTBOX)
    return decisions


def _refused(comment: GeneratedComment) -> str:
    """The first of the guards that fails already now: a person should hear it at once."""
    rows = GeneratedComment.objects.filter(id=comment.id, created_at=comment.created_at)
    for guard in GeneratedComment.guards():
        if guard.otherwise != Status.PENDING and not rows.filter(guard.condition).exists():
            return str(guard.reason)
    return ""


@transaction.atomic
def reject(ids: Sequence[int], staff: Staff, now: datetime, reason: str) -> Decisions:
    def decide(comment: GeneratedComment) -> str:
        comment.status, comment.failed_reason = Status.REJECTED, reason[:255]
        comment.approved_by, comment.approved_at = staff, now
        return ""

    return _decide(ids, [Status.DRAFT], "reject_comment", decide)


@transaction.atomic
def cancel(ids: Sequence[int], staff: Staff, now: datetime) -> Decisions:
    """Take comments out of the queue; what may have been delivered is not cancelled but found out."""

    def decide(comment: GeneratedComment) -> str:
        if comment.first_attempt_at:
            return _("It may have been delivered already; check it first.")
        comment.status = Status.CANCELLED
        return ""

    return _decide(ids, [Status.PENDING], "cancel_comment", decide)


@transaction.atomic
def retry(ids: Sequence[int], staff: Staff, now: datetime) -> Decisions:
    """Send failed comments once more, with a fresh count of attempts and the same random_id."""

    def decide(comment: GeneratedComment) -> str:
        refused = _refused(comment)
        if refused:
            return refused
        comment.queue(now)
        comment.retry_count, comment.next_retry = 0, None
        comment.crashes, comment.set_aside = 0, False
        comment.failed_code = comment.failed_reason = ""
        return ""

    decisions = _decide(ids, [Status.FAILED], "retry_comment", decide)
    notify(OUTBOX)
    return decisions


@transaction.atomic
def check_now(ids: Sequence[int], staff: Staff, now: datetime) -> Decisions:
    """Find out at once what became of comments whose outcome is unknown."""

    def decide(comment: GeneratedComment) -> str:
        comment.next_retry, comment.crashes, comment.set_aside = now, 0, False
        return ""

    decisions = _decide(ids, [Status.UNKNOWN], "check_comment", decide)
    notify(OUTBOX)
    return decisions


@transaction.atomic
def edit_text(comment_id: int, staff: Staff, text: str) -> GeneratedComment:
    """Replace a draft's text; the draft as the machine wrote it is kept. Raises ValidationError."""
    rows = GeneratedComment.objects.select_for_update(of=("self",)).select_related("post")
    comment: GeneratedComment = rows.get(id=comment_id)
    if comment.status != Status.DRAFT:
        raise ValidationError(_("Only a draft can be edited."))
    refusals = check_draft(text, post_text=comment.post.text)
    if refusals:
        raise ValidationError([str(refusal.reason) for refusal in refusals])
    if text != comment.text:
        comment.text, comment.origin = text, Origin.MACHINE_EDITED
        comment.save(update_fields=["text", "origin", "updated_at"])
        oplog.log_activity("edit_comment", staff_id=staff.id, subject=("generated_comments", comment.id))
    return comment
