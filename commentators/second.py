"""A second of our accounts under a post: only with the owner's recorded agreement, and naming its affiliation.

Never by itself: somebody asks for it at a post that has its first comment.
"""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts_mgmt.outbox import Origin
from commentators import drafting, freshness, locks, planning, proposals, services
from commentators.checks import signed
from commentators.models import CommentKey, GeneratedComment, TelegramPost
from relove import live, oplog
from relove.models import Staff


def why_not(post: TelegramPost, now: datetime) -> str:
    """Why a post gets no second comment; empty when it may."""
    if not post.channel.may_be_commented_twice:
        return _("The channel's owner has not agreed to a second account under a post.")
    if reason := drafting.why_not(post, now):
        return reason
    under = CommentKey.objects.filter(post_id=post.id)
    if not under.filter(second=False).exists():
        return _("The post has no first comment yet.")
    return _("The post has its second comment already.") if under.filter(second=True).exists() else ""


def draft_second(post: TelegramPost, staff: Staff, now: datetime) -> GeneratedComment:
    """Have another account's comment drafted under a post; raises ValidationError, LLMError."""
    if reason := why_not(post, now):
        raise ValidationError(reason)
    wrote = CommentKey.objects.filter(post_id=post.id).values_list("account", flat=True)
    place = planning.find_place(post, now, besides=list(wrote))
    if place is None:
        raise ValidationError(_("No other account may comment here, or none suits the post."))
    comment = _comment(post, place)
    proposal = proposals.propose(post, comment.account.personality)
    comment.text = comment.drafted_text = signed(proposal.text.strip(), comment.affiliation)
    comment.model, comment.llm_call_id = proposal.model, proposal.call_id
    if refusals := services.refusals_of(comment, comment.text):
        reasons = " ".join(str(refusal.reason) for refusal in refusals)
        raise ValidationError(_("The new draft does not pass the checks: %(reasons)s") % {"reasons": reasons})
    _store(comment, staff, now)
    return comment


def _comment(post: TelegramPost, place: planning.Place) -> GeneratedComment:
    return GeneratedComment(
        post=post,
        channel=post.channel,
        account=place.schedule.account,
        schedule=place.schedule,
        sender=place.schedule.account.session,
        chat_id=post.channel.discussion_id,
        affiliation=post.channel.affiliation.strip(),
        origin=Origin.MACHINE,
        expires_at=post.created_at + freshness.limit(),
    )


@transaction.atomic
def _store(comment: GeneratedComment, staff: Staff, now: datetime) -> None:
    if not planning.take_place(comment, now):
        raise ValidationError(_("The post has its second comment already."))
    oplog.log_activity("draft_second", staff_id=staff.id, subject=("generated_comments", comment.id))
    live.publish(locks.TOPIC)
