"""Who met a comment of ours: people who answered it, and people who spoke under its post after it.

A touch is a row of user_activity_log (person, comment, rule, what they said). Private messages of the same
person are traced back to the comment by it (commentators.effect); other domains may read it, too.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts_mgmt.models import TelegramAccountSession
from relove import oplog
from relove.language import storable
from relove.models import Chat, TelegramUser, UserActivityLog
from relove.telegram.gateway import Message, Person

TABLE = "generated_comments"
# of what somebody said in public the beginning is kept
LONGEST = 500


class Rule(TextChoices):
    """Why a person counts as having met a comment; the stronger first."""

    REPLY = "comment_reply", _("answered this comment")
    SAME_POST = "comment_same_post", _("wrote under the same post")


class Comment(Protocol):
    """A comment as its group knows it; `reply_to` is the post's copy there."""

    @property
    def id(self) -> int: ...
    @property
    def message_id(self) -> int: ...
    @property
    def reply_to(self) -> int | None: ...


def record(group: int, comments: Sequence[Comment], said: Sequence[Message], now: datetime) -> int:
    """Note each person's touch with each comment once; answers how many were new. `group` is a bare id."""
    ours = set(
        TelegramAccountSession.objects.exclude(telegram_user_id=None).values_list("telegram_user_id", flat=True)
    )
    people = {message.sender.id: message.sender for message in said if message.sender}
    # the first words of several count
    found = {
        (message.sender.id, comment.id, rule): message.text
        for message in sorted(said, key=lambda message: message.id, reverse=True)
        if message.sender and message.sender.id not in ours and not message.sender.is_bot
        for comment in comments
        if (rule := _rule(comment, message))
    }
    if not found:
        return 0
    users = {number: _user(people[number], now).pk for number in {person for person, _id, _rule in found}}
    wanted = {(users[person], comment, rule.value): text for (person, comment, rule), text in found.items()}
    known = UserActivityLog.objects.filter(
        subject_table=TABLE, subject_id__in=[comment.id for comment in comments], activity_type__in=Rule.values
    )
    new = wanted.keys() - set(known.values_list("user_id", "subject_id", "activity_type"))
    chat = Chat.objects.filter(telegram_id=group, kind=Chat.Kind.SUPERGROUP).first()
    for user, comment_id, what in sorted(new):
        oplog.log_activity(
            what,
            user_id=user,
            chat_id=chat.pk if chat else None,
            subject=(TABLE, comment_id),
            text=storable(wanted[user, comment_id, what])[:LONGEST],
        )
    return len(new)


def _rule(comment: Comment, message: Message) -> Rule | None:
    if message.id <= comment.message_id:
        return None
    if message.reply_to == comment.message_id:
        return Rule.REPLY
    under_post = comment.reply_to is not None and comment.reply_to in (message.reply_to, message.thread)
    return Rule.SAME_POST if under_post else None


def _user(person: Person, now: datetime) -> TelegramUser:
    user: TelegramUser = TelegramUser.objects.get_or_create(
        telegram_id=person.id,
        defaults={
            "username": person.username,
            "first_name": storable(person.first_name)[:128],
            "last_name": storable(person.last_name)[:128],
            "last_seen_date": now,
        },
    )[0]
    return user
