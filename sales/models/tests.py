"""Saved dialogues: what a script must go on answering."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ScriptTest(models.Model):
    """A dialogue with what is expected at each message (sales.trials.SavedDialogue); played before publishing."""

    script = models.ForeignKey("sales.SalesScript", models.CASCADE, verbose_name=_("script"), related_name="tests")
    name = models.CharField(_("name"), max_length=128)
    dialogue = models.JSONField(_("dialogue"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("saved by"),
        related_name="+",
    )
    created_at = models.DateTimeField(_("saved"), auto_now_add=True)
    runs = models.PositiveIntegerField(_("times played"), default=0)
    passes = models.PositiveIntegerField(_("times passed"), default=0)
    last_run_at = models.DateTimeField(_("last played"), null=True, blank=True)
    last_faults = models.JSONField(_("what was wrong last time"), default=list, blank=True)

    class Meta:
        db_table = "script_tests"
        verbose_name = _("saved dialogue")
        verbose_name_plural = _("saved dialogues")
        constraints = [models.UniqueConstraint(fields=["script", "name"], name="script_test_name")]

    def __str__(self) -> str:
        return self.name
