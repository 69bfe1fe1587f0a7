"""The kernel's upkeep, run by the cluster `default`."""

import subprocess

from django.utils import timezone

from relove import rehearsals, rollups
from relove.installation import manage
from relove.models import Rehearsal
from relove.partitions import ensure_partitions


def make_partitions() -> list[str]:
    """The coming months' partitions."""
    return ensure_partitions(timezone.now())


def sum_operations() -> int:
    """Add to the sums what the operation log has gained."""
    return rollups.fold(timezone.now())


# begun by this process; asked for their end, so that none is left behind as a zombie
_begun: list["subprocess.Popen[bytes]"] = []


def rehearse() -> int | None:
    """Begin the rehearsal that a page has asked for, in a process of its own; end those nobody carries out."""
    rehearsals.end_silent(timezone.now())
    _begun[:] = [process for process in _begun if process.poll() is None]
    number = Rehearsal.objects.filter(state=Rehearsal.State.WAITING).values_list("pk", flat=True).first()
    if number is not None:
        line = manage("rehearse", f"--waiting={number}")
        _begun.append(
            subprocess.Popen(  # noqa: S603
                line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
            )
        )
    return number
