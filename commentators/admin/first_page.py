"""What commenting puts on the first page and beside the sidebar."""

from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from commentators.models import (
    AccountPersonality,
    CommentSchedule,
    GeneratedComment,
    TelegramChannel,
)
from relove import desk

COMMENTS = "admin:commentators_generatedcomment_changelist"
REVIEW = "admin:commentators_generatedcomment_review"


@desk.count("drafts")
def drafts_waiting(now: datetime) -> int:
    return GeneratedComment.objects.waiting(now).count()


@desk.work(10, "commentators.change_generatedcomment")
def drafts_to_decide(now: datetime) -> desk.Figure:
    return desk.Figure(_("Drafts of comments to decide about"), drafts_waiting(now), reverse(REVIEW), "draft")


@desk.work(30, "commentators.view_generatedcomment")
def unclear_comments(now: datetime) -> desk.Figure:
    unclear = GeneratedComment.objects.filter(status="unknown").count()
    address = f"{reverse(COMMENTS)}?status__exact=unknown"
    return desk.Figure(_("Comments whose outcome is unknown"), unclear, address, "unknown")


@desk.work(40, "commentators.change_telegramchannel")
def unread_channels(now: datetime) -> desk.Figure:
    address = reverse("admin:commentators_telegramchannel_changelist")
    return desk.Figure(_("Channels that are not read"), channels_in_trouble(now), address, "failed")


@desk.count("channels")
def channels_in_trouble(now: datetime) -> int:
    return TelegramChannel.objects.watched().exclude(problem="").count()


@desk.steps(20)
def comment_steps() -> list[desk.Step]:
    channels = TelegramChannel.objects.filter(basis__in=TelegramChannel.COMMENTED)
    # by a person, or by the channel's rule: each stands on an index
    by_person = GeneratedComment.objects.filter(approved_by__isnull=False)
    by_rule = GeneratedComment.objects.filter(status__in=("pending", "sending", "unknown", "sent"))
    return [
        desk.Step(
            _("Add a channel and its posting basis"),
            _("Without a basis (your own channel, or agreed with its owner) it is read, never commented."),
            reverse("admin:commentators_telegramchannel_changelist"),
            channels.exists(),
        ),
        desk.Step(
            _("Give the account a voice"),
            _("Style, tone and favourite words: drafts are written in it."),
            reverse("admin:commentators_accountpersonality_changelist"),
            AccountPersonality.objects.exists(),
        ),
        desk.Step(
            _("Set a schedule"),
            _("How many comments a day, from when until when."),
            reverse("admin:commentators_commentschedule_changelist"),
            CommentSchedule.objects.exists(),
        ),
        desk.Step(
            _("Approve the first draft"),
            _("It comes by itself after the next post of the channel."),
            reverse(REVIEW),
            by_person.exists() or by_rule.exists(),
        ),
    ]


@desk.panel(10)
def today(request: HttpRequest, now: datetime) -> desk.Panel | None:
    if not desk.may(request, "commentators.view_generatedcomment"):
        return None
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = GeneratedComment.objects.all()
    comments = reverse(COMMENTS)
    figures = [
        desk.Figure(_("waiting for a decision"), rows.waiting(now).count(), reverse(REVIEW), "draft"),
        desk.Figure(
            _("in the queue"),
            rows.filter(status="pending").count(),
            f"{comments}?status__exact=pending",
            "pending",
        ),
        desk.Figure(
            _("sent today"), rows.filter(sent_at__gte=midnight).count(), f"{comments}?status__exact=sent", "sent"
        ),
        desk.Figure(
            _("with an error"), rows.filter(status="failed").count(), f"{comments}?status__exact=failed", "failed"
        ),
        desk.Figure(
            _("outcome unknown"),
            rows.filter(status="unknown").count(),
            f"{comments}?status__exact=unknown",
            "unknown",
        ),
    ]
    return desk.Panel(_("Comments"), figures=figures)


@desk.panel(40)
def channels(request: HttpRequest, now: datetime) -> desk.Panel | None:
    if not desk.may(request, "commentators.view_telegramchannel"):
        return None
    troubled = TelegramChannel.objects.watched().exclude(problem="").order_by("problem_since")[:8]
    lines = [
        desk.Line(
            f"{channel}: {channel.problem}",
            reverse("admin:commentators_telegramchannel_change", args=[channel.pk]),
            "failed",
            _now("not read"),
            channel.problem_since,
        )
        for channel in troubled
    ]
    return desk.Panel(_("Channels that need a person"), empty=_("All channels are read."), lines=lines)
