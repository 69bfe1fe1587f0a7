"""How often what readers made of something is read again: often while it is fresh, ever less, then never. Pure.

What was never read is read once, however old it is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

# Below which age, and then how often.
Step = tuple[timedelta, timedelta]
COMMENTS: Sequence[Step] = (
    (timedelta(hours=1), timedelta(minutes=2)),
    (timedelta(days=1), timedelta(hours=1)),
    (timedelta(days=14), timedelta(days=1)),
)
POSTS: Sequence[Step] = (
    (timedelta(hours=2), timedelta(minutes=10)),
    (timedelta(days=3), timedelta(hours=3)),
    (timedelta(days=30), timedelta(days=1)),
)


def interval(age: timedelta, steps: Sequence[Step]) -> timedelta | None:
    """How long after a reading comes the next; None when there is none any more."""
    return next((pause for below, pause in steps if age < below), None)


def is_due(born: datetime, read: datetime | None, now: datetime, steps: Sequence[Step]) -> bool:
    """Whether something of that moment, last read then, is to be read now."""
    if read is None:
        return True
    pause = interval(now - born, steps)
    return pause is not None and now - read >= pause


def due(born: str, read: str, now: datetime, steps: Sequence[Step]) -> Q:
    """`is_due` as a condition on rows, of the two columns named."""
    wanted, younger = Q(**{f"{read}__isnull": True}), dict[str, datetime]()
    for below, pause in steps:
        wanted |= Q(**{f"{born}__gt": now - below, f"{read}__lte": now - pause}, **younger)
        younger = {f"{born}__lte": now - below}
    return wanted
