"""What people decide about comments: the words of each decision and the service that carries it out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from commentators import services
from relove import confirm, desk
from relove.desk import staff_of
from relove.models import Staff

REASONS = (
    _("Off topic"),
    _("The tone does not fit"),
    _("A mistake in facts"),
    _("Repeats the post"),
    _("Too long"),
    _("A bad moment"),
)
SKIPPED_NAMED = 5

Run = Callable[[Sequence[int], Staff, datetime, str], services.Decisions]


@dataclass(frozen=True)
class Decision:
    """`states` are those it makes sense in; the service has the last word."""

    verb: Promise
    question: Promise
    sentence: Promise
    done: Promise
    states: tuple[str, ...]
    run: Run
    reasons: tuple[Promise, ...] = ()
    danger: bool = False


APPROVE = Decision(
    _("Approve"),
    _("Approve: %(count)s"),
    _("The comments go to the queue and leave at their planned time."),
    _("Approved: %(count)s."),
    ("draft",),
    lambda ids, staff, now, reason: services.approve(ids, staff, now),
)
REJECT = Decision(
    _("Reject"),
    _("Reject: %(count)s"),
    _("Rejected drafts are kept but never sent."),
    _("Rejected: %(count)s."),
    ("draft",),
    lambda ids, staff, now, reason: services.reject(ids, staff, now, reason),
    REASONS,
    danger=True,
)
CANCEL = Decision(
    _("Cancel"),
    _("Cancel: %(count)s"),
    _("Comments still in the queue are taken out of it; what is being sent is not touched."),
    _("Cancelled: %(count)s."),
    ("pending",),
    lambda ids, staff, now, reason: services.cancel(ids, staff, now),
    danger=True,
)
RETRY = Decision(
    _("Try again"),
    _("Try again: %(count)s"),
    _("Failed comments go back to the queue with their attempts counted anew."),
    _("Queued again: %(count)s."),
    ("failed",),
    lambda ids, staff, now, reason: services.retry(ids, staff, now),
)
CHECK = Decision(
    _("Check now"),
    _("Check now: %(count)s"),
    _("Telegram is asked at once whether these comments stand under their posts."),
    _("Being checked: %(count)s."),
    ("unknown",),
    lambda ids, staff, now, reason: services.check_now(ids, staff, now),
)

FOUND = Decision(
    _("It stands there"),
    _("It stands in the chat: %(count)s"),
    _("You have looked in Telegram and seen these comments: they count as sent."),
    _("Marked as sent: %(count)s."),
    ("unknown",),
    lambda ids, staff, now, reason: services.found_out(ids, staff, now, delivered=True),
)
MISSING = Decision(
    _("It is not there"),
    _("It is not in the chat: %(count)s"),
    _("You have looked in Telegram and not found these comments: they count as failed and can be sent again."),
    _("Marked as not delivered: %(count)s."),
    ("unknown",),
    lambda ids, staff, now, reason: services.found_out(ids, staff, now, delivered=False),
    danger=True,
)

DELETE = Decision(
    _("Delete in Telegram"),
    _("Delete in Telegram: %(count)s"),
    _("Each account deletes its own comments for everybody. This cannot be undone."),
    _("Being deleted: %(count)s. The comment's page tells what Telegram answered."),
    ("sent",),
    lambda ids, staff, now, reason: services.delete(ids, staff, now),
    danger=True,
)


def carry_out(request: HttpRequest, decision: Decision, ids: Sequence[int]) -> services.Decisions:
    """Run the decision and tell the person how many were done, which were skipped, and why."""
    outcome = decision.run(ids, staff_of(request), timezone.now(), confirm.reason_given(request))
    desk.forget_counts()
    if outcome.done:
        messages.success(request, str(decision.done) % {"count": len(outcome.done)})
    if outcome.skipped:
        messages.warning(request, _skipped_words(outcome.skipped))
    return outcome


def _skipped_words(skipped: Sequence[tuple[int, str]]) -> str:
    named = "; ".join(f"№ {row_id}: {reason}" for row_id, reason in skipped[:SKIPPED_NAMED])
    more = len(skipped) - SKIPPED_NAMED
    rest = " " + _now("And %(count)s more.") % {"count": more} if more > 0 else ""
    return _now("Skipped: %(count)s. %(which)s") % {"count": len(skipped), "which": named + rest}
