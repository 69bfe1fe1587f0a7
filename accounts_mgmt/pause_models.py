"""Pauses that staff set, and the runners that have seen them."""

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class PauseQuerySet(models.QuerySet[Any]):
    def in_force(self) -> "PauseQuerySet":
        return self.filter(Q(until__isnull=True) | Q(until__gt=Now()), lifted_at__isnull=True)

    def of(self, level: str, target_id: int | None = None) -> "PauseQuerySet":
        return self.filter(level=level, target_id=target_id)


class Pause(models.Model):
    """Nothing leaves that it concerns: from its row's commit until it is lifted or `until` has come.

    `target_id` is the account, channel, script or person, by `level`; nothing for everything.
    """

    class Level(models.TextChoices):
        EVERYTHING = "everything", _("everything")
        ACCOUNT = "account", _("account")
        CHANNEL = "channel", _("channel")
        SCRIPT = "script", _("script")
        PERSON = "person", _("person")

    level = models.CharField(_("what is paused"), max_length=16, choices=Level.choices)
    target_id = models.BigIntegerField(null=True, blank=True)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("why"), max_length=255, blank=True)
    # nobody: a pause set before this table was there
    paused_by = models.ForeignKey(
        "relove.Staff", models.PROTECT, null=True, blank=True, verbose_name=_("paused by"), related_name="+"
    )
    paused_at = models.DateTimeField(_("since"), auto_now_add=True)
    lifted_at = models.DateTimeField(_("ended"), null=True, blank=True)
    lifted_by = models.ForeignKey(
        "relove.Staff", models.PROTECT, null=True, blank=True, verbose_name=_("ended by"), related_name="+"
    )
    lift_reason = models.CharField(_("why it was ended"), max_length=255, blank=True)

    objects = PauseQuerySet.as_manager()

    class Meta:
        db_table = "pauses"
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        indexes = [
            # asked at every claim and every send
            models.Index(fields=["level", "target_id"], name="pause_open", condition=Q(lifted_at=None)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(level="everything", target_id=None) | ~Q(level="everything") & ~Q(target_id=None),
                name="pause_has_its_target",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_level_display()} {self.target_id or ''}".strip()

    @property
    def holds(self) -> bool:
        return self.lifted_at is None and (self.until is None or self.until > timezone.now())

    @classmethod
    def none_for(cls, level: str, column: str = "") -> Q:
        """Holds for rows whose `column` names nothing that is paused; without a column: everything is not."""
        rows = cls.objects.in_force().filter(level=level)
        return ~Q(Exists(rows.filter(target_id=OuterRef(column)) if column else rows))


class RunnerBeat(models.Model):
    """A runner that lives, and the latest pause of everything that it has obeyed (0: none is in force).

    It writes a pause here once nothing of its own is on the way to Telegram any more.
    """

    id = models.BigIntegerField(primary_key=True)
    host = models.CharField(max_length=128)
    pid = models.IntegerField()
    since = models.DateTimeField()
    beat_at = models.DateTimeField()
    pause_seen = models.BigIntegerField(default=0)

    class Meta:
        db_table = "runner_beats"

    def __str__(self) -> str:
        return f"{self.pid} @ {self.host}"
