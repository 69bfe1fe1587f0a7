"""Which rows: scripts and their triggers."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, Exists, F, Min, OuterRef, Q, Subquery

from accounts_mgmt.models import Contact

# What never stood in the chat and is not on its way there.
UNSAID = ("draft", "rejected", "cancelled")


class ScriptQuerySet(models.QuerySet[Any]):
    def in_use(self, kind: str) -> "ScriptQuerySet":
        """Scripts of a kind that answer now: switched on, with a live version."""
        return self.filter(kind=kind, is_active=True, live__isnull=False)


class TriggerQuerySet(models.QuerySet[Any]):
    def hit(self, script_id: int, key: str, now: datetime) -> int:
        """Count a trigger that fired; 0 where the live version has it no longer."""
        return self.filter(script_id=script_id, key=key).update(hits=F("hits") + 1, last_hit_at=now)


class ConversationQuerySet(models.QuerySet[Any]):
    def led_by_person(self) -> "ConversationQuerySet":
        return self.filter(lead="person")

    def with_state(self) -> "ConversationQuerySet":
        """With what a list shows: unread, a draft that waits, a message that waits for a person, an alarm."""
        from sales.models import ConversationMessage

        same = ConversationMessage.objects.filter(conversation=OuterRef("pk"))
        found: ConversationQuerySet = self.annotate(
            unread=Count("messages", filter=Q(messages__direction="in", messages__is_read=False)),
            drafted=Exists(same.filter(status="draft")),
            waits=Exists(same.filter(stage="person")),
            alert=Exists(Contact.objects.alerting().filter(user=OuterRef("user"))),
            last_text=Subquery(same.exclude(status__in=UNSAID).order_by("-id").values("text")[:1]),
            waits_since=Min("messages__sent_at", filter=Q(messages__stage="person")),
        )
        return found
