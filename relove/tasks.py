"""The kernel's upkeep, run by the cluster `default`."""

from django.utils import timezone

from relove import rollups
from relove.partitions import ensure_partitions


def make_partitions() -> list[str]:
    """The coming months' partitions."""
    return ensure_partitions(timezone.now())


def sum_operations() -> int:
    """Add to the sums what the operation log has gained."""
    return rollups.fold(timezone.now())
