"""Messages of private chats, ours and those received."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts_mgmt import contacts
from accounts_mgmt.outbox import Guard, Origin, OutgoingMessage, Status, outbox_indexes
from commentators.models.voices import CommentatorAccount
from commentators.querysets import DirectQuerySet
from relove.telegram.gateway import Gateway, Peer, PeerUnknown


class DirectMessage(OutgoingMessage):
    """A message of a private chat, either way: drafted, written by hand, fixed by rule, or received.

    `sender` is our account of the thread in both directions; a received row has the status `sent`: it
    stands in the chat. The thread is (sender, user).
    """

    ordered = True

    class Direction(models.TextChoices):
        IN = "in", _("received")
        OUT = "out", _("ours")

    class Purpose(models.TextChoices):
        """Fixed texts, sent by rule; everything else is a reply."""

        REPLY = "", _("reply")
        STOP = "stop", _("confirmation of a stop")
        CRISIS = "crisis", _("help in a crisis")
        BOT = "bot", _("answer to “are you a bot”")
        WHO = "who", _("who this account is")

    class Stage(models.TextChoices):
        """What a received message still asks of the machine."""

        NONE = "", _("nothing")
        WANTED = "wanted", _("a draft is being written")
        PERSON = "person", _("waits for a person")

    account = models.ForeignKey(
        CommentatorAccount,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("commentator"),
        related_name="direct_messages",
    )
    user = models.ForeignKey(
        "relove.TelegramUser", models.PROTECT, verbose_name=_("person"), related_name="direct_messages"
    )
    direction = models.CharField(_("direction"), max_length=8, choices=Direction.choices)
    is_read = models.BooleanField(_("read"), default=False)
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
        verbose_name=_("model call"),
        related_name="+",
    )
    stage = models.CharField(_("stage"), max_length=16, choices=Stage.choices, default=Stage.NONE, blank=True)
    stage_reason = models.CharField(_("why"), max_length=255, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try = models.DateTimeField(_("next attempt"), null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)

    objects = DirectQuerySet.as_manager()  # type: ignore[misc]  # the child's own rows

    class Meta:
        db_table = "direct_messages"
        verbose_name = _("private message")
        verbose_name_plural = _("private messages")
        constraints = [
            # a received message is stored once; ours get their id when they are sent
            models.UniqueConstraint(
                fields=["sender", "chat", "message_id"], name="direct_received_once", condition=Q(direction="in")
            )
        ]
        indexes = [
            *outbox_indexes("direct"),
            models.Index(fields=["sender", "user", "-id"], name="direct_thread"),
            models.Index(fields=["user", "-id"], name="direct_person"),
            models.Index(fields=["sender", "message_id"], name="direct_message_id"),
            # the sweep's query, and what is unread
            models.Index(fields=["stage", "id"], name="direct_stage", condition=Q(stage__in=("wanted", "person"))),
            models.Index(fields=["user"], name="direct_unread", condition=Q(direction="in", is_read=False)),
        ]

    @classmethod
    def guards(cls) -> list[Guard]:
        by_person = Q(origin=Origin.PERSON)
        earlier = cls.objects.filter(
            sender=models.OuterRef("sender"), user=models.OuterRef("user"), discloses=True, status=Status.SENT
        )
        return [
            *super().guards(),
            Guard(Q(direction="out"), Status.CANCELLED, _("It is a message to us.")),
            *contacts.guards(cls, by_rule=(cls.Purpose.STOP, cls.Purpose.CRISIS), by_anyone=(cls.Purpose.WHO,)),
            Guard(
                by_person | Q(discloses=True) | Q(models.Exists(earlier)),
                Status.CANCELLED,
                _("The person has not been told that an AI helps write."),
            ),
            Guard(
                by_person | (~Q(sender__disclosure="") & Q(sender__disclosure_seen_at__isnull=False)),
                Status.PENDING,
                _("The account's profile does not show that an AI helps write."),
                early=True,
            ),
            Guard(
                by_person | Q(sender__owner_consent_at__isnull=False),
                Status.PENDING,
                _("The account's owner has not agreed to automatic writing."),
                early=True,
            ),
        ]

    async def find_place(self, gateway: Gateway) -> tuple[Peer, int | None]:
        """The person's own chat: where this account has not met them there is no way there."""
        raise PeerUnknown("ENTITY_NOT_MET")
