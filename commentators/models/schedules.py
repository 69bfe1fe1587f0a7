"""When an account comments in a channel."""

from datetime import time
from zoneinfo import available_timezones

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from commentators.models.channels import TelegramChannel
from commentators.models.voices import CommentatorAccount


class CommentSchedule(models.Model):
    """When an account comments in a channel, in the schedule's own time zone."""

    account = models.ForeignKey(
        CommentatorAccount, models.CASCADE, verbose_name=_("commentator"), related_name="schedules"
    )
    channel = models.ForeignKey(
        TelegramChannel, models.CASCADE, verbose_name=_("channel"), related_name="schedules"
    )
    comments_per_day = models.PositiveIntegerField(
        _("comments a day"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(86400)],
        help_text=_("Over all channels an account writes no more a day than its most generous schedule allows."),
    )
    start_time = models.TimeField(_("from"), default=time(9))
    end_time = models.TimeField(_("until"), default=time(23))
    days = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name=_("days of the week"),
        default=list,
        blank=True,
        help_text=_("0 is Monday; empty means every day."),
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Moscow")
    is_active = models.BooleanField(_("active"), default=True)

    history = HistoricalRecords(table_name="comment_schedules_history")

    class Meta:
        db_table = "comment_schedules"
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        constraints = [models.UniqueConstraint(fields=["account", "channel"], name="schedule_account_channel")]

    def __str__(self) -> str:
        return f"{self.account} · {self.channel}"

    def clean(self) -> None:
        errors = {}
        if self.time_zone not in available_timezones():
            errors["time_zone"] = _now("There is no such time zone; write it like Europe/Moscow.")
        if any(day > 6 for day in self.days):
            errors["days"] = _now("Days are numbers from 0, Monday, to 6, Sunday.")
        if errors:
            raise ValidationError(errors)
