"""Accounts in their role of commentator, and the voices they write in."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts_mgmt.models import TelegramAccountSession


class CommentatorAccount(models.Model):
    """An account in its role of commentator."""

    session = models.OneToOneField(
        TelegramAccountSession, models.PROTECT, verbose_name=_("Telegram account"), related_name="commentator"
    )
    is_active = models.BooleanField(_("comments"), default=True)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    last_used = models.DateTimeField(_("last comment"), null=True, blank=True)
    # moves on with every change of the voice: what caches keep of it carries this number
    voice_version = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        db_table = "commentator_accounts"
        verbose_name = _("commentator")
        verbose_name_plural = _("commentators")

    def __str__(self) -> str:
        return str(self.session)


class AccountPersonality(models.Model):
    """The voice an account writes in."""

    account = models.OneToOneField(
        CommentatorAccount, models.CASCADE, verbose_name=_("commentator"), related_name="personality"
    )
    style = models.CharField(_("style"), max_length=128, help_text=_("For example: short and to the point"))
    tone = models.CharField(_("tone"), max_length=128, help_text=_("For example: warm, calm"))
    interests = ArrayField(models.CharField(max_length=64), verbose_name=_("interests"), default=list, blank=True)
    vocabulary = ArrayField(
        models.CharField(max_length=64), verbose_name=_("words it likes"), default=list, blank=True
    )
    examples = ArrayField(models.TextField(), verbose_name=_("examples"), default=list, blank=True)
    forbidden = ArrayField(
        models.CharField(max_length=64), verbose_name=_("forbidden words"), default=list, blank=True
    )
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    history = HistoricalRecords(table_name="account_personalities_history")

    class Meta:
        db_table = "account_personalities"
        verbose_name = _("voice")
        verbose_name_plural = _("voices")

    def __str__(self) -> str:
        return _now("Voice of %(account)s") % {"account": self.account}

    def save(self, *arguments: Any, **options: Any) -> None:
        with transaction.atomic():
            super().save(*arguments, **options)
            self._move_on()

    def delete(self, *arguments: Any, **options: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            self._move_on()
            return super().delete(*arguments, **options)

    def _move_on(self) -> None:
        rows = CommentatorAccount.objects.filter(pk=self.account_id)
        rows.update(voice_version=models.F("voice_version") + 1)
