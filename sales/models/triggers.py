"""The triggers of live versions as rows, so that their hits can be counted and found."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from sales.querysets import TriggerQuerySet


class ScriptTrigger(models.Model):
    """A trigger of a script's live version. The document is the source: rows follow it, hits stay."""

    class Kind(models.TextChoices):
        WORDS = "words", _("words")
        REGEX = "regex", _("regular expression")
        INTENT = "intent", _("intent")
        FIRST_MESSAGE = "first_message", _("first message")
        SILENCE = "silence", _("silence")
        STAGE = "stage", _("stage of the dialogue")

    script = models.ForeignKey(
        "sales.SalesScript", models.CASCADE, verbose_name=_("script"), related_name="triggers"
    )
    key = models.CharField(_("key"), max_length=40)
    title = models.CharField(_("title"), max_length=120, blank=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    priority = models.PositiveSmallIntegerField(_("priority"), default=50)
    definition = models.JSONField(_("definition"), default=dict)
    is_active = models.BooleanField(_("in the live version"), default=True)
    hits = models.PositiveIntegerField(_("hits"), default=0)
    last_hit_at = models.DateTimeField(_("last hit"), null=True, blank=True)

    objects = TriggerQuerySet.as_manager()

    class Meta:
        db_table = "script_triggers"
        verbose_name = _("trigger")
        verbose_name_plural = _("triggers")
        constraints = [models.UniqueConstraint(fields=["script", "key"], name="script_trigger_key")]

    def __str__(self) -> str:
        return self.title or self.key
