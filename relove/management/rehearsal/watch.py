"""What the system has in hand at a moment of simulated time, and when something will be next.

While anything is in hand the clock goes as fast as the real one. What gets no further (rows that nobody claims,
say) is set aside after a while, until it changes; what a process has in its hands is waited for longer.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.functions import Coalesce

from accounts_mgmt.claims import GUARD
from accounts_mgmt.models import AccountCall, Pause
from accounts_mgmt.outbox import Status, outgoing_models
from accounts_mgmt.private.model import private_models
from commentators.models import TelegramPost

# real seconds without any change
PATIENCE, PATIENCE_AT_WORK = 5.0, 60.0
# what it is in, and which: (table or kind, id, …)
Key = tuple[str, Any]
AT_WORK, IN_LINE = "at work", "in line"
QUEUED = (Status.PENDING, Status.SENDING, Status.UNKNOWN)


@dataclass(slots=True)
class Watch:
    """Asks the database; `awaited` was said and must be heard: ("said" or "published", (where, message id))."""

    awaited: set[Key] = field(default_factory=set)
    _aside: set[Key] = field(default_factory=set)
    _seen: set[Key] = field(default_factory=set)
    _since: float = 0.0

    def is_busy(self, now: datetime) -> bool:
        found = set(self._in_hand(now)) | self.awaited
        self._aside &= found
        busy = found - self._aside
        if busy != self._seen:
            self._seen, self._since = busy, time.monotonic()
        elif time.monotonic() - self._since > (PATIENCE_AT_WORK if any(map(_at_work, busy)) else PATIENCE):
            self._aside |= busy
            self.awaited -= busy
            return False
        return bool(busy)

    def _in_hand(self, now: datetime) -> Iterator[Key]:
        untried = Q(next_try=None) | Q(next_try__lte=now)
        posts = TelegramPost.objects.unfinished().filter(untried)
        yield from ((AT_WORK, ("post", *key)) for key in posts.values_list("id", "stage"))
        for kind in outgoing_models():
            due = _planned(kind).filter(Q(due__lte=now) | Q(status=Status.SENDING), sender__state="active")
            due = due.filter(Pause.none_for(Pause.Level.ACCOUNT, "sender"))
            for key, status in due.values_list("id", "status"):
                yield AT_WORK if status == Status.SENDING else IN_LINE, (kind._meta.db_table, key, status)
        for heard in private_models():
            wanted = heard._default_manager.filter(untried, stage="wanted")
            yield from ((AT_WORK, ("wanted", key)) for key in wanted.values_list("id", flat=True))
        yield from ((AT_WORK, ("call", *key)) for key in AccountCall.objects.open().values_list("id", "state"))

    def next_after(self, now: datetime) -> datetime | None:
        """When a row will want something, as far as rows tell."""
        # a post that waits for an account's hours is looked at on the director's rounds
        failed = TelegramPost.objects.unfinished().filter(next_try__gt=now, attempts__gt=0)
        moments = list(failed.order_by("next_try").values_list("next_try", flat=True)[:1])
        for kind in outgoing_models():
            # as is a row that a guard holds back
            planned = _planned(kind).filter(due__gt=now).exclude(failed_code=GUARD)
            moments += planned.order_by("due").values_list("due", flat=True)[:1]
        for heard in private_models():
            wanted = heard._default_manager.filter(stage="wanted", next_try__gt=now)
            moments += wanted.order_by("next_try").values_list("next_try", flat=True)[:1]
        return min((moment for moment in moments if moment), default=None)


def _at_work(key: Key) -> bool:
    return key[0] != IN_LINE


def _planned(kind: Any) -> Any:
    due = Coalesce("next_retry", "scheduled_at")
    return kind._default_manager.filter(status__in=QUEUED, set_aside=False).annotate(due=due)
