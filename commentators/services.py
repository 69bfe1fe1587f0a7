"""What people decide about comments. Each decision is one transaction and says what it skipped and why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts_mgmt import calls
from accounts_mgmt.models import AccountCall, TelegramAccountSession
from accounts_mgmt.outbox import CHANNEL as OUTBOX
from accounts_mgmt.outbox import Origin, Status, first_failing
from commentators import locks, planning
from commentators.checks import Refusal, check_draft
from commentators.models import AccountPersonality, CommentKey, CommentPhoto, CommentSchedule, GeneratedComment
from commentators.monitoring import add_channel as add_channel
from relove import live, oplog
from relove.db import notify
from relove.models import Staff
from relove.telegram.gateway import Peer, PeerKind

# the account call that deletes a comment
DELETE = "delete_comment"


@dataclass(slots=True)
class Decisions:
    """Ids of what was done, and (id, reason) of what was not."""

    done: list[int] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)


# How many of an account's own comments a new one is compared with.
RECENT_OWN = 50
Decide = Callable[[GeneratedComment], str]


def _decide(
    ids: Sequence[int], allowed: Sequence[str], operation: str, decide: Decide, staff: Staff | None = None
) -> Decisions:
    """Apply a decision to comments in one of the `allowed` states; `decide` answers why not, or nothing.

    With `staff` drafts that another person is looking at are left alone.
    """
    decisions = Decisions()
    held = locks.held_by_others(ids, staff) if staff else {}
    rows = GeneratedComment.objects.select_for_update(of=("self",)).select_related("channel", "post", "sender")
    for comment in rows.filter(id__in=ids).order_by("id"):
        if comment.status not in allowed:
            state = Status(comment.status).label
            decisions.skipped.append((comment.id, _("It is in the state “%(state)s” now.") % {"state": state}))
            continue
        reason = _looked_at(held[comment.id]) if comment.id in held else decide(comment)
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
    if staff:
        for number in decisions.done:
            oplog.log_activity(operation, staff_id=staff.id, subject=("generated_comments", number))
    if decisions.done:
        live.publish(locks.TOPIC)
    return decisions


def _looked_at(name: str) -> str:
    return _("%(name)s is looking at it.") % {"name": name}


@transaction.atomic
def approve(ids: Sequence[int], staff: Staff | None, now: datetime) -> Decisions:
    """Queue drafts for their slots. Approving and queueing are one UPDATE."""

    def decide(comment: GeneratedComment) -> str:
        refused = _refused(comment)
        if refused:
            return refused
        slot = planning.move_missed(comment, now)
        if slot is None:
            return _("The schedule has no free slot in the next two weeks.")
        comment.queue(slot)
        comment.approved_by, comment.approved_at = staff, now
        comment.post_views_before = comment.post.engagement.get("views")
        CommentKey.objects.filter(comment_id=comment.id).update(random_id=comment.random_id)
        return ""

    planning.lock_days(GeneratedComment.objects.filter(id__in=ids).values_list("account_id", flat=True))
    decisions = _decide(ids, [Status.DRAFT], "approve_comment", decide, staff)
    if decisions.done:
        notify(OUTBOX)
    return decisions


def _refused(comment: GeneratedComment) -> str:
    """The first of the guards that fails already now: a person should hear it at once."""
    rows = GeneratedComment.objects.filter(id=comment.id, created_at=comment.created_at)
    asked = [guard for guard in GeneratedComment.guards() if guard.early or guard.otherwise != Status.PENDING]
    failed = first_failing(rows, asked)
    return str(failed.reason) if failed else ""


@transaction.atomic
def reject(ids: Sequence[int], staff: Staff, now: datetime, reason: str) -> Decisions:
    def decide(comment: GeneratedComment) -> str:
        comment.status, comment.failed_reason = Status.REJECTED, reason[:255]
        comment.approved_by, comment.approved_at = staff, now
        return ""

    return _decide(ids, [Status.DRAFT], "reject_comment", decide, staff)


@transaction.atomic
def snooze(ids: Sequence[int], staff: Staff, now: datetime, until: datetime) -> Decisions:
    """Put drafts off: until then they are not in the review queue."""

    def decide(comment: GeneratedComment) -> str:
        if comment.expires_at and until >= comment.expires_at:
            return _("By then it is too late for a comment.")
        comment.snoozed_until = until
        return ""

    return _decide(ids, [Status.DRAFT], "snooze_comment", decide, staff)


@transaction.atomic
def undo(ids: Sequence[int], staff: Staff, now: datetime) -> Decisions:
    """Make drafts again of what this person has approved, rejected or put off.

    An approval can be taken back until a runner has claimed the row or its time has come.
    """

    def decide(comment: GeneratedComment) -> str:
        if comment.status != Status.DRAFT and comment.approved_by_id != staff.id:
            return _("Somebody else has decided about it.")
        if comment.status == Status.PENDING and (comment.attempted_at or comment.retry_count):
            return _("It may have been delivered already; check it first.")
        if comment.status == Status.PENDING and comment.scheduled_at and comment.scheduled_at <= now:
            return _("Its time has come: it is being sent.")
        comment.status, comment.failed_reason, comment.snoozed_until = Status.DRAFT, "", None
        comment.approved_by = comment.approved_at = None
        return ""

    return _decide(ids, [Status.DRAFT, Status.PENDING, Status.REJECTED], "undo_decision", decide)


@transaction.atomic
def cancel(ids: Sequence[int], staff: Staff, now: datetime) -> Decisions:
    """Take comments out of the queue; what may have been delivered is not cancelled but found out."""

    def decide(comment: GeneratedComment) -> str:
        if comment.first_attempt_at:
            return _("It may have been delivered already; check it first.")
        comment.status = Status.CANCELLED
        return ""

    return _decide(ids, [Status.PENDING], "cancel_comment", decide, staff)


@transaction.atomic
def retry(ids: Sequence[int], staff: Staff, now: datetime) -> Decisions:
    """Send failed comments once more, with a fresh count of attempts and the same random_id."""

    def decide(comment: GeneratedComment) -> str:
        refused = _refused(comment)
        if refused:
            return refused
        comment.queue(now)
        comment.retry_count = 0
        comment.crashes, comment.set_aside = 0, False
        comment.failed_code = comment.failed_reason = ""
        return ""

    decisions = _decide(ids, [Status.FAILED], "retry_comment", decide, staff)
    notify(OUTBOX)
    return decisions


@transaction.atomic
def check_now(ids: Sequence[int], staff: Staff, now: datetime) -> Decisions:
    """Find out at once what became of comments whose outcome is unknown."""

    def decide(comment: GeneratedComment) -> str:
        comment.next_retry, comment.crashes, comment.set_aside = now, 0, False
        return ""

    decisions = _decide(ids, [Status.UNKNOWN], "check_comment", decide, staff)
    notify(OUTBOX)
    return decisions


@transaction.atomic
def found_out(ids: Sequence[int], staff: Staff, now: datetime, *, delivered: bool) -> Decisions:
    """What a person saw in the chat of comments whose outcome is unknown: they stand there, or not."""

    def decide(comment: GeneratedComment) -> str:
        comment.first_attempt_at, comment.set_aside, comment.next_retry = None, False, None
        if delivered:
            comment.status, comment.sent_at = Status.SENT, comment.attempted_at or now
            comment.failed_code = comment.failed_reason = ""
        else:
            comment.status, comment.failed_reason = Status.FAILED, _("Somebody looked: it is not in the chat.")
        return ""

    operation = "found_delivered" if delivered else "found_missing"
    return _decide(ids, [Status.UNKNOWN], operation, decide, staff)


@transaction.atomic
def delete(ids: Sequence[int], staff: Staff, now: datetime) -> Decisions:
    """Have sent comments deleted in Telegram by the accounts that wrote them; the answer comes by the call."""

    def decide(comment: GeneratedComment) -> str:
        if deletions(comment).open().exists():
            return _("It is being deleted already.")
        if comment.sender.state != TelegramAccountSession.State.ACTIVE:
            return _("The account that wrote it is not active: delete it in Telegram by hand.")
        calls.ask(comment.sender_id, DELETE, {"comment": comment.id}, now=now, asked_by=staff)
        return ""

    return _decide(ids, [Status.SENT], "ask_delete_comment", decide, staff)


def deletions(comment: GeneratedComment) -> Any:
    """The account calls that were to delete it, newest first."""
    rows = AccountCall.objects.filter(account_id=comment.sender_id, kind=DELETE, arguments__comment=comment.id)
    return rows.order_by("-id")


def place_of(comment_id: int) -> tuple[int, Peer, int]:
    """Where a sent comment stands: its channel, the group, and its message there."""
    comment = GeneratedComment.objects.select_related("chat").get(id=comment_id)
    assert comment.chat is not None
    assert comment.message_id is not None
    return comment.channel_id, Peer(PeerKind.CHANNEL, comment.chat.telegram_id), comment.message_id


@transaction.atomic
def deleted(comment_id: int, account_id: int) -> None:
    """Telegram has deleted it."""
    GeneratedComment.objects.filter(id=comment_id, status=Status.SENT).update(status=Status.DELETED)
    subject = ("generated_comments", comment_id)
    oplog.log_operation("delete_comment", "success", account_id=account_id, subject=subject)


@transaction.atomic
def edit_text(comment_id: int, staff: Staff, text: str) -> GeneratedComment:
    """Replace a draft's text; before and after are kept. Raises ValidationError."""
    comment = draft_in_hand(comment_id, staff)
    refusals = refusals_of(comment, text)
    if refusals:
        raise ValidationError([str(refusal.reason) for refusal in refusals])
    if text != comment.text:
        before, comment.text = comment.text, text
        if comment.origin == Origin.MACHINE:
            comment.origin = Origin.MACHINE_EDITED
        comment.save(update_fields=["text", "origin", "updated_at"])
        subject = ("generated_comments", comment.id)
        oplog.log_activity("edit_comment", staff_id=staff.id, subject=subject, before=before, after=text)
        live.publish(locks.TOPIC)
    return comment


