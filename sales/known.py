"""What sales knows of a person, for the page that shows their history."""

from typing import Any

from relove import people
from relove.models import TelegramUser
from sales import touches
from sales.models import ClientConversation, ConversationMessage
from sales.querysets import DIAGNOSIS_RIGHT

# What never stood in the chat and is not on its way there.
UNSAID = ("draft", "rejected", "cancelled")


@people.provider(ConversationMessage, ClientConversation)
def told(user: TelegramUser) -> list[people.Event]:
    """Both sides' messages, and when the dialogue began, with what brought the person."""
    rows = ConversationMessage.objects.filter(user=user).exclude(status__in=UNSAID).select_related("sender")
    events = [_event(row) for row in rows.seen_by(None).order_by("-id")[: people.LIMIT]]
    dialogues = ClientConversation.objects.filter(user=user)
    begun = [
        people.Event(each.started_at, str(each._meta.verbose_name), touches.in_words(each.touch_rule), each)
        for each in dialogues
    ]
    return events + begun


def _event(row: Any) -> people.Event:
    right = DIAGNOSIS_RIGHT if row.of_diagnosis else ""
    what = f"{row.sender}: {row.get_direction_display()}"
    return people.Event(row.sent_at or row.created_at, what, row.text, row, right, row.shown_text)
