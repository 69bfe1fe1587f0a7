"""The hints by which the upkeep looks for work."""

from django.utils import timezone

from commentators import metrics, monitoring


def read_channels() -> int:
    """Ask for a reading of every channel that is due."""
    return monitoring.ask_due(timezone.now())


def read_metrics() -> int:
    """Ask for the response to comments that is due."""
    return metrics.ask_due(timezone.now())
