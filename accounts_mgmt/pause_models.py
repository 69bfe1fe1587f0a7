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
        """Those that people set."""
        return self.filter(level=level, target_id=target_id, frozen=False)

    def freezes(self) -> "PauseQuerySet":
        """Those that the outbox set itself (accounts_mgmt.freezing)."""
        return self.filter(frozen=True)


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
    # of everything, set by the outbox itself: this database may know less than has been sent
    frozen = models.BooleanField(default=False, editable=False)
    # nobody: a pause set before this table was there, or by the outbox
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
            ),
            models.CheckConstraint(condition=Q(frozen=False) | Q(level="everything"), name="pause_frozen_whole"),
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


class OutboxWatch(models.Model):
    """One row: when a runner was last alive on this database, and whether the database was restored since."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    beat_at = models.DateTimeField(null=True)
    # the restore mark: written by `manage.py restore` in the transaction that loads the backup
    restored_at = models.DateTimeField(null=True)
    # while the outbox is frozen: from when on messages may have left that this database does not know of
    unsure_since = models.DateTimeField(null=True)

    class Meta:
        db_table = "outbox_watch"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="outbox_watch_one")]

    def __str__(self) -> str:
        return str(self.beat_at)
