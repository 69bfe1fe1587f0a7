"""Whether Telegram makes an account wait ever longer, and what follows from it. Pure.

The rule: where of the waits of the last 24 hours the newest three are each longer than the one before, the
account writes at half its pace. It writes at its full pace again when for 24 hours there was no wait at all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

SPAN = timedelta(hours=24)
IN_A_ROW = 3
# A wait that begins this long before the end of the one before it is another one: clocks differ a little.
MARGIN = timedelta(seconds=0.5)


@dataclass(frozen=True, slots=True)
class Wait:
    """Telegram asked the account to wait: from when, for how many seconds."""

    at: datetime
    seconds: float

    @property
    def end(self) -> datetime:
        return self.at + timedelta(seconds=self.seconds)


def separate(waits: Iterable[Wait]) -> list[Wait]:
    """One for each time that the account stood still: several requests at once are told of the same wait."""
    found: list[Wait] = []
    for wait in sorted(waits, key=lambda wait: wait.at):
        if found and wait.at < found[-1].end - MARGIN:
            end = max(found[-1].end, wait.end)
            found[-1] = Wait(found[-1].at, (end - found[-1].at).total_seconds())
        else:
            found.append(wait)
    return found


def grow(waits: Sequence[Wait], now: datetime) -> bool:
    """Whether the account is to write at half its pace."""
    newest = [wait.seconds for wait in separate(waits) if wait.at > now - SPAN][-IN_A_ROW:]
    return len(newest) == IN_A_ROW and all(earlier < later for earlier, later in pairwise(newest))


def calm_from(slowed_at: datetime, waits: Iterable[Wait]) -> datetime:
    """When the account may write at its full pace again, if no wait comes until then."""
    return max([slowed_at, *(wait.end for wait in waits)]) + SPAN
