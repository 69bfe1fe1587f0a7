"""Which months were taken out of the database."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ArchivedMonth(models.Model):
    """A file of the archive, as the database knows it: written in the transaction that drops the month.

    So a month is in the database or here, and an erasure knows which files it has to find.
    """

    table = models.CharField(_("table"), max_length=48)
    month = models.DateField(_("month"))
    # a month whose rows came late has more than one file
    part = models.PositiveSmallIntegerField(_("part"))
    rows = models.BigIntegerField(_("rows"))
    archived_at = models.DateTimeField(_("archived"), auto_now_add=True)

    class Meta:
        db_table = "archived_months"
        verbose_name = _("archived month")
        verbose_name_plural = _("archived months")
        constraints = [models.UniqueConstraint(fields=["table", "month", "part"], name="archived_month_once")]

    def __str__(self) -> str:
        return f"{self.table} {self.month:%Y-%m}"
