"""Which columns exports and imports of commenting have."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget

from commentators import monitoring
from commentators.models import (
    AccountPersonality,
    CommentatorAccount,
    CommentSchedule,
    GeneratedComment,
    TelegramChannel,
    TelegramPost,
)
from relove.exports import ListWidget, SafeResource

# A file may name many channels, and Telegram lets an account look up few at a time.
CHECK_PATIENCE = timedelta(days=1)


class ChannelResource(SafeResource):
    """A row is taken as one added by hand: its name normalised, its basis complete, then looked up.

    What Telegram says of a channel, its ids above all, comes from Telegram alone and is in no file.
    """

    class Meta:
        model = TelegramChannel
        import_id_fields = ["username"]
        fields = ["username", "title", "monitoring_interval", "is_active", "basis", "basis_by", "basis_at"]
        clean_model_instances = True

    def normalise(self, row: Any) -> None:
        row["username"] = monitoring.normalised(str(row["username"] or ""))

    def before_save_instance(self, instance: TelegramChannel, row: Any, **kwargs: Any) -> None:
        if instance.listener_id is None:
            instance.listener, instance.deputy = monitoring.readers()

    def after_save_instance(self, instance: TelegramChannel, row: Any, **kwargs: Any) -> None:
        # the preview is a transaction that is rolled back, and so is what it asks
        if instance.chat_id is None and instance.listener_id:
            who, now = kwargs.get("user"), timezone.now()
            monitoring.ask_check(instance, instance.listener_id, who, now, patience=CHECK_PATIENCE)


def _account() -> Field:
    """An account is known by its Telegram id, which is the same in every installation."""
    widget = ForeignKeyWidget(CommentatorAccount, "session__telegram_user_id")
    return Field(column_name="account", attribute="account", widget=widget)


def _list(name: str) -> Field:
    return Field(column_name=name, attribute=name, widget=ListWidget(), default=list)


class PersonalityResource(SafeResource):
    """With the customer's JSON shape of a personality beside the columns."""

    account = _account()
    interests = _list("interests")
    vocabulary = _list("vocabulary")
    examples = _list("examples")
    forbidden = _list("forbidden")
    personality = Field(column_name="personality", readonly=True)

    class Meta:
        model = AccountPersonality
        import_id_fields = ["account"]
        fields = ["account", "style", "tone", "interests", "vocabulary", "examples", "forbidden", "personality"]
        clean_model_instances = True

    def dehydrate_personality(self, voice: AccountPersonality) -> dict[str, Any]:
        return {
            "style": voice.style,
            "tone": voice.tone,
            "interests": voice.interests,
            "vocabulary": voice.vocabulary,
        }


class ScheduleResource(SafeResource):
    account = _account()
    channel = Field(
        column_name="channel", attribute="channel", widget=ForeignKeyWidget(TelegramChannel, "username")
    )
    days = _list("days")

    class Meta:
        model = CommentSchedule
        import_id_fields = ["account", "channel"]
        fields = [
            "account",
            "channel",
            "comments_per_day",
            "start_time",
            "end_time",
            "days",
            "time_zone",
            "is_active",
        ]
        clean_model_instances = True


class PostResource(SafeResource):
    channel = Field(column_name="channel", attribute="channel__username", readonly=True)

    class Meta:
        model = TelegramPost
        fields = ["id", "channel", "message_id", "text", "summary", "engagement", "stage", "created_at"]


class CommentResource(SafeResource):
    channel = Field(column_name="channel", attribute="channel__username", readonly=True)
    account = Field(column_name="account", attribute="sender__label", readonly=True)

    class Meta:
        model = GeneratedComment
        fields = [
            "id",
            "post",
            "channel",
            "account",
            "text",
            "drafted_text",
            "status",
            "origin",
            "model",
            "scheduled_at",
            "sent_at",
            "failed_reason",
            "engagement_metrics",
        ]

    @classmethod
    def get_display_name(cls) -> str:
        return _("Comments")


class MetricsResource(SafeResource):
    """What readers did, a column for each figure; empty where Telegram does not count."""

    channel = Field(column_name="channel", attribute="channel__username", readonly=True)
    account = Field(column_name="account", attribute="sender__label", readonly=True)
    likes = Field(column_name="likes")
    replies = Field(column_name="replies")
    post_views = Field(column_name="post_views")

    class Meta:
        model = GeneratedComment
        fields = ["id", "post", "channel", "account", "sent_at", "likes", "replies", "post_views", "metrics_at"]

    @classmethod
    def get_display_name(cls) -> str:
        return _("Response of readers")

    def filter_export(self, queryset: Any, **kwargs: Any) -> Any:
        return queryset.exclude(engagement_metrics=None)

    def dehydrate_likes(self, comment: GeneratedComment) -> int | None:
        return _figure(comment, "likes")

    def dehydrate_replies(self, comment: GeneratedComment) -> int | None:
        return _figure(comment, "replies")

    def dehydrate_post_views(self, comment: GeneratedComment) -> int | None:
        return _figure(comment, "post_views")


def _figure(comment: GeneratedComment, name: str) -> int | None:
    return (comment.engagement_metrics or {}).get(name)
