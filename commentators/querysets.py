"""Which rows: channels, posts, comments."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import ExpressionWrapper

from accounts_mgmt.querysets import OutgoingQuerySet
from commentators import falling


class ChannelQuerySet(models.QuerySet[Any]):
    def watched(self) -> "ChannelQuerySet":
        return self.filter(is_active=True)

    def with_readers(self) -> "ChannelQuerySet":
        """With the accounts that may read them."""
        return self.select_related("listener", "deputy")

    def due(self, now: datetime) -> "ChannelQuerySet":
        """Watched channels whose interval has passed since they were last read."""
        interval = ExpressionWrapper(
            F("last_checked") + F("monitoring_interval") * models.Value(timedelta(minutes=1)),
            output_field=models.DateTimeField(),
        )
        never = Q(last_checked__isnull=True)
        found: ChannelQuerySet = self.watched().alias(next_check=interval).filter(never | Q(next_check__lte=now))
        return found


class PostQuerySet(models.QuerySet[Any]):
    def unfinished(self) -> "PostQuerySet":
        """Posts with a stage still to take."""
        return self.filter(stage__in=("new", "summarised"))

    def without_pictures(self, since: datetime) -> "PostQuerySet":
        """Posts with media, posted `since`, whose small pictures nobody has asked for."""
        return self.filter(created_at__gt=since, pictured_at__isnull=True, deleted_at__isnull=True).exclude(
            media_urls=[]
        )

    def to_refresh(self, now: datetime) -> "PostQuerySet":
        """Posts whose response is to be read again."""
        return self.filter(falling.due("created_at", "refreshed_at", now, falling.POSTS), deleted_at__isnull=True)


class CommentQuerySet(OutgoingQuerySet):
    def waiting(self, now: datetime) -> "CommentQuerySet":
        """Drafts that a person should decide about now: those put off come back in their time."""
        found: CommentQuerySet = self.filter(
            Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=now), status="draft"
        )
        return found

    def with_links(self) -> "CommentQuerySet":
        """With everything a page shows beside a comment.

        Posts are asked for afterwards: where both are joined, PostgreSQL plans the partitions of the one for each
        of the other's, which takes longer than the page's rows.
        """
        found = self.select_related("channel", "account__session", "sender", "approved_by")
        return found.prefetch_related("post__channel")
