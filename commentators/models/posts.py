"""What a channel wrote, and how far we have come with it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from commentators.models.channels import TelegramChannel
from commentators.querysets import PostQuerySet
from relove.indexes import words_index


class TelegramPost(models.Model):
    """A post of a channel. Its own id; (channel, message_id) is what Telegram knows it by."""

    class Stage(models.TextChoices):
        """How far the post has come; the sweep finds what to do by it."""

        NEW = "new", _("new")
        SUMMARISED = "summarised", _("summarised")
        DRAFTED = "drafted", _("drafted")
        REFUSED = "refused", _("no comment")
        IGNORED = "ignored", _("read only")

    channel = models.ForeignKey(
        TelegramChannel, models.PROTECT, db_index=False, verbose_name=_("channel"), related_name="posts"
    )
    message_id = models.BigIntegerField(_("message"))
    album_id = models.BigIntegerField(_("album"), null=True, blank=True)
    text = models.TextField(_("text"), blank=True)
    # of people the text names, as Telegram tells them; never leaves for a model
    names = ArrayField(models.CharField(max_length=255), default=list, blank=True, editable=False)
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
    # when text and response were last read in Telegram
    refreshed_at = models.DateTimeField(_("response read"), null=True, blank=True)
    # when small pictures of its media were last asked for
    pictured_at = models.DateTimeField(null=True, blank=True, editable=False)

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
            # the list's filter, in the list's order; that by channel has the channel's own partition
            models.Index(fields=["stage", "-created_at", "-id"], name="post_stage_time"),
            words_index("post_words"),
        ]

    def __str__(self) -> str:
        return self.text[:60] or f"{self.channel} · {self.message_id}"

    @property
    def link(self) -> str:
        """The post on t.me."""
        return f"https://t.me/{self.channel.username}/{self.message_id}"
