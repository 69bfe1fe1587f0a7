"""What the processes of one cluster share: lifelines and places in shared memory."""

import mmap
import os
from collections.abc import Sequence
from multiprocessing import Pipe
from multiprocessing.util import register_after_fork

_NOBODY, _LEFT = 0, -1
_NUMBERS, _BYTES = 2, 8


class Lifeline:
    """A pipe of which only the maker holds the end to write to.

    It becomes readable, and stays so, in every child process when the maker rings it, or dies.
    """

    def __init__(self) -> None:
        self.reader, self._writer = Pipe(duplex=False)
        register_after_fork(self, Lifeline._let_go)

    def _let_go(self) -> None:
        self._writer.close()

    def ring(self) -> None:
        """Safe in a signal handler."""
        os.write(self._writer.fileno(), b".")


class Place:
    """Where one process shows the main process of its cluster that it lives: its pid and a counter.

    Plain 64-bit numbers without a lock, because a lock could die with its holder.
    """

    def __init__(self, numbers: memoryview) -> None:
        self._numbers = numbers

    @property
    def holder(self) -> int:
        """The pid of the process that beats here; 0 while none has to."""
        return max(int(self._numbers[0]), 0)

    @property
    def beats(self) -> int:
        return int(self._numbers[1])

    @property
    def untouched(self) -> bool:
        """True when nobody has held this place since it was cleared."""
        return int(self._numbers[0]) == _NOBODY

    def clear(self) -> None:
        self._numbers[0] = _NOBODY

    def hold(self) -> None:
        self.beat()
        self._numbers[0] = os.getpid()

    def leave(self) -> None:
        self._numbers[0] = _LEFT

    def beat(self) -> None:
        self._numbers[1] += 1


def make_places(count: int) -> list[Place]:
    """Places in memory that this process shares with the children it will have."""
    size = _NUMBERS * _BYTES
    numbers = memoryview(mmap.mmap(-1, count * size)).cast("q")
    return [Place(numbers[i : i + _NUMBERS]) for i in range(0, count * _NUMBERS, _NUMBERS)]


class Watch:
    """Finds places whose holder fell silent.

    It counts the watcher's own rounds instead of reading a clock, so that a machine that slept, or a
    cluster stopped as a whole, makes nobody late.
    """

    def __init__(self, places: Sequence[Place], patience: float) -> None:
        self._places = places
        self._patience = patience
        self._seen: dict[int, tuple[int, int]] = {}
        self._silence: dict[int, float] = {}

    def silent(self, elapsed: float) -> list[Place]:
        """Look once, `elapsed` seconds after the last look; the places silent for longer than allowed."""
        return [place for i, place in enumerate(self._places) if self._look(i, place, elapsed)]

    def _look(self, index: int, place: Place, elapsed: float) -> bool:
        now = (place.holder, place.beats)
        still = place.holder and now == self._seen.get(index)
        self._seen[index] = now
        self._silence[index] = self._silence[index] + elapsed if still else 0.0
        return self._silence[index] > self._patience
