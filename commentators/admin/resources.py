"""Which columns exports and imports of commenting have."""

from typing import Any

from import_export.fields import Field

from commentators.models import (
    AccountPersonality,
    CommentSchedule,
    GeneratedComment,
    TelegramChannel,
    TelegramPost,
)
from relove.exports import SafeResource


class ChannelResource(SafeResource):
    class Meta:
        model = TelegramChannel
        import_id_fields = ["username"]
        fields = ["username", "title", "monitoring_interval", "is_active", "basis", "basis_by", "basis_at"]
        clean_model_instances = True


class PersonalityResource(SafeResource):
    """With the customer's JSON shape of a personality beside the columns."""

    personality = Field(column_name="personality", readonly=True)

    class Meta:
        model = AccountPersonality
        import_id_fields = ["account"]
        fields = ["account", "style", "tone", "interests", "vocabulary", "examples", "forbidden", "personality"]

    def dehydrate_personality(self, voice: AccountPersonality) -> dict[str, Any]:
        return {
            "style": voice.style,
            "tone": voice.tone,
            "interests": voice.interests,
            "vocabulary": voice.vocabulary,
        }


class ScheduleResource(SafeResource):
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


class PostResource(SafeResource):
    channel = Field(column_name="channel", attribute="channel__username", readonly=True)

    class Meta:
        model = TelegramPost
        fields = ["id", "channel", "message_id", "text", "summary", "engagement", "stage", "created_at"]


class CommentResource(SafeResource):
    channel = Field(column_name="channel", attribute="channel__username", readonly=True)
    account = Field(column_name="account", attribute="account__session__label", readonly=True)

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
