"""The abstract row of a private chat, and the indexes and constraint every child needs."""

from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts_mgmt.outbox import Guard, OutgoingMessage, outbox_indexes
from accounts_mgmt.private import guards
from accounts_mgmt.querysets import PrivateQuerySet
from relove.db import in_thread
from relove.indexes import named_index
from relove.models import TelegramUser
from relove.telegram.gateway import Gateway, Peer, PeerKind, PeerUnknown


class PrivateMessage(OutgoingMessage):
    """A message of a private chat, either way: drafted, written by hand, fixed by rule, or received.

    `sender` is our account of the thread in both directions; a received row has the status `sent`: it
    stands in the chat. The thread is (sender, user).
    """

    ordered = True

    class Direction(models.TextChoices):
        IN = "in", _("received")
        OUT = "out", _("ours")

    class Purpose(models.TextChoices):
        """Fixed texts, sent by rule, and what we say unasked; everything else is a reply."""

        REPLY = "", _("reply")
        STOP = "stop", _("confirmation of a stop")
        CRISIS = "crisis", _("help in a crisis")
        BOT = "bot", _("answer to “are you a bot”")
        WHO = "who", _("who this account is")
        NUDGE = "nudge", _("reminder")

    class Stage(models.TextChoices):
        """What a received message still asks of the machine."""

        NONE = "", _("nothing")
        WANTED = "wanted", _("a draft is being written")
        PERSON = "person", _("waits for a person")

    user = models.ForeignKey(
        "relove.TelegramUser", models.PROTECT, db_index=False, verbose_name=_("person"), related_name="+"
    )
    direction = models.CharField(_("direction"), max_length=8, choices=Direction.choices)
    is_read = models.BooleanField(_("read"), default=False)
    media = models.CharField(
        _("media"), max_length=32, blank=True, help_text=_("What came with the text: photo, document and so on.")
    )
    purpose = models.CharField(
        _("purpose"), max_length=16, choices=Purpose.choices, default=Purpose.REPLY, blank=True
    )
    # whether the text carries the disclosure and the link to the privacy notice
    discloses = models.BooleanField(default=False, editable=False)
    drafted_text = models.TextField(_("as drafted"), blank=True)
    llm_call = models.ForeignKey(
        "relove.LLMCall",
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("model call"),
        related_name="+",
    )
    stage = models.CharField(_("stage"), max_length=16, choices=Stage.choices, default=Stage.NONE, blank=True)
    stage_reason = models.CharField(_("why"), max_length=255, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try = models.DateTimeField(_("next attempt"), null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PrivateQuerySet.as_manager()  # type: ignore[misc]  # the child's own rows

    class Meta:
        abstract = True

    @property
    def shown_text(self) -> str:
        """The words as staff may see them; a domain with words for a few says otherwise."""
        return self.text

    @classmethod
    def guards(cls) -> list[Guard]:
        return [*super().guards(), *guards.of(cls)]

    async def find_place(self, gateway: Gateway) -> tuple[Peer, int | None]:
        """The person's own chat; an account that has not met them finds them by their name, if they have one."""
        known = await in_thread(TelegramUser.objects.get, pk=self.user_id)
        if not known.username:
            raise PeerUnknown("ENTITY_NOT_MET")
        address = Peer(PeerKind.USER, known.telegram_id)
        await gateway.meet(address, known.username)
        return address, None


def private_models() -> list[type[PrivateMessage]]:
    """Every domain's private messages."""
    return [model for model in apps.get_models() if issubclass(model, PrivateMessage)]


def private_constraints(prefix: str) -> list[models.BaseConstraint]:
    """A received message is stored once; ours get their id when they are sent."""
    received: Any = Q(direction="in")
    return [
        models.UniqueConstraint(
            fields=["sender", "chat", "message_id"], name=f"{prefix}_received_once", condition=received
        )
    ]


def private_indexes(prefix: str) -> list[models.Index]:
    """The indexes every child needs; `prefix` keeps their names apart."""
    unread: Any = Q(direction="in", is_read=False)
    asking: Any = Q(stage__in=("wanted", "person"))
    return [
        *outbox_indexes(prefix, ordered=True),
        models.Index(fields=["sender", "user", "-id"], name=f"{prefix}_thread"),
        models.Index(fields=["user", "-id"], name=f"{prefix}_person"),
        named_index(f"{prefix}_call", "llm_call"),
        models.Index(fields=["sender", "message_id"], name=f"{prefix}_message_id"),
        # what a thread still asks for; the sweep's query; what is unread
        models.Index(fields=["sender", "user"], name=f"{prefix}_asking", condition=asking),
        models.Index(fields=["stage", "id"], name=f"{prefix}_stage", condition=asking),
        models.Index(fields=["user"], name=f"{prefix}_unread", condition=unread),
        # the list's filter: the purposes that are few among replies
        models.Index(fields=["purpose", "-id"], name=f"{prefix}_purpose", condition=~Q(purpose="")),
    ]
