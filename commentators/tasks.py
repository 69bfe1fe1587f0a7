"""The hints by which the upkeep looks for work."""

from django.utils import timezone

from commentators import backfill, metrics, monitoring, refreshing


def read_channels() -> int:
    """Ask for a reading of every channel that is due, of earlier posts, and of known posts again."""
    now = timezone.now()
    return monitoring.ask_due(now) + backfill.ask_due(now) + refreshing.ask_due(now)


def read_metrics() -> int:
    """Ask for the response to comments that is due."""
    return metrics.ask_due(timezone.now())