@transaction.atomic
def choose_photo(comment_id: int, staff: Staff, photo_id: int | None) -> GeneratedComment:
    """Give a draft a picture of the library, or none; raises ValidationError."""
    comment = draft_in_hand(comment_id, staff)
    offered = CommentPhoto.objects.filter(is_active=True)
    if photo_id is not None and not offered.filter(id=photo_id).exists():
        raise ValidationError(_("This picture is no longer offered."))
    before, comment.photo_id = comment.photo_id, photo_id
    # a caption has to be shorter; what else the checks say of the text a picture does not change
    if long := [refusal for refusal in refusals_of(comment, comment.text) if refusal.code == "long"]:
        raise ValidationError([str(refusal.reason) for refusal in long])
    comment.save(update_fields=["photo", "updated_at"])
    subject = ("generated_comments", comment.id)
    oplog.log_activity("choose_photo", staff_id=staff.id, subject=subject, before=before, after=photo_id)
    live.publish(locks.TOPIC)
    return comment


def draft_in_hand(comment_id: int, staff: Staff) -> GeneratedComment:
    """A draft, locked for this transaction; raises ValidationError where this person may not work on it."""
    rows = GeneratedComment.objects.select_for_update(of=("self",)).select_related("post", "channel")
    comment: GeneratedComment | None = rows.filter(id=comment_id).first()
    if comment is None or comment.status != Status.DRAFT:
        raise ValidationError(_("Only a draft can be edited."))
    if name := locks.held_by_others([comment_id], staff).get(comment_id):
        raise ValidationError(_looked_at(name))
    return comment


