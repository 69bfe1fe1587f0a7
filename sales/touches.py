"""What brought a person to the main account: kept once, with the rule by which it was found.

What other rooms know of a person reaches us as rows of user_activity_log, their activity names the rule and
their subject the comment; a link of ours carries its name in the first message.
"""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from relove.models import TelegramUser, UserActivityLog

START_LINK = re.compile(r"^/start\s+([\w-]{1,48})\s*$")
# the stronger rule first
RULES = ("comment_reply", "comment_same_post")
MESSAGE = "message"
OWN_TABLE = "conversation_messages"


def in_words(rule: str) -> str:
    """A rule for a person to read; rules of other rooms stand as those named them."""
    kind, _colon, name = rule.partition(":")
    known = {
        "link": _("the link “%(name)s”") % {"name": name},
        "wrote_by_themselves": _("wrote by themselves"),
        "wrote_to_another_account": _("wrote to another account of ours"),
        "comment_reply": _("answered a comment of ours"),
        "comment_same_post": _("wrote under a post we had commented"),
    }
    return known.get(kind, rule)


@dataclass(frozen=True, slots=True)
class Touch:
    """The row that brought the person, and by which rule; a link has no row."""

    rule: str
    table: str = ""
    row: int | None = None


def first_touch(user: TelegramUser, text: str) -> Touch | None:
    """The link they came by, else the first comment met, else the first message to another account of ours."""
    if link := START_LINK.match(text):
        return Touch(f"link:{link[1]}")
    known = UserActivityLog.objects.filter(user=user).exclude(subject_table=OWN_TABLE).order_by("id")
    for rule in RULES:
        if met := known.filter(activity_type=rule).first():
            return Touch(rule, met.subject_table, met.subject_id)
    if message := known.filter(activity_type=MESSAGE).exclude(subject_table="").first():
        return Touch("wrote_to_another_account", message.subject_table, message.subject_id)
    return None
