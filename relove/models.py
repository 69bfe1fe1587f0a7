"""Tables every domain needs: staff, Telegram people and chats, the logs, paid model answers."""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relove.indexes import named_index
from relove.zones import ZoneField


class Staff(AbstractUser):
    """A person who works in the back office."""

    language = models.CharField(
        _("interface language"),
        max_length=5,
        choices=[("ru", _("Russian")), ("en", _("English"))],
        default="ru",
    )

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")


class TelegramUser(models.Model):
    """A person on Telegram, as far as we have met them."""

    telegram_id = models.BigIntegerField(_("Telegram id"), unique=True)
    username = models.CharField(_("username"), max_length=64, blank=True)
    first_name = models.CharField(_("first name"), max_length=128, blank=True)
    last_name = models.CharField(_("last name"), max_length=128, blank=True)
    is_bot = models.BooleanField(_("is a bot"), default=False)
    registration_date = models.DateTimeField(_("first met"), default=timezone.now)
    last_seen_date = models.DateTimeField(_("last seen"), null=True, blank=True)
    gender = models.CharField(_("gender"), max_length=16, blank=True)
    history_summary = models.TextField(_("history in short"), blank=True)
    profile = models.JSONField(_("profile"), default=dict, blank=True)
    profile_version = models.PositiveIntegerField(_("profile version"), default=0)
    hero_stage = models.CharField(_("stage of the hero's journey"), max_length=32, blank=True)
    markers = models.JSONField(_("markers"), default=dict, blank=True)
    streams = models.JSONField(_("programmes"), default=list, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    zone = ZoneField(
        _("time zone"),
        max_length=64,
        blank=True,
        help_text=_("Reminders come by day there; empty: the installation's zone. For example Asia/Omsk."),
    )
    # how far the person has come with the community; the customer's former system kept these four
    started_journey = models.BooleanField(_("started the journey"), default=False)
    completed_journey = models.BooleanField(_("completed the journey"), default=False)
    visited_platform = models.BooleanField(_("visited the platform"), default=False)
    bought_programme = models.BooleanField(_("bought a programme"), default=False)

    class Meta:
        db_table = "users"
        verbose_name = _("Telegram user")
        verbose_name_plural = _("Telegram users")
        permissions = [
            ("export_telegramuser", "Can export everything about a person"),
            ("erase_telegramuser", "Can erase a person"),
        ]
        indexes = [models.Index(Lower("username"), name="users_username_lower")]

    def __str__(self) -> str:
        name = f"{self.first_name} {self.last_name}".strip()
        return name or (f"@{self.username}" if self.username else str(self.telegram_id))


class Suppression(models.Model):
    """An erased person, by the keyed hash of their Telegram id (relove.suppression)."""

    person_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        db_table = "suppression"
        verbose_name = _("erased person")
        verbose_name_plural = _("erased people")

    def __str__(self) -> str:
        return self.person_hash[:8]


class Chat(models.Model):
    """A place on Telegram where messages stand. Ids are bare (no -100), unique with their kind."""

    class Kind(models.TextChoices):
        PRIVATE = "private", _("private chat")
        GROUP = "group", _("group")
        SUPERGROUP = "supergroup", _("supergroup")
        CHANNEL = "channel", _("channel")

    telegram_id = models.BigIntegerField(_("Telegram id"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    title = models.CharField(_("title"), max_length=255, blank=True)
    username = models.CharField(_("username"), max_length=64, blank=True)
    registration_date = models.DateTimeField(_("first met"), auto_now_add=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        db_table = "chats"
        verbose_name = _("chat")
        verbose_name_plural = _("chats")
        constraints = [models.UniqueConstraint(fields=["kind", "telegram_id"], name="chats_kind_id")]

    def __str__(self) -> str:
        return self.title or f"{self.get_kind_display()} {self.telegram_id}"


class UserActivityLog(models.Model):
    """What people did in chats, and staff in the admin. Written by relove.oplog alone; append-only."""

    user = models.ForeignKey(
        TelegramUser,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("Telegram user"),
        related_name="+",
    )
    staff = models.ForeignKey(
        Staff,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("staff member"),
        related_name="+",
    )
    chat = models.ForeignKey(Chat, models.PROTECT, null=True, blank=True, verbose_name=_("chat"))
    activity_type = models.CharField(_("what"), max_length=48)
    subject_table = models.CharField(_("table"), max_length=48, blank=True)
    subject_id = models.BigIntegerField(_("row"), null=True, blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        db_table = "user_activity_log"
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        indexes = [
            models.Index(fields=["user", "-created_at"], name="activity_user_time"),
            models.Index(fields=["staff", "-created_at"], name="activity_staff_time"),
            models.Index(fields=["-created_at", "-id"], name="activity_time"),
            models.Index(fields=["activity_type", "-created_at"], name="activity_type_time"),
            # what was done about a row, on its page
            models.Index(fields=["subject_table", "subject_id"], name="activity_subject"),
            # the page of system settings shows who changed what
            models.Index(
                fields=["-created_at"],
                name="activity_options",
                condition=models.Q(activity_type="change_option"),
            ),
        ]
        constraints = [
            # somebody did it: a Telegram person or a staff member, never both
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, staff__isnull=True)
                | models.Q(user__isnull=True, staff__isnull=False),
                name="activity_one_actor",
            )
        ]

    def __str__(self) -> str:
        return self.activity_type


class SessionLog(models.Model):
    """A stretch of work: a runner's slice for an account, a sales conversation, a study group."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        COMPLETED = "completed", _("completed")
        FAILED = "failed", _("failed")

    class Type(models.TextChoices):
        COMMENT = "comment", _("commenting")
        SALES = "sales", _("sales")
        EDUCATION = "education", _("education")

    user = models.ForeignKey(TelegramUser, models.SET_NULL, null=True, blank=True, verbose_name=_("Telegram user"))
    account_id = models.BigIntegerField(_("account"), null=True, blank=True, db_index=True)
    session_type = models.CharField(_("type"), max_length=16, choices=Type.choices)
    status = models.CharField(_("status"), max_length=16, choices=Status.choices, default=Status.ACTIVE)
    start_time = models.DateTimeField(_("start"))
    end_time = models.DateTimeField(_("end"), null=True, blank=True)
    metadata = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        db_table = "session_logs"
        verbose_name = _("work session")
        verbose_name_plural = _("work sessions")
        indexes = [
            models.Index(fields=["-start_time", "-id"], name="session_time"),
            models.Index(fields=["status", "-start_time"], name="session_status_time"),
            models.Index(fields=["session_type", "-start_time"], name="session_type_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_session_type_display()} {self.start_time:%d.%m %H:%M}"


class OperationLog(models.Model):
    """One operation of the system and how it went. Written in batches by relove.oplog alone."""

    class Status(models.TextChoices):
        SUCCESS = "success", _("success")
        FAILED = "failed", _("failed")

    operation_type = models.CharField(_("operation"), max_length=48)
    user = models.ForeignKey(
        TelegramUser,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("Telegram user"),
        related_name="+",
    )
    account_id = models.BigIntegerField(_("account"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=16, choices=Status.choices)
    error_message = models.TextField(_("error"), blank=True)
    duration_ms = models.PositiveIntegerField(_("milliseconds"), default=0)
    subject_table = models.CharField(_("table"), max_length=48, blank=True)
    subject_id = models.BigIntegerField(_("row"), null=True, blank=True)
    created_at = models.DateTimeField(_("when"))

    class Meta:
        db_table = "operation_logs"
        verbose_name = _("operation")
        verbose_name_plural = _("operations")
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="operation_time"),
            models.Index(fields=["operation_type", "-created_at"], name="operation_type_time"),
            # what went well is nearly all: it is found in the order of time
            models.Index(
                fields=["status", "-created_at"],
                name="operation_status_time",
                condition=models.Q(status="failed"),
            ),
            models.Index(
                fields=["account_id", "-created_at"],
                name="operation_account_time",
                condition=models.Q(account_id__isnull=False),
            ),
            models.Index(fields=["subject_table", "subject_id"], name="operation_subject"),
            named_index("operation_user", "user"),
        ]

    def __str__(self) -> str:
        return self.operation_type


class OperationRollup(models.Model):
    """How many operations of a kind ended how, within one minute, hour or day. Kept by relove.rollups alone."""

    class Span(models.TextChoices):
        MINUTE = "minute", _("minute")
        HOUR = "hour", _("hour")
        DAY = "day", _("day")

    span = models.CharField(_("length"), max_length=8, choices=Span.choices)
    at = models.DateTimeField(_("when"))
    operation_type = models.CharField(_("operation"), max_length=48)
    subject_table = models.CharField(_("table"), max_length=48, blank=True)
    outcome = models.CharField(_("outcome"), max_length=16, choices=OperationLog.Status.choices)
    # which slot of relove.rollups.SLOTS the durations fall into
    slot = models.PositiveSmallIntegerField()
    count = models.BigIntegerField()
    total_ms = models.BigIntegerField()

    class Meta:
        db_table = "operation_rollups"
        verbose_name = _("sum of operations")
        verbose_name_plural = _("sums of operations")
        constraints = [
            models.UniqueConstraint(
                fields=["span", "at", "operation_type", "subject_table", "outcome", "slot"],
                name="operation_rollups_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.operation_type} {self.at:%d.%m %H:%M}"


class RollupMark(models.Model):
    """Up to which id operations are summed, and the next id with who was writing as it was drawn."""

    folded_to = models.BigIntegerField(default=0)
    target = models.BigIntegerField(default=0)
    waits_for = ArrayField(models.CharField(max_length=32), default=list)

    class Meta:
        db_table = "rollup_marks"

    def __str__(self) -> str:
        return str(self.folded_to)


class LLMCall(models.Model):
    """A question to a language model and the answer that was paid for. Written by relove.llm alone."""

    class Status(models.TextChoices):
        STARTED = "started", _("in flight")
        ANSWERED = "answered", _("answered")
        FAILED = "failed", _("failed")

    key = models.CharField(_("key"), max_length=64, unique=True)
    purpose = models.CharField(_("purpose"), max_length=32)
    subject_table = models.CharField(_("table"), max_length=48, blank=True)
    subject_id = models.BigIntegerField(_("row"), null=True, blank=True)
    model = models.CharField(_("model"), max_length=128)
    status = models.CharField(_("status"), max_length=16, choices=Status.choices, default=Status.STARTED)
    request = models.JSONField(_("request"), default=dict)
    response = models.JSONField(_("response"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=1)
    prompt_tokens = models.PositiveIntegerField(_("tokens in"), default=0)
    completion_tokens = models.PositiveIntegerField(_("tokens out"), default=0)
    cost = models.DecimalField(_("cost, USD"), max_digits=12, decimal_places=6, default=0)
    duration_ms = models.PositiveIntegerField(_("milliseconds"), default=0)
    created_at = models.DateTimeField(_("asked"), auto_now_add=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    class Meta:
        db_table = "llm_calls"
        verbose_name = _("model call")
        verbose_name_plural = _("model calls")
        indexes = [
            models.Index(fields=["status", "-created_at"], name="llm_status_time"),
            models.Index(fields=["-created_at", "-id"], name="llm_time"),
            models.Index(fields=["purpose", "-created_at"], name="llm_purpose_time"),
            models.Index(fields=["subject_table", "subject_id"], name="llm_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.model}"


# the tables of relove.access stand apart; Django looks for models here
from relove.access_models import Authenticator as Authenticator  # noqa: E402
from relove.access_models import RecoveryCode as RecoveryCode  # noqa: E402
from relove.access_models import StaffSession as StaffSession  # noqa: E402
from relove.archive_models import ArchivedMonth as ArchivedMonth  # noqa: E402
from relove.rehearsal_models import Rehearsal as Rehearsal  # noqa: E402
from relove.rehearsal_models import RehearsalItem as RehearsalItem  # noqa: E402
