"""Comments under posts: their rows in the outbox, and the keys that make each the only one of its place."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts_mgmt.outbox import Guard, Origin, OutgoingMessage, Status, outbox_indexes
from accounts_mgmt.pause_models import Pause
from commentators.models.channels import TelegramChannel
from commentators.models.pictures import CommentPhoto
from commentators.models.posts import TelegramPost
from commentators.models.schedules import CommentSchedule
from commentators.models.voices import CommentatorAccount
from commentators.querysets import CommentQuerySet
from relove.indexes import named_index
from relove.telegram.gateway import Gateway, Peer, PeerKind, PeerUnknown


class GeneratedComment(OutgoingMessage):
    """A comment under a post: drafted by the machine or written by a person, sent by the outbox."""

    is_reply = True
    once_in_reply = True
    carries_photos = True
    place_fields = ("post", "channel__chat")
    after_sent = """
        UPDATE commentator_accounts c SET last_used = greatest(c.last_used, v.sent_at)
        FROM (SELECT sender_id, max(sent_at) AS sent_at
              FROM unnest(%s::bigint[], %s::timestamptz[]) AS sent (sender_id, sent_at) GROUP BY 1) AS v
        WHERE c.session_id = v.sender_id
    """

    # the indexes of the foreign keys stand below: every update of a row writes all indexes once more
    post = models.ForeignKey(
        TelegramPost,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        verbose_name=_("post"),
        related_name="comments",
    )
    channel = models.ForeignKey(
        TelegramChannel, models.PROTECT, db_index=False, verbose_name=_("channel"), related_name="comments"
    )
    account = models.ForeignKey(
        CommentatorAccount, models.PROTECT, db_index=False, verbose_name=_("commentator"), related_name="comments"
    )
    schedule = models.ForeignKey(
        CommentSchedule,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("schedule"),
        related_name="+",
    )
    drafted_text = models.TextField(_("as drafted"), blank=True)
    photo = models.ForeignKey(
        CommentPhoto,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("picture"),
        related_name="+",
    )
    # of a second comment under a post: whose side it speaks for, in the words agreed with the owner
    affiliation = models.CharField(_("names its affiliation"), max_length=128, blank=True)
    llm_call = models.ForeignKey(
        "relove.LLMCall",
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
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
            models.Index(fields=["sender"], name="comment_sender"),
            models.Index(fields=["post"], name="comment_post"),
            named_index("comment_schedule", "schedule"),
            named_index("comment_photo", "photo"),
            named_index("comment_call", "llm_call"),
            models.Index(fields=["channel", "-id"], name="comment_channel_id"),
            models.Index(fields=["account", "-id"], name="comment_account_id"),
            models.Index(fields=["origin", "-id"], name="comment_origin_id"),
        ]

    @classmethod
    def photo_of(cls, photo_id: int) -> bytes:
        return bytes(CommentPhoto.objects.values_list("image", flat=True).get(id=photo_id))

    @classmethod
    def planned_a_day(cls, account: Any) -> int | None:
        """The account's own day, over all channels: what the most generous of its schedules allows."""
        schedules = CommentSchedule.objects.filter(is_active=True, account__session=account)
        planned: int | None = schedules.aggregate(n=models.Max("comments_per_day"))["n"]
        return planned

    @classmethod
    def guards(cls) -> list[Guard]:
        by_person = Q(origin=Origin.PERSON)
        return [
            *super().guards(),
            Guard(Pause.none_for(Pause.Level.CHANNEL, "channel"), Status.PENDING, _("The channel is paused.")),
            # the channel is the post's own; by it PostgreSQL knows in which partition to look
            Guard(
                Q(post__deleted_at__isnull=True, post__channel=F("channel")),
                Status.CANCELLED,
                _("The post was deleted."),
            ),
            Guard(
                Q(channel__basis__in=TelegramChannel.COMMENTED),
                Status.CANCELLED,
                _("The channel has no posting basis: it is read, never commented."),
            ),
            Guard(
                Q(affiliation="")
                | Q(channel__second_at__isnull=False, channel__affiliation=F("affiliation"))
                & Q(text__icontains=F("affiliation")),
                Status.CANCELLED,
                _("A second account under a post needs the owner's agreement and names its affiliation."),
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
    second = models.BooleanField(default=False)

    class Meta:
        db_table = "comment_keys"
        constraints = [
            models.UniqueConstraint(fields=["schedule", "slot_utc"], name="comment_slot"),
            models.UniqueConstraint(fields=["post_id", "account"], name="comment_post_account"),
            # one of our accounts under a post, and a second where its owner has agreed
            models.UniqueConstraint(fields=["post_id", "second"], name="comment_post_place"),
            models.UniqueConstraint(fields=["account", "random_id"], name="comment_random_id"),
        ]
        # what an account writes on a day, in whatever channel
        indexes = [models.Index(fields=["account", "slot_utc"], name="comment_account_slot")]

    def __str__(self) -> str:
        return f"{self.post_id}·{self.account_id}"
