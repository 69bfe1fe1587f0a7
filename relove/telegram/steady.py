"""A connection that outlives the setting of the machine's clock."""

import time
from collections.abc import Callable
from typing import Any

from telethon.network.mtprotostate import MTProtoState

from relove.host import boottime

# Counts on whatever is done to the machine's clock; a rehearsal, which moves all clocks, puts its own here.
unset_clock: Callable[[], float] = boottime


class SteadyState(MTProtoState):  # type: ignore[misc]
    """Telethon's state of a connection, whose time goes on by a clock that nobody sets.

    Telethon learns once by how much the machine's clock is wrong. When that is set afterwards, it takes all that
    the server says for too old or too new and hears nothing, for minutes: Telegram objects only to messages
    that are dated 30 s ahead or 300 s back (https://core.telegram.org/mtproto/description#message-identifier-msg-id).
    Here each step of the machine's clock is taken back.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._began = time.time() - unset_clock()
        super().__init__(*arguments, **options)

    @property
    def time_offset(self) -> int:
        """Seconds from the machine's clock to the server's."""
        return self._offset - self._step()

    @time_offset.setter
    def time_offset(self, seconds: int) -> None:
        self._offset = seconds + self._step()

    def _step(self) -> int:
        """By how many seconds the machine's clock has been set since the connection was made."""
        return round(time.time() - unset_clock() - self._began)


class SteadyWaits(dict[int, float]):
    """Until when kinds of requests must wait, by the machine's clock as it is when asked.

    Telethon refuses these by itself meanwhile: a wait of seconds would last two hours where the clock is set back
    by two hours.
    """

    def __setitem__(self, kind: int, until: float) -> None:
        super().__setitem__(kind, until - time.time() + unset_clock())

    def __getitem__(self, kind: int) -> float:
        return super().__getitem__(kind) - unset_clock() + time.time()
