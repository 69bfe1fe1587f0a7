"""Channels, their posts, the accounts that comment and the comments themselves."""

from datetime import time
from typing import Any
from zoneinfo import available_timezones

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts_mgmt import contacts
from accounts_mgmt.models import OutgoingMessage, TelegramAccountSession
from accounts_mgmt.outbox import Guard, Origin, Status, outbox_indexes
from commentators.querysets import ChannelQuerySet, CommentQuerySet, DirectQuerySet, PostQuerySet
from relove.models import Chat
from relove.telegram.gateway import Gateway, Peer, PeerKind, PeerUnknown


class TelegramChannel(models.Model):
    """A channel we watch, and on what basis we may comment there."""

    class Basis(models.TextChoices):
        NONE = "none", _("none: read only")
        OWN = "own", _("our own channel")
        AGREED = "agreed", _("agreed with its owner")

    chat = models.OneToOneField(
        Chat, models.PROTECT, null=True, blank=True, verbose_name=_("chat"), related_name="channel"
    )
    discussion = models.ForeignKey(
        Chat,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("discussion group"),
        related_name="+",
    )
    title = models.CharField(_("title"), max_length=255, blank=True)
    description = models.TextField(_("description"), blank=True)
    username = models.CharField(_("@name or link"), max_length=128, unique=True)
    members_count = models.PositiveIntegerField(_("members"), null=True, blank=True)
    is_active = models.BooleanField(_("watched"), default=True)
    last_checked = models.DateTimeField(_("last read"), null=True, blank=True)
    last_message_id = models.BigIntegerField(default=0, editable=False)
    monitoring_interval = models.PositiveIntegerField(
        _("read every, minutes"), default=10, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    problem = models.CharField(_("what is wrong"), max_length=255, blank=True)
    problem_since = models.DateTimeField(_("since"), null=True, blank=True)
    listener = models.ForeignKey(
        TelegramAccountSession,
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("listening account"),
        related_name="+",
    )
    deputy = models.ForeignKey(
        TelegramAccountSession,
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("deputy"),
        related_name="+",
    )
    basis = models.CharField(
        _("posting basis"),
        max_length=16,
        choices=Basis.choices,
        default=Basis.NONE,
        help_text=_("Without a basis the channel is read and shown, never commented."),
    )
    basis_by = models.CharField(_("agreed by whom"), max_length=128, blank=True)
    basis_at = models.DateField(_("agreed when"), null=True, blank=True)
    auto_approve = models.BooleanField(
        _("send without a person's approval"), default=False, help_text=_("Off unless there is a reason.")
    )
    auto_approve_reason = models.CharField(_("reason"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    history = HistoricalRecords(table_name="telegram_channels_history")
    objects = ChannelQuerySet.as_manager()

    class Meta:
        db_table = "telegram_channels"
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        indexes = [models.Index(fields=["is_active", "last_checked"], name="channel_due")]

    def __str__(self) -> str:
        return self.title or f"@{self.username}"

    def clean(self) -> None:
        errors = {}
        if self.basis == self.Basis.AGREED and not (self.basis_by and self.basis_at):
            errors["basis"] = _now("Say who agreed and when.")
        if self.auto_approve and not self.auto_approve_reason:
            errors["auto_approve_reason"] = _now("Sending without approval needs a reason.")
        if errors:
            raise ValidationError(errors)

    COMMENTED = (Basis.OWN, Basis.AGREED)

    @property
    def may_be_commented(self) -> bool:
        return self.basis in self.COMMENTED


class TelegramPost(models.Model):
    """A post of a channel. Its own id; (channel, message_id) is what Telegram knows it by."""

    class Stage(models.TextChoices):
        """How far the post has come; the sweep finds what to do by it."""

        NEW = "new", _("new")
        SUMMARISED = "summarised", _("summarised")
        DRAFTED = "drafted", _("drafted")
        REFUSED = "refused", _("no comment")
        IGNORED = "ignored", _("read only")

    channel = models.ForeignKey(TelegramChannel, models.PROTECT, verbose_name=_("channel"), related_name="posts")
    message_id = models.BigIntegerField(_("message"))
    album_id = models.BigIntegerField(_("album"), null=True, blank=True)
    text = models.TextField(_("text"), blank=True)
    media_urls = models.JSONField(_("media"), default=list, blank=True)
    summary = models.JSONField(_("summary"), null=True, blank=True)
    engagement = models.JSONField(_("response of readers"), default=dict, blank=True)
    stage = models.CharField(_("stage"), max_length=16, choices=Stage.choices, default=Stage.NEW)
    stage_reason = models.CharField(_("why"), max_length=255, blank=True)
    # Failures of the model: waits, then is tried again; a post that fails often goes to a person.
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try = models.DateTimeField(_("next attempt"), null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("posted"))
    edited_at = models.DateTimeField(_("edited"), null=True, blank=True)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True)
    stored_at = models.DateTimeField(_("stored"), auto_now_add=True)

    objects = PostQuerySet.as_manager()

    class Meta:
        db_table = "telegram_posts"
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = [models.UniqueConstraint(fields=["channel", "message_id"], name="post_channel_message")]
        indexes = [
            # the sweep's query: posts with work to do
            models.Index(fields=["stage", "id"], name="post_stage", condition=Q(stage__in=("new", "summarised"))),
            models.Index(fields=["-created_at", "-id"], name="post_time"),
        ]

    def __str__(self) -> str:
        return self.text[:60] or f"{self.channel} · {self.message_id}"

    @property
    def link(self) -> str:
        """The post on t.me; private channels have none."""
        return f"https://t.me/{self.channel.username}/{self.message_id}"


class CommentatorAccount(models.Model):
    """An account in its role of commentator."""

    session = models.OneToOneField(
        TelegramAccountSession, models.PROTECT, verbose_name=_("Telegram account"), related_name="commentator"
    )
    is_active = models.BooleanField(_("comments"), default=True)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    last_used = models.DateTimeField(_("last comment"), null=True, blank=True)

    class Meta:
        db_table = "commentator_accounts"
        verbose_name = _("commentator")
        verbose_name_plural = _("commentators")

    def __str__(self) -> str:
        return str(self.session)


class AccountPersonality(models.Model):
    """The voice an account writes in."""

    account = models.OneToOneField(
        CommentatorAccount, models.CASCADE, verbose_name=_("commentator"), related_name="personality"
    )
    style = models.CharField(_("style"), max_length=128, help_text=_("For example: short and to the point"))
    tone = models.CharField(_("tone"), max_length=128, help_text=_("For example: warm, calm"))
    interests = ArrayField(models.CharField(max_length=64), verbose_name=_("interests"), default=list, blank=True)
    vocabulary = ArrayField(
        models.CharField(max_length=64), verbose_name=_("words it likes"), default=list, blank=True
    )
    examples = ArrayField(models.TextField(), verbose_name=_("examples"), default=list, blank=True)
    forbidden = ArrayField(
        models.CharField(max_length=64), verbose_name=_("forbidden words"), default=list, blank=True
    )
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    history = HistoricalRecords(table_name="account_personalities_history")

    class Meta:
        db_table = "account_personalities"
        verbose_name = _("voice")
        verbose_name_plural = _("voices")

    def __str__(self) -> str:
        return _now("Voice of %(account)s") % {"account": self.account}


class CommentSchedule(models.Model):
    """When an account comments in a channel, in the schedule's own time zone."""

    account = models.ForeignKey(
        CommentatorAccount, models.CASCADE, verbose_name=_("commentator"), related_name="schedules"
    )
    channel = models.ForeignKey(
        TelegramChannel, models.CASCADE, verbose_name=_("channel"), related_name="schedules"
    )
    comments_per_day = models.PositiveIntegerField(
        _("comments a day"), default=5, validators=[MinValueValidator(1), MaxValueValidator(86400)]
    )
    start_time = models.TimeField(_("from"), default=time(9))
    end_time = models.TimeField(_("until"), default=time(23))
    days = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name=_("days of the week"),
        default=list,
        blank=True,
        help_text=_("0 is Monday; empty means every day."),
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Moscow")
    is_active = models.BooleanField(_("active"), default=True)

    history = HistoricalRecords(table_name="comment_schedules_history")

    class Meta:
        db_table = "comment_schedules"
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        constraints = [models.UniqueConstraint(fields=["account", "channel"], name="schedule_account_channel")]

    def __str__(self) -> str:
        return f"{self.account} · {self.channel}"

    def clean(self) -> None:
        errors = {}
        if self.time_zone not in available_timezones():
            errors["time_zone"] = _now("There is no such time zone; write it like Europe/Moscow.")
        if any(day > 6 for day in self.days):
            errors["days"] = _now("Days are numbers from 0, Monday, to 6, Sunday.")
        if errors:
            raise ValidationError(errors)


class GeneratedComment(OutgoingMessage):
    """A comment under a post: drafted by the machine or written by a person, sent by the outbox."""

    is_reply = True
    place_fields = ("post", "channel__chat")
    after_sent = """
        UPDATE commentator_accounts c SET last_used = greatest(c.last_used, v.sent_at)
        FROM (SELECT sender_id, max(sent_at) AS sent_at
              FROM unnest(%s::bigint[], %s::timestamptz[]) AS sent (sender_id, sent_at) GROUP BY 1) AS v
        WHERE c.session_id = v.sender_id
    """

    post = models.ForeignKey(
        TelegramPost, models.PROTECT, db_constraint=False, verbose_name=_("post"), related_name="comments"
    )
    channel = models.ForeignKey(
        TelegramChannel, models.PROTECT, verbose_name=_("channel"), related_name="comments"
    )
    account = models.ForeignKey(
        CommentatorAccount, models.PROTECT, verbose_name=_("commentator"), related_name="comments"
    )
    schedule = models.ForeignKey(
        CommentSchedule, models.SET_NULL, null=True, blank=True, verbose_name=_("schedule"), related_name="+"
    )
    drafted_text = models.TextField(_("as drafted"), blank=True)
    llm_call = models.ForeignKey(
        "relove.LLMCall",
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("model call"),
        related_name="+",
    )
    engagement_metrics = models.JSONField(_("response"), null=True, blank=True)
    # the post's views when the comment was queued: what it gained since is counted from here
    post_views_before = models.BigIntegerField(null=True, blank=True, editable=False)
    metrics_at = models.DateTimeField(_("response read"), null=True, blank=True)
    # a draft that somebody put off: until then it is not in the review queue
    snoozed_until = models.DateTimeField(_("put off until"), null=True, blank=True, editable=False)

    objects = CommentQuerySet.as_manager()  # type: ignore[misc]  # the child's own rows

    class Meta:
        db_table = "generated_comments"
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        indexes = [
            *outbox_indexes("comment"),
            models.Index(fields=["post"], name="comment_post"),
            models.Index(fields=["channel", "-id"], name="comment_channel_id"),
            models.Index(fields=["account", "-id"], name="comment_account_id"),
            # how many a person has decided today
            models.Index(
                fields=["approved_by", "-approved_at"],
                name="comment_approved",
                condition=Q(approved_at__isnull=False),
            ),
        ]

    @classmethod
    def guards(cls) -> list[Guard]:
        by_person = Q(origin=Origin.PERSON)
        return [
            *super().guards(),
            Guard(Q(post__deleted_at__isnull=True), Status.CANCELLED, _("The post was deleted.")),
            Guard(
                Q(channel__basis__in=TelegramChannel.COMMENTED),
                Status.CANCELLED,
                _("The channel has no posting basis: it is read, never commented."),
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
        """The discussion group and the post's copy there; the account may have to meet the channel first."""
        channel = self.channel.chat
        if channel is None:
            raise PeerUnknown("CHANNEL_NOT_CHECKED")
        address = Peer(PeerKind.CHANNEL, channel.telegram_id)
        try:
            return await gateway.comment_place(address, self.post.message_id)
        except PeerUnknown:
            await gateway.resolve(self.channel.username)
            return await gateway.comment_place(address, self.post.message_id)


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


class CommentKey(models.Model):
    """Unique keys of comments: a partitioned table cannot hold them without its partition key.

    Written in the comment's own transaction. A slot of a schedule is planned once, and an account
    comments a post once, whoever else plans at the same time.
    """

    comment_id = models.BigIntegerField(unique=True)
    post_id = models.BigIntegerField()
    account = models.ForeignKey(CommentatorAccount, models.CASCADE)
    schedule = models.ForeignKey(CommentSchedule, models.SET_NULL, null=True)
    slot_utc = models.DateTimeField(null=True)
    random_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "comment_keys"
        constraints = [
            models.UniqueConstraint(fields=["schedule", "slot_utc"], name="comment_slot"),
            models.UniqueConstraint(fields=["post_id", "account"], name="comment_post_account"),
            models.UniqueConstraint(fields=["account", "random_id"], name="comment_random_id"),
        ]

    def __str__(self) -> str:
        return f"{self.post_id}·{self.account_id}"


def empty_metrics() -> dict[str, Any]:
    """Likes are reactions, replies are answers to the comment, post_views what the post gained since."""
    return {"likes": 0, "replies": 0, "post_views": None}
