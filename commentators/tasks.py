"""The hints by which the upkeep looks for work."""

from django.utils import timezone

from commentators import backfill, metrics, monitoring, refreshing, thumbnails


def read_channels() -> int:
    """Ask for a reading of every channel that is due, of earlier posts, known posts and their pictures."""
    now = timezone.now()
    return sum(each.ask_due(now) for each in (monitoring, backfill, refreshing, thumbnails))


def read_metrics() -> int:
    """Ask for the response to comments that is due."""
    return metrics.ask_due(timezone.now())
