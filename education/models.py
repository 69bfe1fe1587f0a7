"""Study groups, the practice partners in them, and everything that is said there."""

from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts_mgmt.outbox import Guard, Origin, OutgoingMessage, Status, outbox_indexes
from accounts_mgmt.pause_models import Pause
from education.document import HOST
from education.querysets import GroupMessageQuerySet, GroupQuerySet
from relove.indexes import named_index
from relove.telegram.gateway import Gateway, Peer, PeerKind

BY_PERSON = Q(origin=Origin.PERSON)


class StudentBot(models.Model):
    """An account that plays a practice partner: in every group it is introduced as an AI."""

    session = models.OneToOneField(
        "accounts_mgmt.TelegramAccountSession",
        models.PROTECT,
        verbose_name=_("Telegram account"),
        related_name="student_bot",
    )
    persona = models.TextField(
        _("persona"),
        blank=True,
        help_text=_("How the partner speaks and what it asks about; never a life or results of its own."),
    )
    is_active = models.BooleanField(_("takes part"), default=True)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        db_table = "student_bots"
        verbose_name = _("practice partner")
        verbose_name_plural = _("practice partners")

    def __str__(self) -> str:
        return str(self.session)


class EducationGroup(models.Model):
    """A study group: how far it is made, where its scenario stands, and what it waits for."""

    class State(models.TextChoices):
        CREATING = "creating", _("being made")
        RUNNING = "running", _("under way")
        PAUSED = "paused", _("paused")
        ENDED = "ended", _("ended")
        ARCHIVED = "archived", _("archived")

    class Step(models.TextChoices):
        """What is done next while the group is being made, in this order."""

        CREATE = "create", _("make the group")
        DRESS = "dress", _("title, description and photo")
        LINK = "link", _("invite link")
        JOIN = "join", _("practice partners come in")
        INVITE = "invite", _("invite the client")
        ARRIVE = "arrive", _("wait for the client")
        WELCOME = "welcome", _("say who is who")
        PIN = "pin", _("pin the welcome")
        DONE = "done", _("ready")

    account = models.ForeignKey(
        "accounts_mgmt.TelegramAccountSession", models.PROTECT, verbose_name=_("host"), related_name="+"
    )
    user = models.ForeignKey("relove.TelegramUser", models.PROTECT, verbose_name=_("client"), related_name="+")
    script = models.ForeignKey("sales.SalesScript", models.PROTECT, verbose_name=_("scenario"), related_name="+")
    version = models.ForeignKey("sales.ScriptVersion", models.PROTECT, verbose_name=_("version"), related_name="+")
    title = models.CharField(_("title"), max_length=128)
    # stands in the title while the group is being made: by it a group is found again after a crash
    code = models.CharField(max_length=16, unique=True, editable=False)
    chat = models.ForeignKey(
        "relove.Chat", models.PROTECT, null=True, blank=True, verbose_name=_("chat"), related_name="+"
    )
    invite_link = models.CharField(_("invite link"), max_length=128, blank=True)

    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.CREATING)
    state_reason = models.CharField(_("why"), max_length=255, blank=True)
    step = models.CharField(_("next step"), max_length=16, choices=Step.choices, default=Step.CREATE)
    call = models.ForeignKey(
        "accounts_mgmt.AccountCall", models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    # where the scenario stands: the next thing to be said, and since when it is its turn
    scene = models.CharField(_("scene"), max_length=40, blank=True)
    beat = models.PositiveSmallIntegerField(default=0, editable=False)
    beat_since = models.DateTimeField(null=True, blank=True, editable=False)
    # a person does not want to wait for the beat's time
    is_hurried = models.BooleanField(default=False, editable=False)
    knows = models.JSONField(_("answers"), default=dict, blank=True)
    due_at = models.DateTimeField(_("what comes next is due"), null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)

    asked_by = models.ForeignKey(
        "relove.Staff", models.SET_NULL, null=True, blank=True, verbose_name=_("asked by"), related_name="+"
    )
    session = models.ForeignKey(
        "relove.SessionLog", models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    summary = models.TextField(_("summary"), blank=True)
    created_at = models.DateTimeField(_("asked for"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = GroupQuerySet.as_manager()

    class Meta:
        db_table = "education_groups"
        verbose_name = _("study group")
        verbose_name_plural = _("study groups")
        indexes = [
            models.Index(fields=["state", "-id"], name="education_group_state"),
            # the long task's query: groups that go on by themselves
            models.Index(
                fields=["due_at"], name="education_group_due", condition=Q(state__in=("creating", "running"))
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def pause(self, reason: str) -> None:
        """Stand still until a person lets it go on. Does not save."""
        self.state, self.state_reason = self.State.PAUSED, reason[:255]

    def go_to(self, scene: str, beat: int, now: Any) -> None:
        """Stand before a beat, whose turn it is from now on. Does not save."""
        self.scene, self.beat, self.beat_since, self.due_at = scene, beat, now, now
        self.is_hurried, self.attempts = False, 0


class GroupPartner(models.Model):
    """A practice partner's place in a group, with the role it plays there."""

    group = models.ForeignKey(EducationGroup, models.CASCADE, related_name="partners")
    bot = models.ForeignKey(StudentBot, models.PROTECT, verbose_name=_("practice partner"), related_name="places")
    # the group's client, again: so that the database keeps the rule below
    user = models.ForeignKey("relove.TelegramUser", models.PROTECT, verbose_name=_("client"), related_name="+")
    role = models.CharField(_("role"), max_length=40)
    joined_at = models.DateTimeField(_("came in"), null=True, blank=True)

    class Meta:
        db_table = "education_partners"
        verbose_name = _("place in a group")
        verbose_name_plural = _("places in groups")
        constraints = [
            models.UniqueConstraint(fields=["group", "role"], name="education_group_role"),
            # nobody meets the same partner in two groups
            models.UniqueConstraint(fields=["bot", "user"], name="education_partner_client"),
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.bot}"


class GroupMessage(OutgoingMessage):
    """What is said in a group, once: drafted, on its way, sent, or received.

    `sender` is the account that speaks; of a received row, the host's, which heard it. `group` is where.
    """

    ordered = True
    place_fields = ("chat",)

    class Direction(models.TextChoices):
        IN = "in", _("received")
        OUT = "out", _("ours")

    class Purpose(models.TextChoices):
        SCENE = "", _("scene")
        WELCOME = "welcome", _("welcome")
        ANSWER = "answer", _("answer")
        HAND = "hand", _("by hand")
        SUMMARY = "summary", _("summary")

    class Stage(models.TextChoices):
        """What a received message still asks of the host: the scenario waits until it is answered."""

        NONE = "", _("nothing")
        WANTED = "wanted", _("an answer is being written")
        PERSON = "person", _("waits for a person")

    group = models.ForeignKey(
        EducationGroup, models.PROTECT, db_index=False, verbose_name=_("study group"), related_name="messages"
    )
    direction = models.CharField(_("direction"), max_length=8, choices=Direction.choices)
    role = models.CharField(_("role"), max_length=40)
    user = models.ForeignKey(
        "relove.TelegramUser",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("person"),
        related_name="+",
    )
    purpose = models.CharField(
        _("purpose"), max_length=16, choices=Purpose.choices, default=Purpose.SCENE, blank=True
    )
    scene = models.CharField(_("scene"), max_length=40, blank=True)
    beat = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    stage = models.CharField(_("stage"), max_length=16, choices=Stage.choices, default=Stage.NONE, blank=True)
    stage_reason = models.CharField(_("why"), max_length=255, blank=True)
    media = models.CharField(_("media"), max_length=32, blank=True)
    # earlier wordings, oldest first: {"at", "text"}
    edits = models.JSONField(_("earlier wordings"), default=list, blank=True)
    llm_call = models.ForeignKey(
        "relove.LLMCall",
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("model call"),
        related_name="+",
    )

    objects = GroupMessageQuerySet.as_manager()  # type: ignore[misc]  # the child's own rows

    class Meta:
        db_table = "group_messages"
        verbose_name = _("message of a group")
        verbose_name_plural = _("messages of groups")
        constraints = [
            models.UniqueConstraint(
                fields=["group", "message_id"], name="education_received_once", condition=Q(direction="in")
            )
        ]
        indexes = [
            *outbox_indexes("education", ordered=True),
            models.Index(fields=["group", "-id"], name="education_group_id"),
            models.Index(fields=["user", "-id"], name="education_person"),
            named_index("education_call", "llm_call"),
            models.Index(fields=["sender", "message_id"], name="education_message_id"),
            models.Index(
                fields=["stage", "id"], name="education_stage", condition=Q(stage__in=("wanted", "person"))
            ),
        ]

    @classmethod
    def guards(cls) -> list[Guard]:
        return [*super().guards(), *_who_is_who(), *_wishes(), *_scenario()]

    async def find_place(self, gateway: Gateway) -> tuple[Peer, int | None]:
        """The group, which a partner that came in by its link has met."""
        chat = self.chat
        assert chat is not None
        await gateway.groups()
        return Peer(PeerKind.CHANNEL, chat.telegram_id), self.reply_to


def _who_is_who() -> list[Guard]:
    """A partner is heard once the group has been told what it is; whoever writes for it."""
    told = GroupMessage.objects.filter(group=OuterRef("group"), purpose="welcome", status=Status.SENT)
    return [
        Guard(Q(direction="out"), Status.CANCELLED, _("It is a message to us.")),
        Guard(
            Q(role=HOST) | Q(Exists(told)),
            Status.CANCELLED,
            _("The group has not been told who is an AI practice partner."),
        ),
        Guard(
            Q(role=HOST, sender=F("group__account"))
            | Q(sender__student_bot__places__group=F("group"), sender__student_bot__places__role=F("role")),
            Status.CANCELLED,
            _("The account does not play this role in the group."),
        ),
        Guard(
            BY_PERSON | (~Q(sender__disclosure="") & Q(sender__disclosure_seen_at__isnull=False)),
            Status.PENDING,
            _("The account's profile does not show that an AI helps write."),
        ),
        Guard(
            BY_PERSON | Q(sender__owner_consent_at__isnull=False),
            Status.PENDING,
            _("The account's owner has not agreed to automatic writing."),
        ),
    ]


def _wishes() -> list[Guard]:
    """What the client asked for binds their group as it binds every account of ours."""
    return [
        Guard(
            BY_PERSON | Q(group__user__contact__stopped_at__isnull=True),
            Status.CANCELLED,
            _("The person asked for no more automatic messages."),
        ),
        Guard(
            BY_PERSON | Q(group__user__contact__crisis_at__isnull=True),
            Status.CANCELLED,
            _("The person needs a human being now: nothing automatic is sent."),
        ),
        Guard(
            BY_PERSON
            | Q(group__user__contact__paused_until__isnull=True)
            | Q(group__user__contact__paused_until__lte=Now()),
            Status.PENDING,
            _("The person asked for quiet until a certain time."),
        ),
        Guard(
            BY_PERSON | Pause.none_for(Pause.Level.PERSON, "group__user"),
            Status.PENDING,
            _("Automatic messages to this person are paused."),
        ),
        Guard(
            BY_PERSON | Pause.none_for(Pause.Level.SCRIPT, "group__script"),
            Status.PENDING,
            _("The script is paused."),
        ),
    ]


def _scenario() -> list[Guard]:
    """Scenes leave while the group goes on, and not over a person's unanswered words.

    Refused for good: the scenario says them anew when their turn comes again, and an answer never waits
    behind them.
    """
    waits = GroupMessage.objects.filter(group=OuterRef("group"), stage__in=("wanted", "person"))
    other = ~Q(purpose="") | BY_PERSON
    return [
        Guard(other | Q(group__state="running"), Status.CANCELLED, _("The group is paused.")),
        Guard(other | ~Q(Exists(waits)), Status.CANCELLED, _("Somebody in the group waits for an answer.")),
    ]
