"""Channels, their posts, the accounts that comment and the comments themselves."""

from commentators.models.channels import ChannelBackfill, TelegramChannel
from commentators.models.comments import CommentKey, GeneratedComment
from commentators.models.direct import DirectMessage
from commentators.models.pictures import CommentPhoto, PostThumbnail
from commentators.models.posts import TelegramPost
from commentators.models.schedules import CommentSchedule
from commentators.models.voices import AccountPersonality, CommentatorAccount

__all__ = [
    "AccountPersonality",
    "ChannelBackfill",
    "CommentKey",
    "CommentPhoto",
    "CommentSchedule",
    "CommentatorAccount",
    "DirectMessage",
    "GeneratedComment",
    "PostThumbnail",
    "TelegramChannel",
    "TelegramPost",
]
