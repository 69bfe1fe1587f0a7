"""The dialogues of the main account: one row a person, and the messages with the reason of every reply."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts_mgmt.outbox import Guard, Origin, Status
from accounts_mgmt.pause_models import Pause
from accounts_mgmt.private.model import PrivateMessage, private_constraints, private_indexes
from relove.indexes import named_index
from sales import touches
from sales.document import Script
from sales.player import Decision, Progress
from sales.querysets import DIAGNOSIS, MessageQuerySet
from sales.strategy import Strategy

# The topic of pages that show dialogues: the messages' table announces it, what else changes is published.
TOPIC = "conversation_messages"
LOCK = timedelta(minutes=2)
HIDDEN_ANSWER = _("An answer in diagnostics: seen by those to whom diagnostics are open.")
HIDDEN_QUESTION = _("What diagnostics say: seen by those to whom diagnostics are open.")


class ClientConversation(models.Model):
    """A dialogue between an account and a person: where it stands, by which version, and who leads it."""

    class Lead(models.TextChoices):
        SCRIPT = "script", _("the script")
        PERSON = "person", _("a person")

    account = models.ForeignKey(
        "accounts_mgmt.TelegramAccountSession", models.PROTECT, verbose_name=_("account"), related_name="+"
    )
    user = models.ForeignKey(
        "relove.TelegramUser", models.PROTECT, verbose_name=_("person"), related_name="conversations"
    )
    script = models.ForeignKey(
        "sales.SalesScript",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("script"),
        related_name="conversations",
    )
    version = models.ForeignKey(
        "sales.ScriptVersion",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("version"),
        related_name="+",
    )
    lead = models.CharField(_("led by"), max_length=16, choices=Lead.choices, default=Lead.SCRIPT)
    lead_reason = models.CharField(_("why"), max_length=255, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("owner"),
        related_name="+",
    )
    # sales.player.Progress; `stage` is its step's, `stages` all that were reached, for reports
    progress = models.JSONField(_("progress"), default=dict, blank=True)
    stage = models.CharField(_("stage"), max_length=120, blank=True)
    stages = ArrayField(
        models.CharField(max_length=120), default=list, blank=True, verbose_name=_("stages reached")
    )
    strategy = models.CharField(_("strategy"), max_length=16, blank=True)
    programme = models.CharField(_("programme chosen"), max_length=120, blank=True)
    note = models.TextField(_("note"), blank=True)

    # what brought the person here: the row, and by which rule it was found
    touch_table = models.CharField(_("first touch"), max_length=48, blank=True)
    touch_id = models.BigIntegerField(null=True, blank=True)
    touch_rule = models.CharField(_("by which rule"), max_length=64, blank=True)

    # who is writing an answer now: two people never answer at once
    locked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    locked_until = models.DateTimeField(null=True, blank=True, editable=False)
    session = models.ForeignKey(
        "relove.SessionLog", models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    heard_at = models.DateTimeField(_("last message of the person"), null=True, blank=True)
    started_at = models.DateTimeField(_("began"), auto_now_add=True)

    class Meta:
        db_table = "client_conversations"
        verbose_name = _("dialogue")
        verbose_name_plural = _("dialogues")
        constraints = [models.UniqueConstraint(fields=["account", "user"], name="conversation_account_user")]
        indexes = [
            models.Index(fields=["-heard_at", "-id"], name="conversation_heard"),
            models.Index(fields=["lead", "-heard_at"], name="conversation_lead"),
            models.Index(fields=["stage", "-heard_at"], name="conversation_stage"),
            models.Index(fields=["version"], name="conversation_version"),
        ]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def stands(self) -> Progress:
        return Progress.of(self.progress)

    @property
    def learnt(self) -> dict[str, str]:
        """What was learnt about the client, the account's own knowledge left out."""
        return {key: value for key, value in self.stands.knows.items() if key not in ("name", "owner")}

    @property
    def touch_words(self) -> str:
        return touches.in_words(self.touch_rule)

    def advance(self, progress: Progress, script: Script) -> None:
        """Stand where a reply has led. Does not save."""
        step = script.step(progress.step)
        self.progress, self.stage = progress.as_json(), step.stage if step else ""
        if self.stage and self.stage not in self.stages:
            self.stages = [*self.stages, self.stage]

    def hand_over(self, reason: str) -> None:
        """A person leads from now on. Does not save."""
        self.lead, self.lead_reason = self.Lead.PERSON, reason[:255]

    def is_locked_for(self, staff: Any, now: datetime) -> bool:
        """Whether somebody else is writing an answer."""
        return bool(self.locked_by_id not in (None, staff.pk) and self.locked_until and self.locked_until > now)


