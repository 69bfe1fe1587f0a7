"""The upkeep of diagnostics."""

from django.utils import timezone

from diagnostics import results


def forget_old() -> int:
    """Notes older than people were told they are kept."""
    return results.forget_old(timezone.now())
