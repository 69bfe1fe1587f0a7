"""Channels we watch, and on what basis we may comment there."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts_mgmt.models import TelegramAccountSession
from commentators.querysets import ChannelQuerySet
from relove.models import Chat

# A channel without a name is kept as "c/" and its id, as in Telegram's links to its posts.
NAMELESS = "c/"


class TelegramChannel(models.Model):
    """A channel we watch, and on what basis we may comment there."""

    class Basis(models.TextChoices):
        NONE = "none", _("none: read only")
        OWN = "own", _("our own channel")
        AGREED = "agreed", _("agreed with its owner")

    chat = models.OneToOneField(
        Chat, models.PROTECT, null=True, blank=True, verbose_name=_("chat"), related_name="channel"
    )
    discussion = models.ForeignKey(
        Chat,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("discussion group"),
        related_name="+",
    )
    title = models.CharField(_("title"), max_length=255, blank=True)
    description = models.TextField(_("description"), blank=True)
    username = models.CharField(_("@name or link"), max_length=128, unique=True)
    members_count = models.PositiveIntegerField(_("members"), null=True, blank=True)
    is_active = models.BooleanField(_("watched"), default=True)
    last_checked = models.DateTimeField(_("last read"), null=True, blank=True)
    last_message_id = models.BigIntegerField(default=0, editable=False)
    monitoring_interval = models.PositiveIntegerField(
        _("read every, minutes"), default=10, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    problem = models.CharField(_("what is wrong"), max_length=255, blank=True)
    problem_since = models.DateTimeField(_("since"), null=True, blank=True)
    listener = models.ForeignKey(
        TelegramAccountSession,
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("listening account"),
        related_name="+",
    )
    deputy = models.ForeignKey(
        TelegramAccountSession,
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("deputy"),
        related_name="+",
    )
    basis = models.CharField(
        _("posting basis"),
        max_length=16,
        choices=Basis.choices,
        default=Basis.NONE,
        help_text=_("Without a basis the channel is read and shown, never commented."),
    )
    basis_by = models.CharField(_("agreed by whom"), max_length=128, blank=True)
    basis_at = models.DateField(_("agreed when"), null=True, blank=True)
    # a second of our accounts under one post, besides the basis
    second_by = models.CharField(_("a second account: agreed by whom"), max_length=128, blank=True)
    second_at = models.DateField(_("agreed when"), null=True, blank=True)
    affiliation = models.CharField(
        _("affiliation that the second comment names"),
        max_length=128,
        blank=True,
        help_text=_("For example: I write for the reLove team. Without all three one account comments a post."),
    )
    auto_approve = models.BooleanField(
        _("send without a person's approval"), default=False, help_text=_("Off unless there is a reason.")
    )
    auto_approve_reason = models.CharField(_("reason"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    history = HistoricalRecords(table_name="telegram_channels_history")
    objects = ChannelQuerySet.as_manager()

    class Meta:
        db_table = "telegram_channels"
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        indexes = [models.Index(fields=["is_active", "last_checked"], name="channel_due")]

    def __str__(self) -> str:
        return self.title or self.address

    @property
    def address(self) -> str:
        """What a person knows it by: @name, or for one without a name t.me/c/id."""
        return f"t.me/{self.username}" if self.username.startswith(NAMELESS) else f"@{self.username}"

    def clean(self) -> None:
        errors = {}
        if self.basis == self.Basis.AGREED and not (self.basis_by and self.basis_at):
            errors["basis"] = _now("Say who agreed and when.")
        second = (self.second_by, self.second_at, self.affiliation.strip())
        if any(second) and not all(second):
            errors["affiliation"] = _now("Say who agreed to a second account, when, and what it says of itself.")
        if self.auto_approve and not self.auto_approve_reason:
            errors["auto_approve_reason"] = _now("Sending without approval needs a reason.")
        if errors:
            raise ValidationError(errors)

    COMMENTED = (Basis.OWN, Basis.AGREED)

    @property
    def may_be_commented(self) -> bool:
        return self.basis in self.COMMENTED

    @property
    def may_be_commented_twice(self) -> bool:
        """Whether the owner has agreed to a second of our accounts under a post."""
        return bool(self.second_by and self.second_at and self.affiliation.strip())


class ChannelBackfill(models.Model):
    """A wish for the last posts of a channel, and how far it has come: page by page, the newest first."""

    channel = models.ForeignKey(
        TelegramChannel, models.CASCADE, verbose_name=_("channel"), related_name="backfills"
    )
    wanted = models.PositiveIntegerField(_("posts wanted"))
    found = models.PositiveIntegerField(_("posts read"), default=0)
    # the next page begins below this message; 0 is the newest
    below = models.BigIntegerField(default=0)
    problem = models.CharField(_("what is wrong"), max_length=255, blank=True)
    asked_by = models.ForeignKey(
        "relove.Staff", models.SET_NULL, null=True, blank=True, verbose_name=_("asked by"), related_name="+"
    )
    created_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        db_table = "channel_backfills"
        verbose_name = _("reading of earlier posts")
        verbose_name_plural = _("readings of earlier posts")
        constraints = [
            # one at a time
            models.UniqueConstraint(
                fields=["channel"], name="backfill_running", condition=models.Q(finished_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.found}/{self.wanted}"
