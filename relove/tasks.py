"""The kernel's upkeep, run by the cluster `default`."""

from django.utils import timezone

from relove.partitions import ensure_partitions


def make_partitions() -> list[str]:
    """The coming months' partitions."""
    return ensure_partitions(timezone.now())
