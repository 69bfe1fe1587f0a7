"""Which rows: channels, posts, comments."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import ExpressionWrapper
from django.db.models.functions import Now

from accounts_mgmt.querysets import OutgoingQuerySet


class ChannelQuerySet(models.QuerySet[Any]):
    def watched(self) -> "ChannelQuerySet":
        return self.filter(is_active=True)

    def due(self, now: datetime) -> "ChannelQuerySet":
        """Watched channels whose interval has passed since they were last read."""
        interval = ExpressionWrapper(
            F("last_checked") + F("monitoring_interval") * models.Value(timedelta(minutes=1)),
            output_field=models.DateTimeField(),
        )
        return (
            self.watched().alias(next_check=interval).filter(Q(last_checked__isnull=True) | Q(next_check__lte=now))
        )


class PostQuerySet(models.QuerySet[Any]):
    def to_do(self, now: datetime) -> "PostQuerySet":
        """Posts with a stage to take that nobody has in hand."""
        return self.filter(
            Q(stage__in=("new", "summarised")),
            Q(next_try__isnull=True) | Q(next_try__lte=now),
            Q(claimed_until__isnull=True) | Q(claimed_until__lt=Now()),
        )


class CommentQuerySet(OutgoingQuerySet):
    def with_links(self) -> "CommentQuerySet":
        """With everything a page shows beside a comment."""
        return self.select_related("post__channel", "channel", "account__session", "sender", "approved_by")
