"""Rehearsals and what each of them found: plain rows about messages, of which none can be sent."""

from datetime import datetime, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from relove.models import Staff

FASTEST = 60
LONGEST_DAYS = 31


class Rehearsal(models.Model):
    """Days of the past played once more, with today's settings, in a system of its own.

    A page writes the row; a process carries it out and says here, every second or so, how far it is.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("under way")
        STOPPING = "stopping", _("being stopped")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("stopped")
        FAILED = "failed", _("error")

    OPEN = (State.WAITING, State.RUNNING, State.STOPPING)

    class Approval(models.TextChoices):
        ALL = "all", _("approve every draft")
        NONE = "none", _("leave drafts unapproved")

    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)
    problem = models.CharField(_("why"), max_length=255, blank=True)
    since = models.DateTimeField(_("played from"))
    until = models.DateTimeField(_("played to"))
    reached = models.DateTimeField(_("played up to"), null=True, blank=True)
    approval = models.CharField(_("drafts"), max_length=8, choices=Approval.choices, default=Approval.ALL)
    speed = models.PositiveSmallIntegerField(
        _("times faster"), default=FASTEST, validators=[MinValueValidator(1), MaxValueValidator(FASTEST)]
    )
    # what was copied and met, and {"left_out": [[name, why], …]}
    figures = models.JSONField(default=dict, blank=True)
    asked_by = models.ForeignKey(
        Staff, models.SET_NULL, null=True, blank=True, verbose_name=_("begun by"), related_name="+"
    )
    created_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    started_at = models.DateTimeField(_("begun"), null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        db_table = "rehearsals"
        verbose_name = _("rehearsal")
        verbose_name_plural = _("rehearsals")
        indexes = [models.Index(fields=["state", "-id"], name="rehearsal_state_id")]
        constraints = [
            # one at a time
            models.UniqueConstraint(
                models.Value(1),
                name="rehearsal_alone",
                condition=Q(state__in=("waiting", "running", "stopping")),
            )
        ]

    def __str__(self) -> str:
        return f"{_('rehearsal')} № {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def length(self) -> timedelta:
        return self.until - self.since

    @property
    def share(self) -> int:
        """How much of the time has been played, in percent."""
        if not self.reached:
            return 0
        played: float = (self.reached - self.since) / self.length
        return min(round(100 * played), 100)

    def took(self, now: datetime) -> timedelta:
        """By the real clock, from its beginning to its end, or to `now`."""
        return (self.finished_at or now) - (self.started_at or now)


class RehearsalItem(models.Model):
    """One thing that happened, or would have: told in words, bound to no account, chat or message."""

    class Kind(models.TextChoices):
        POST = "post", _("post")
        COMMENT = "comment", _("comment")
        SAID = "said", _("a person's words")
        REPLY = "reply", _("private message")

    class Verdict(models.TextChoices):
        CAME = "came", _("what came")
        SENT = "sent", _("would be sent")
        HELD = "held", _("held")
        REFUSED = "refused", _("refused")

    class Approved(models.TextChoices):
        """Who let it go."""

        NOBODY = "", _("nobody")
        REHEARSAL = "rehearsal", _("approved by the rehearsal")
        AUTOMATIC = "automatic", _("goes without approval")
        FIXED = "fixed", _("a fixed text")

    rehearsal = models.ForeignKey(Rehearsal, models.CASCADE, related_name="items")
    at = models.DateTimeField(_("when"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict.choices)
    account = models.CharField(_("account"), max_length=128, blank=True)
    place = models.CharField(_("where"), max_length=255, blank=True)
    text = models.TextField(_("text"), blank=True)
    reason = models.CharField(_("why"), max_length=255, blank=True)
    approved = models.CharField(_("approval"), max_length=16, choices=Approved.choices, blank=True)

    class Meta:
        db_table = "rehearsal_items"
        verbose_name = _("step of a rehearsal")
        verbose_name_plural = _("steps of rehearsals")
        indexes = [
            models.Index(fields=["rehearsal", "at", "id"], name="rehearsal_item_time"),
            models.Index(fields=["rehearsal", "verdict"], name="rehearsal_item_verdict"),
        ]

    def __str__(self) -> str:
        return self.text[:60]
