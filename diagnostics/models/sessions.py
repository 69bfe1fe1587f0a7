"""A person's way through the questionnaire, what came of it, and their progress on the journey."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from diagnostics.models.reference import Psychotype, Stage, Stream
from relove.models import Staff, TelegramUser


def lines(name: Any) -> "ArrayField[list[str], list[str]]":
    return ArrayField(models.TextField(), verbose_name=name, default=list, blank=True)


class UserSession(models.Model):
    """The questionnaire with one person; at most one is active.

    `session_data` holds `{"answers": {question: option or null}, "order": [question], "asked": n}`:
    questions and options by id, null for «пропустить»; the order is fixed when the session begins.
    """

    class Type(models.TextChoices):
        DIAGNOSTIC = "diagnostic", _("diagnostics")
        JOURNEY = "journey", _("journey")

    class State(models.TextChoices):
        CONSENT = "consent", _("asks for consent")
        ASKING = "asking", _("asks questions")
        MAPPING = "mapping", _("reads an answer")
        PAUSED = "paused", _("paused")
        RESTING = "resting", _("rests after silence")
        COMPLETED = "completed", _("completed")
        INCOMPLETE = "incomplete", _("too few answers")
        REFUSED = "refused", _("no consent")
        STOPPED = "stopped", _("stopped")

    # the person is in the middle of it: what they say next is an answer
    OPEN = (State.CONSENT, State.ASKING, State.MAPPING)

    user = models.ForeignKey(TelegramUser, models.PROTECT, verbose_name=_("person"), related_name="+")
    session_type = models.CharField(_("kind"), max_length=16, choices=Type.choices, default=Type.DIAGNOSTIC)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.CONSENT)
    language = models.CharField(_("language"), max_length=5, default="ru")
    conversation_history = models.JSONField(_("conversation"), default=list, blank=True)
    identified_patterns = lines(_("patterns"))
    core_issue = models.TextField(_("core issue"), blank=True)
    question_count = models.PositiveIntegerField(_("questions answered"), default=0)
    session_data = models.JSONField(_("answers"), default=dict, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    consent_version = models.CharField(_("consent, version"), max_length=16, blank=True)
    consent_at = models.DateTimeField(_("consent given"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("reminded"), null=True, blank=True)
    # when the person last said something; silence is counted from here
    heard_at = models.DateTimeField(_("last answer"), null=True, blank=True)
    created_at = models.DateTimeField(_("begun"), default=timezone.now)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)

    class Meta:
        db_table = "user_sessions"
        verbose_name = _("diagnostic session")
        verbose_name_plural = _("diagnostic sessions")
        indexes = [
            models.Index(fields=["state", "-id"], name="user_sessions_state"),
            models.Index(fields=["user", "-created_at"], name="user_sessions_user_time"),
            models.Index(fields=["heard_at"], name="user_sessions_silent", condition=Q(is_active=True)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "session_type"], condition=Q(is_active=True), name="user_sessions_one_active"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_session_type_display()} · {self.user}"


class DiagnosticResult(models.Model):
    """What a questionnaire came to. `scores` counted it; the words beside may be a model's or a person's."""

    user = models.ForeignKey(TelegramUser, models.PROTECT, verbose_name=_("person"), related_name="+")
    session = models.OneToOneField(
        UserSession, models.PROTECT, null=True, blank=True, verbose_name=_("session"), related_name="result"
    )
    psychotype = models.ForeignKey(Psychotype, models.PROTECT, verbose_name=_("psychotype"), related_name="+")
    journey_stage = models.ForeignKey(
        Stage, models.PROTECT, verbose_name=_("stage"), related_name="+", db_column="journey_stage"
    )
    scores = models.JSONField(_("scores"), default=dict, blank=True)
    answers = models.JSONField(_("answers"), default=dict, blank=True)
    description = models.TextField(_("description"), blank=True)
    strengths = lines(_("strengths"))
    challenges = lines(_("challenges"))
    emotional_triggers = lines(_("emotional triggers"))
    logical_patterns = lines(_("logical patterns"))
    current_state = models.TextField(_("current state"), blank=True)
    next_steps = lines(_("next steps"))
    emotional_state = models.TextField(_("emotional state"), blank=True)
    resistance_points = lines(_("points of resistance"))
    recommended_stream = models.ForeignKey(
        Stream, models.SET_NULL, null=True, blank=True, verbose_name=_("recommended programme"), related_name="+"
    )
    stream_description = models.TextField(_("why this programme"), blank=True)
    # a model's wording of the same result; the counted one stays as it is
    wording = models.TextField(_("wording by the model"), blank=True)
    # when the model is asked for it next; NULL: it has answered, or is not to be asked
    wording_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    corrected_psychotype = models.ForeignKey(
        Psychotype,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("psychotype by a person"),
        related_name="+",
    )
    corrected_stage = models.ForeignKey(
        Stage, models.PROTECT, null=True, blank=True, verbose_name=_("stage by a person"), related_name="+"
    )
    correction = models.TextField(_("why it was corrected"), blank=True)
    corrected_by = models.ForeignKey(
        Staff, models.PROTECT, null=True, blank=True, verbose_name=_("corrected by"), related_name="+"
    )
    corrected_at = models.DateTimeField(_("corrected"), null=True, blank=True)
    created_at = models.DateTimeField(_("when"), default=timezone.now)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        db_table = "diagnostic_results"
        verbose_name = _("diagnostic result")
        verbose_name_plural = _("diagnostic results")
        indexes = [
            models.Index(fields=["user", "-created_at"], name="diagnostic_results_user_time"),
            # the long task's query
            models.Index(
                fields=["wording_due_at"],
                name="diagnostic_results_wording",
                condition=Q(wording_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.current_psychotype}, {self.current_stage}"

    @property
    def current_psychotype(self) -> Psychotype:
        return self.corrected_psychotype or self.psychotype

    @property
    def current_stage(self) -> Stage:
        return self.corrected_stage or self.journey_stage


class JourneyProgress(models.Model):
    """Where a person stands on the journey; `transitions` are `{"stage", "at", "by"}`, oldest first."""

    user = models.OneToOneField(TelegramUser, models.PROTECT, verbose_name=_("person"), related_name="+")
    current_stage = models.ForeignKey(
        Stage, models.PROTECT, verbose_name=_("stage"), related_name="+", db_column="current_stage"
    )
    completed_stages = lines(_("completed stages"))
    stage_start_time = models.DateTimeField(_("since"), null=True, blank=True)
    total_interactions = models.PositiveIntegerField(_("conversations"), default=0)
    emotional_responses = models.JSONField(_("emotional responses"), default=list, blank=True)
    transitions = models.JSONField(_("transitions"), default=list, blank=True)
    created_at = models.DateTimeField(_("begun"), default=timezone.now)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        db_table = "journey_progress"
        verbose_name = _("progress")
        verbose_name_plural = _("progress of people")

    def __str__(self) -> str:
        return f"{self.user}: {self.current_stage}"