def refusals_of(comment: GeneratedComment, text: str) -> list[Refusal]:
    """What the checks say of `text` in this comment's place, beside what the account and others have written."""
    voice = AccountPersonality.objects.filter(account=comment.account_id).first()
    others = GeneratedComment.objects.exclude(status=Status.REJECTED).exclude(id=comment.id)
    own = others.filter(account=comment.account_id).order_by("-id").values_list("text", flat=True)
    return check_draft(
        text,
        post_text=comment.post.text,
        forbidden=voice.forbidden if voice else (),
        recent_own=list(own[:RECENT_OWN]),
        recent_post=list(others.filter(post_id=comment.post_id).values_list("text", flat=True)),
        affiliation=comment.affiliation,
        with_photo=comment.photo_id is not None,
    )


@transaction.atomic
def move(comment_id: int, staff: Staff, before: datetime, after: datetime, now: datetime) -> GeneratedComment:
    """Plan a draft or a queued comment for another time; raises ValidationError.

    `before` is the time the person saw: if somebody has moved it meanwhile nothing happens. The slot it
    uses up in comment_keys moves in the same transaction.
    """
    planning.lock_days(GeneratedComment.objects.filter(id=comment_id).values_list("account_id", flat=True))
    rows = GeneratedComment.objects.select_for_update(of=("self",)).select_related("schedule__account")
    comment: GeneratedComment | None = rows.filter(id=comment_id).first()
    if comment is None:
        raise ValidationError(_("It is gone."))
    if reason := planning.why_not_move(comment, before, after, now):
        raise ValidationError(reason)
    if comment.schedule:
        _take_slot(comment, comment.schedule, after)
    comment.scheduled_at, comment.next_retry = after, None
    comment.save(update_fields=["scheduled_at", "next_retry", "updated_at"])
    subject = ("generated_comments", comment.id)
    was, will = before.isoformat(), after.isoformat()
    oplog.log_activity("move_comment", staff_id=staff.id, subject=subject, before=was, after=will)
    notify(OUTBOX)
    live.publish(locks.TOPIC)
    return comment


def _take_slot(comment: GeneratedComment, schedule: CommentSchedule, moment: datetime) -> None:
    slot = planning.slot_for(comment, schedule, moment)
    if slot is None:
        limit = {"count": schedule.comments_per_day}
        raise ValidationError(_("The day is full: the schedule allows %(count)s a day.") % limit)
    CommentKey.objects.filter(comment_id=comment.id).update(slot_utc=slot)