class ConversationMessage(PrivateMessage):
    """A message of a dialogue; a received one and its reply keep how the reply was decided."""

    conversation = models.ForeignKey(
        ClientConversation, models.PROTECT, db_index=False, verbose_name=_("dialogue"), related_name="messages"
    )
    version = models.ForeignKey(
        "sales.ScriptVersion",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("version"),
        related_name="+",
    )
    analysis = models.JSONField(_("analysis"), null=True, blank=True)
    score = models.FloatField(_("fit"), null=True, blank=True)
    threshold = models.FloatField(_("threshold"), null=True, blank=True)
    strategy = models.CharField(
        _("strategy"),
        max_length=16,
        blank=True,
        choices=[
            (Strategy.SCRIPT.value, _("by the script")),
            (Strategy.FREE.value, _("a free reply")),
            ("person", _("left to a person")),
        ],
    )
    trigger = models.CharField(_("trigger"), max_length=40, blank=True)
    response = models.CharField(_("ready answer"), max_length=40, blank=True)
    step = models.CharField(_("step"), max_length=40, blank=True)
    why = models.TextField(_("why this reply"), blank=True)
    tokens = models.PositiveIntegerField(_("tokens"), default=0)
    cost = models.DecimalField(_("cost, USD"), max_digits=12, decimal_places=6, default=0)
    # on a draft: where the dialogue stands, and what is done, when it is queued
    progress = models.JSONField(null=True, blank=True, editable=False)
    action = models.CharField(_("action"), max_length=40, blank=True)

    objects = MessageQuerySet.as_manager()  # type: ignore[misc]  # the child's own rows

    class Meta:
        db_table = "conversation_messages"
        verbose_name = _("message of a dialogue")
        verbose_name_plural = _("messages of dialogues")
        constraints = private_constraints("sales")
        indexes = [
            *private_indexes("sales"),
            models.Index(fields=["conversation", "-id"], name="sales_conversation"),
            named_index("sales_version", "version"),
            models.Index(fields=["strategy", "-id"], name="sales_strategy", condition=~Q(strategy="")),
            # the last analysed messages, for another threshold
            models.Index(fields=["-id"], name="sales_analysed", condition=Q(direction="in", score__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.shown_text[:60]

    @property
    def shown_text(self) -> str:
        """The words, or what stands in their place for those who may not read what diagnostics hear and say.

        Who reads is told by the query (`seen_by`); for a reader unknown the words of a diagnosis stay hidden.
        """
        of_diagnosis = getattr(self, "of_diagnosis", self.step == DIAGNOSIS)
        if not of_diagnosis or getattr(self, "is_open", False):
            return self.text
        return str(HIDDEN_ANSWER if self.direction == self.Direction.IN else HIDDEN_QUESTION)

    @classmethod
    def guards(cls) -> list[Guard]:
        paused = Pause.none_for(Pause.Level.SCRIPT, "conversation__script")
        by_person = Q(origin=Origin.PERSON)
        return [*super().guards(), Guard(by_person | paused, Status.PENDING, _("The script is paused."))]

    def explain(self, decision: Decision) -> None:
        """Keep why. Does not save."""
        self.score, self.threshold = decision.score, decision.threshold
        self.strategy = decision.strategy or "person"
        self.trigger, self.response, self.step = decision.trigger, decision.response, decision.step
        self.why = decision.why
