"""Staff in Telegram: who is linked, what they are told, and what was worth telling."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts_mgmt.outbox import Guard, OutgoingMessage, Status, outbox_indexes
from accounts_mgmt.querysets import AlertQuerySet, StaffTelegramQuerySet


class StaffTelegram(models.Model):
    """A staff member's own Telegram: linked by a code they send to a main account, which then writes to them.

    Of a code only the keyed hash is kept; it serves once.
    """

    staff = models.OneToOneField(
        "relove.Staff",
        models.CASCADE,
        primary_key=True,
        verbose_name=_("staff member"),
        related_name="telegram",
    )
    account = models.ForeignKey(
        "accounts_mgmt.TelegramAccountSession",
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("written to by"),
        related_name="+",
    )
    chat = models.OneToOneField(
        "relove.Chat", models.PROTECT, null=True, blank=True, verbose_name=_("Telegram"), related_name="+"
    )
    name = models.CharField(_("name in Telegram"), max_length=128, blank=True)
    linked_at = models.DateTimeField(_("linked"), null=True, blank=True)
    on_duty = models.BooleanField(
        _("receives alerts"), default=True, help_text=_("Whether alerts of the system are sent to this person.")
    )
    code_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    code_until = models.DateTimeField(null=True, blank=True, editable=False)

    objects = StaffTelegramQuerySet.as_manager()

    class Meta:
        db_table = "staff_telegrams"
        verbose_name = _("Telegram of a staff member")
        verbose_name_plural = _("Telegram of the staff")

    def __str__(self) -> str:
        return self.name or str(self.staff)

    @property
    def is_linked(self) -> bool:
        return self.chat_id is not None and self.account_id is not None


class StaffMessage(OutgoingMessage):
    """A message to a staff member: an alert, a confirmation, a test. It passes every pause."""

    passes_pauses = True

    class Purpose(models.TextChoices):
        ALERT = "alert", _("alert")
        CONFIRMATION = "confirmation", _("confirmation")
        TEST = "test", _("test message")

    staff = models.ForeignKey(
        "relove.Staff", models.CASCADE, verbose_name=_("staff member"), related_name="messages"
    )
    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose.choices)

    class Meta:
        db_table = "staff_messages"
        verbose_name = _("message to staff")
        verbose_name_plural = _("messages to staff")
        indexes = [*outbox_indexes("staff"), models.Index(fields=["sender"], name="staff_sender")]

    @classmethod
    def guards(cls) -> list[Guard]:
        """No pause among them: whoever is to be told that all is paused must be reached."""
        return [
            Guard(Q(sender__state="active"), Status.PENDING, _("The account is not active."), claim_asks=True),
            Guard(Q(expires_at__isnull=True) | Q(expires_at__gt=Now()), Status.EXPIRED, _("It is too late.")),
            Guard(
                Q(staff__is_active=True, staff__telegram__chat=F("chat")),
                Status.CANCELLED,
                _("The staff member's Telegram is not linked any more."),
            ),
        ]


class Alert(models.Model):
    """Something that staff must know; one row for each thing, however often it happens."""

    key = models.CharField(max_length=128, unique=True, editable=False)
    text = models.TextField(_("what"))
    times = models.PositiveIntegerField(_("times"), default=1)
    created_at = models.DateTimeField(_("first"), auto_now_add=True)
    happened_at = models.DateTimeField(_("last"))
    told_at = models.DateTimeField(_("told"), null=True, blank=True)
    told_count = models.PositiveIntegerField(_("told in Telegram"), default=0)
    mail_due = models.BooleanField(default=False, editable=False)
    mailed_at = models.DateTimeField(_("told by e-mail"), null=True, blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        db_table = "alerts"
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        indexes = [
            models.Index(fields=["-happened_at"], name="alert_time"),
            models.Index(fields=["told_at"], name="alert_told", condition=Q(told_at__isnull=False)),
            # what the mail task looks for
            models.Index(fields=["id"], name="alert_mail", condition=Q(mail_due=True)),
        ]

    def __str__(self) -> str:
        return self.text[:60]
