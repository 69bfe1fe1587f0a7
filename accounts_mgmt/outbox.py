"""The outbox: rows that are messages, and how one of them goes through its states.

    draft ──▶ pending ──▶ sending ──▶ sent            aside: rejected, failed, cancelled, expired,
                 ▲            │                              unknown, deleted
                 └── retry ───┴──▶ unknown ──▶ sent | pending | failed

The state column is the queue. `random_id` is drawn when a row becomes pending and never changes, nor
does the text between attempts: a repeat is the same message to Telegram, which drops it.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.apps import apps
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from accounts_mgmt.pause_models import Pause
from accounts_mgmt.querysets import OutgoingQuerySet
from relove.indexes import words_index
from relove.telegram.gateway import Gateway, Peer

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


# NOTIFY here wakes the runners.
CHANNEL = "relove_outbox"


class Status(models.TextChoices):
    DRAFT = "draft", _("draft")
    PENDING = "pending", _("in the queue")
    SENDING = "sending", _("being sent")
    SENT = "sent", _("sent")
    FAILED = "failed", _("error")
    UNKNOWN = "unknown", _("outcome unknown")
    REJECTED = "rejected", _("rejected")
    CANCELLED = "cancelled", _("cancelled")
    EXPIRED = "expired", _("too late")
    DELETED = "deleted", _("deleted")


class Origin(models.TextChoices):
    MACHINE = "machine", _("machine")
    MACHINE_EDITED = "machine_edited", _("machine, edited by a person")
    PERSON = "person", _("person")


def draw_random_id() -> int:
    """A fresh 63-bit id, never 0 (Telegram treats 0 as missing)."""
    return secrets.randbelow(2**63 - 1) + 1


class OutgoingMessage(models.Model):
    """A message on its way out. Children say where it goes and what must hold when it leaves."""

    # Whether messages of one account to one chat must keep their order (dialogues) or are free (comments).
    ordered: ClassVar[bool] = False
    # Whether it always answers a message, and what `find_place` reads besides the row.
    is_reply: ClassVar[bool] = False
    # Whether an account answers the same message with one of these at most.
    once_in_reply: ClassVar[bool] = False
    place_fields: ClassVar[tuple[str, ...]] = ()
    # Messages to staff leave though accounts are paused.
    passes_pauses: ClassVar[bool] = False
    # Whether rows may have a `photo_id`; the photo's bytes never change.
    carries_photos: ClassVar[bool] = False
    # SQL for what else it means that some were sent; its two parameters are arrays: senders and times.
    after_sent: ClassVar[str] = ""

    sender = models.ForeignKey(
        "accounts_mgmt.TelegramAccountSession",
        models.PROTECT,
        db_index=False,  # each child has one that begins with it
        verbose_name=_("sent by"),
        related_name="+",
    )
    chat = models.ForeignKey(
        "relove.Chat", models.PROTECT, null=True, blank=True, verbose_name=_("chat"), related_name="+"
    )
    text = models.TextField(_("text"))
    reply_to = models.BigIntegerField(_("in reply to"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=16, choices=Status.choices, default=Status.DRAFT)
    random_id = models.BigIntegerField(null=True, blank=True, editable=False)
    message_id = models.BigIntegerField(_("Telegram message"), null=True, blank=True)
    origin = models.CharField(_("written by"), max_length=16, choices=Origin.choices, default=Origin.MACHINE)
    model = models.CharField(_("language model"), max_length=128, blank=True)
    approved_by = models.ForeignKey(
        "relove.Staff",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("approved by"),
        related_name="+",
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)

    scheduled_at = models.DateTimeField(_("planned for"), null=True, blank=True)
    expires_at = models.DateTimeField(_("too late after"), null=True, blank=True)
    retry_count = models.PositiveSmallIntegerField(_("failed attempts"), default=0)
    next_retry = models.DateTimeField(_("next attempt"), null=True, blank=True)
    failed_code = models.CharField(_("code"), max_length=64, blank=True)
    failed_reason = models.CharField(_("why"), max_length=255, blank=True)

    # The holder's lease token while `sending`.
    claimed_by = models.BigIntegerField(null=True, blank=True, editable=False)
    attempted_at = models.DateTimeField(_("last attempt"), null=True, blank=True, editable=False)
    # The first attempt that may have been delivered; emptied by every answer that says it was not. So
    # a `sending` row of a dead holder goes back to pending without it, and becomes unknown with it.
    first_attempt_at = models.DateTimeField(_("unclear since"), null=True, blank=True, editable=False)
    # How often a process died with this row in its hands; three set it aside.
    crashes = models.PositiveSmallIntegerField(default=0, editable=False)
    set_aside = models.BooleanField(_("waits for a person"), default=False, editable=False)

    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    # also the partition key where a child is partitioned: the outbox names rows by (id, created_at)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OutgoingQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.text[:60]

    def queue(self, when: datetime) -> None:
        """Make the row pending, planned for `when`. Does not save."""
        self.status = Status.PENDING
        # a retry's time from an earlier life would go before the plan
        self.scheduled_at, self.next_retry = when, None
        if self.random_id is None:
            self.random_id = draw_random_id()

    @classmethod
    def guards(cls) -> "list[Guard]":
        """What must hold at the moment of sending. Children add their own to these."""
        return [
            Guard(Q(sender__state="active"), Status.PENDING, _("The account is not active."), claim_asks=True),
            Guard(
                Pause.none_for(Pause.Level.EVERYTHING), Status.PENDING, _("Everything is paused."), claim_asks=True
            ),
            Guard(
                Pause.none_for(Pause.Level.ACCOUNT, "sender"),
                Status.PENDING,
                _("The account is paused."),
                claim_asks=True,
            ),
            Guard(Q(expires_at__isnull=True) | Q(expires_at__gt=Now()), Status.EXPIRED, _("It is too late.")),
        ]

    @classmethod
    def photo_of(cls, photo_id: int) -> bytes:
        """The JPEG that a row carries."""
        raise NotImplementedError

    @classmethod
    def planned_a_day(cls, account: Any) -> int | None:
        """How many of this kind an account is to send on a day; None where nothing is planned."""
        return None

    async def find_place(self, gateway: Gateway) -> tuple[Peer, int | None]:
        """Where the message goes, for a row whose chat this account has not met or that has none yet."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition on a row; where it fails the row goes to `otherwise` for `reason`.

    One condition serves two questions: the claim's UPDATE just before the request carries it in SQL,
    so nothing leaves that should not, and a refused row is asked which of them it failed.
    """

    condition: Q
    otherwise: Status
    reason: "StrPromise"
    # Whether a person who approves hears of it already then; what only waits is not told.
    early: bool = False
    # Whether no row is claimed while it fails: then a refused row may be looked at again at any time.
    claim_asks: bool = False


def standing(rows: models.QuerySet[Any], guards: Sequence[Guard]) -> list[bool]:
    """Which of the guards hold for the one row in `rows`, by one question; none where it is gone."""
    asked = {
        f"guard_{place}": ExpressionWrapper(guard.condition, output_field=BooleanField())
        for place, guard in enumerate(guards)
    }
    found = rows.annotate(**asked).values(*asked).first() or {}
    return [bool(found.get(name)) for name in asked]


def first_failing(rows: models.QuerySet[Any], guards: Sequence[Guard]) -> Guard | None:
    held = standing(rows, guards)
    return next((guard for guard, holds in zip(guards, held, strict=True) if not holds), None)


def outgoing_models() -> list[type[OutgoingMessage]]:
    """Every kind of message there is."""
    return [model for model in apps.get_models() if issubclass(model, OutgoingMessage)]


def outbox_indexes(prefix: str, *, ordered: bool = False) -> list[models.Index]:
    """The indexes every child needs; `prefix` keeps their names apart. `ordered` as the child's own."""
    due = Coalesce("next_retry", "scheduled_at")
    queued: Any = Q(status__in=("pending", "unknown"))
    unsettled: Any = Q(status__in=("pending", "sending", "unknown"))
    # the claim again: whether one before it in the same conversation is on its way
    order = [models.Index(fields=["sender", "chat", "id"], name=f"{prefix}_order", condition=unsettled)]
    return [
        *(order if ordered else []),
        # the claim: what of these accounts is due
        models.Index("sender", due, name=f"{prefix}_due", condition=queued),
        # take-over: what a former holder left in its hands
        models.Index(fields=["sender"], name=f"{prefix}_sending", condition=Q(status="sending")),
        # the limits are rebuilt from what was attempted in the last minute
        # BRIN: with it an attempt changes no other index
        BrinIndex(fields=["attempted_at"], name=f"{prefix}_attempted", pages_per_range=32, autosummarize=True),
        # how many a person has decided today
        models.Index(
            fields=["approved_by", "-approved_at"],
            name=f"{prefix}_approved",
            condition=Q(approved_by__isnull=False),
        ),
        models.Index(fields=["status", "-id"], name=f"{prefix}_status_id"),
        models.Index(models.F("sent_at").desc(nulls_first=True), models.F("id").desc(), name=f"{prefix}_sent_id"),
        # how many each account has sent today, from the index alone
        models.Index(
            fields=["sent_at"],
            include=["sender"],
            name=f"{prefix}_day",
            condition=Q(status="sent", random_id__isnull=False),
        ),
        words_index(f"{prefix}_words"),
    ]
