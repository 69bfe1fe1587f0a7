"""What staff edit: programmes, stages, psychotypes and the questionnaire, in Russian and English."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

# The heaviest an option may count.
HEAVIEST = 5


class Translated(models.Model):
    """A row with texts in two languages: `name` is Russian, `name_en` English; an empty one falls back."""

    class Meta:
        abstract = True

    def said(self, field: str, language: str) -> str:
        """The text of `field` in the language, in Russian where it is not translated."""
        return str((getattr(self, f"{field}_en") if language == "en" else "") or getattr(self, field))

    def listed(self, field: str, language: str) -> list[str]:
        """The lines of a text of several."""
        return [line.strip() for line in self.said(field, language).splitlines() if line.strip()]


class Stream(Translated):
    """A paid programme; one of them is the basic one, advised where no route says otherwise."""

    code = models.SlugField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=128)
    name_en = models.CharField(_("name in English"), max_length=128, blank=True)
    description = models.TextField(_("description"), blank=True)
    description_en = models.TextField(_("description in English"), blank=True)
    months = models.PositiveSmallIntegerField(_("length in months"), default=0, help_text=_("0: not fixed"))
    mentor = models.CharField(_("mentor"), max_length=128, blank=True)
    is_basic = models.BooleanField(_("basic"), default=False, help_text=_("Advised where no route says so"))
    is_active = models.BooleanField(_("active"), default=True)
    order = models.PositiveIntegerField(_("order"), default=0, db_index=True)

    class Meta:
        db_table = "streams"
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["is_basic"], condition=Q(is_basic=True), name="streams_one_basic")
        ]

    def __str__(self) -> str:
        return self.name


class Psychotype(Translated):
    """A way of taking things in: analytical, emotional, intuitive, practical."""

    code = models.CharField(_("code"), max_length=32, primary_key=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    name = models.CharField(_("name"), max_length=64)
    name_en = models.CharField(_("name in English"), max_length=64, blank=True)
    traits = models.TextField(_("traits"))
    traits_en = models.TextField(_("traits in English"), blank=True)
    triggers = models.TextField(_("what speaks to them"))
    triggers_en = models.TextField(_("what speaks to them, in English"), blank=True)
    talking = models.TextField(_("how to talk"))
    talking_en = models.TextField(_("how to talk, in English"), blank=True)
    resistance = models.TextField(_("typical resistance"))
    resistance_en = models.TextField(_("typical resistance, in English"), blank=True)
    signs = models.TextField(_("signs"), help_text=_("One a line"))
    signs_en = models.TextField(_("signs in English"), blank=True)

    class Meta:
        db_table = "psychotypes"
        verbose_name = _("psychotype")
        verbose_name_plural = _("psychotypes")
        ordering = ["order"]

    def __str__(self) -> str:
        return self.name


class Stage(Translated):
    """A stage of the hero's journey; `order` from 1 to 12."""

    code = models.CharField(_("code"), max_length=32, primary_key=True)
    order = models.PositiveSmallIntegerField(_("order"), unique=True)
    name = models.CharField(_("name"), max_length=64)
    name_en = models.CharField(_("name in English"), max_length=64, blank=True)
    description = models.TextField(_("description"))
    description_en = models.TextField(_("description in English"), blank=True)
    moves = models.TextField(_("what moves people here"))
    moves_en = models.TextField(_("what moves people here, in English"), blank=True)
    effect = models.TextField(_("what it does"))
    effect_en = models.TextField(_("what it does, in English"), blank=True)
    resistance = models.TextField(_("typical resistance"))
    resistance_en = models.TextField(_("typical resistance, in English"), blank=True)
    questions = models.TextField(_("questions"), help_text=_("One a line"))
    questions_en = models.TextField(_("questions in English"), blank=True)
    strengths = models.TextField(_("strengths"), help_text=_("One a line"))
    strengths_en = models.TextField(_("strengths in English"), blank=True)
    challenges = models.TextField(_("challenges"), help_text=_("One a line"))
    challenges_en = models.TextField(_("challenges in English"), blank=True)
    next_steps = models.TextField(_("next steps"), help_text=_("One a line"))
    next_steps_en = models.TextField(_("next steps in English"), blank=True)

    class Meta:
        db_table = "journey_stages"
        verbose_name = _("stage of the journey")
        verbose_name_plural = _("stages of the journey")
        ordering = ["order"]

    def __str__(self) -> str:
        return self.name


