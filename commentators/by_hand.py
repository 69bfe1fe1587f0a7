"""A comment written by a person from nothing, under any post that may be commented: queued at once for a slot."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts_mgmt.outbox import Origin
from commentators import drafting, freshness, planning, services
from commentators.models import CommentKey, CommentSchedule, GeneratedComment, TelegramPost
from relove import oplog
from relove.models import Staff


def writers(post: TelegramPost) -> Any:
    """The schedules by whose accounts somebody may write under the post."""
    rows = CommentSchedule.objects.filter(channel=post.channel_id, is_active=True, account__is_active=True)
    wrote = CommentKey.objects.filter(post_id=post.id).values("account")
    return rows.exclude(account__in=wrote).select_related("account__session").order_by("account__session__label")


def why_not(post: TelegramPost, now: datetime) -> str:
    """Why nobody may write under the post; empty when somebody may."""
    if reason := drafting.why_not(post, now):
        return reason
    if CommentKey.objects.filter(post_id=post.id, second=False).exists():
        return _("One of our accounts has commented this post already.")
    return "" if writers(post).exists() else _("No account has a schedule for this channel.")


@transaction.atomic
def write(
    post: TelegramPost, schedule: CommentSchedule, text: str, staff: Staff, now: datetime
) -> GeneratedComment:
    """Queue a person's own comment for the schedule's next slot. Raises ValidationError with the reasons."""
    if reason := why_not(post, now):
        raise ValidationError(reason)
    comment = GeneratedComment(
        post=post,
        channel=post.channel,
        account=schedule.account,
        schedule=schedule,
        sender=schedule.account.session,
        chat_id=post.channel.discussion_id,
        text=text.strip(),
        origin=Origin.PERSON,
        expires_at=post.created_at + freshness.limit(),
    )
    if refusals := services.refusals_of(comment, comment.text):
        raise ValidationError([str(refusal.reason) for refusal in refusals])
    if not planning.take_place(comment, now):
        raise ValidationError(_("The schedule has no free slot in the next two weeks."))
    # the machine need not draft here any more
    unfinished = TelegramPost.objects.unfinished().filter(id=post.id, channel_id=post.channel_id)
    unfinished.update(stage=TelegramPost.Stage.DRAFTED, stage_reason="")
    oplog.log_activity("write_comment", staff_id=staff.pk, subject=("generated_comments", comment.id))
    _queue(comment, staff, now)
    return comment


def _queue(comment: GeneratedComment, staff: Staff, now: datetime) -> None:
    decisions = services.approve([comment.id], staff, now)
    if decisions.skipped:
        raise ValidationError(decisions.skipped[0][1])
