"""A breaker: after several failures in a row nothing is asked for a while.

It lives in the process: another process learns of the trouble by failures of its own, a few requests later.
"""

import time

from django.utils.translation import gettext as _

from relove.llm.errors import Busy

FAILURES = 5
OPEN_SECONDS = 30.0


class Breaker:
    """Counts failures in a row; open, it refuses with the seconds that are left."""

    def __init__(self) -> None:
        self._failures = 0
        self._open_until = 0.0

    @property
    def left(self) -> float:
        """Seconds until the door opens."""
        return self._open_until - time.monotonic()

    def check(self) -> None:
        """Raise Busy while the door is shut."""
        if self.left > 0:
            raise Busy(_("the model's server is given a rest"), self.left)

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        """After the rest one more failure shuts the door again: only a success clears the count."""
        self._failures += 1
        if self._failures >= FAILURES:
            self.pause(OPEN_SECONDS)

    def pause(self, seconds: float) -> None:
        """Shut the door for `seconds`: the server named this time itself, or the count is full."""
        self._open_until = max(self._open_until, time.monotonic() + seconds)