class StreamRoute(models.Model):
    """Which programme a result leads to; an empty psychotype or stage stands for any."""

    psychotype = models.ForeignKey(
        Psychotype, models.CASCADE, null=True, blank=True, verbose_name=_("psychotype"), related_name="+"
    )
    stage = models.ForeignKey(
        Stage, models.CASCADE, null=True, blank=True, verbose_name=_("stage"), related_name="+"
    )
    stream = models.ForeignKey(Stream, models.CASCADE, verbose_name=_("programme"), related_name="routes")
    reason = models.CharField(_("reason"), max_length=255, help_text=_("Told to the person with the advice"))
    reason_en = models.CharField(_("reason in English"), max_length=255, blank=True)

    class Meta:
        db_table = "stream_routes"
        verbose_name = _("route to a programme")
        verbose_name_plural = _("routes to programmes")
        constraints = [
            models.UniqueConstraint(
                fields=["psychotype", "stage"], nulls_distinct=False, name="stream_routes_once"
            ),
            models.CheckConstraint(
                condition=Q(psychotype__isnull=False) | Q(stage__isnull=False), name="stream_routes_named"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.psychotype or '…'} · {self.stage or '…'} → {self.stream}"

    def said_reason(self, language: str) -> str:
        return (self.reason_en if language == "en" else "") or self.reason


class DiagnosticQuestion(Translated):
    """A question of the questionnaire. Each option of it counts for a psychotype, a stage, or both."""

    class Context(models.TextChoices):
        PSYCHOTYPE = "psychotype", _("psychotype")
        STAGE = "stage", _("stage")

    text = models.CharField(_("question"), max_length=300)
    text_en = models.CharField(_("question in English"), max_length=300, blank=True)
    context = models.CharField(_("asks about"), max_length=16, choices=Context.choices, db_index=True)
    is_active = models.BooleanField(_("active"), default=True)
    order = models.PositiveIntegerField(_("order"), default=0, db_index=True)

    class Meta:
        db_table = "diagnostic_questions"
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return self.text


class DiagnosticOption(Translated):
    """An answer to choose, and what it counts for."""

    WEIGHTS: ClassVar = [MaxValueValidator(HEAVIEST)]

    question = models.ForeignKey(
        DiagnosticQuestion, models.CASCADE, verbose_name=_("question"), related_name="options"
    )
    text = models.CharField(_("answer"), max_length=200)
    text_en = models.CharField(_("answer in English"), max_length=200, blank=True)
    psychotype = models.ForeignKey(
        Psychotype, models.PROTECT, null=True, blank=True, verbose_name=_("psychotype"), related_name="+"
    )
    psychotype_weight = models.PositiveSmallIntegerField(_("its weight"), default=0, validators=WEIGHTS)
    stage = models.ForeignKey(
        Stage, models.PROTECT, null=True, blank=True, verbose_name=_("stage"), related_name="+"
    )
    stage_weight = models.PositiveSmallIntegerField(_("its weight"), default=0, validators=WEIGHTS)
    order = models.PositiveIntegerField(_("order"), default=0, db_index=True)

    class Meta:
        db_table = "diagnostic_options"
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        """A weight without its aim, or an aim without a weight, counts for nothing: refused."""
        if bool(self.psychotype_id) != bool(self.psychotype_weight):
            raise ValidationError({"psychotype_weight": _("A psychotype and its weight go together.")})
        if bool(self.stage_id) != bool(self.stage_weight):
            raise ValidationError({"stage_weight": _("A stage and its weight go together.")})
