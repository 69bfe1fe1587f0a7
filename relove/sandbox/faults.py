"""Faults on demand: for one account or all, one method or all, a number of times or a share of the calls.

Kinds that refuse before anything happened: any error name of Telegram's (FLOOD_WAIT_30, PEER_FLOOD,
CHANNEL_PRIVATE, RPC_CALL_FAIL, ...). Kinds that spoil the line: `drop_before`, `drop_after` (cut before or
after the commit), `silence` (committed, never answered), `slow:SECONDS` (committed, answered late). Kinds
that spoil the updates pushed to an account: `drop_updates`, `reorder_updates`, `repeat_updates`.
"""

import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any

LINE_KINDS = {"drop_before", "drop_after", "silence"}
UPDATE_KINDS = {"drop_updates", "reorder_updates", "repeat_updates"}
_WAIT = re.compile(r"((?:FLOOD|FLOOD_PREMIUM|SLOWMODE)_WAIT)_(\d+)$")
_ERROR = re.compile(r"[A-Z][A-Z0-9_]+$")
_SLOW = re.compile(r"slow:(\d+(?:\.\d+)?)$")


@dataclass
class Fault:
    """`until` (Unix seconds) makes a wait sticky: it answers the seconds that are left, then is over."""

    id: int
    kind: str
    account: int | None = None
    method: str = "*"
    times: int | None = None
    share: float = 1.0
    chat: int | None = None
    sticky: bool = False
    until: float | None = None
    code: int | None = None
    hits: int = 0

    @property
    def delay(self) -> float | None:
        """Seconds of a `slow:` fault."""
        found = _SLOW.match(self.kind)
        return float(found[1]) if found else None

    def error(self) -> str:
        """The error name to answer now."""
        wait = _WAIT.match(self.kind)
        if not wait or self.until is None:
            return self.kind
        return f"{wait[1]}_{max(1, int(self.until - time.time() + 0.999))}"

    @property
    def over(self) -> bool:
        return (self.until is not None and time.time() >= self.until) or (
            self.times is not None and self.hits >= self.times and not self.sticky
        )

    def meets(self, account: int | None, method: str, chat: int | None) -> bool:
        return (
            self.account in (None, account)
            and self.method.lower() in ("*", method.lower())
            and self.chat in (None, chat)
        )

    def hit(self) -> None:
        self.hits += 1
        wait = _WAIT.match(self.kind)
        if self.sticky and self.until is None and wait:
            self.until = time.time() + int(wait[2])


class Faults:
    """The faults in force, oldest first; the first that meets a call and wins its draw counts."""

    def __init__(self, seed: random.Random) -> None:
        self._faults: dict[int, Fault] = {}
        self._ids = count(1)
        self._random = seed

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._faults.values()))

    def add(self, **fields: Any) -> Fault:
        """Raises ValueError for a kind that does not exist or a share outside 0 to 1."""
        fault = Fault(id=next(self._ids), **fields)
        known = fault.kind in LINE_KINDS | UPDATE_KINDS or _ERROR.match(fault.kind) or _SLOW.match(fault.kind)
        if not known:
            raise ValueError(f"there is no fault of the kind {fault.kind!r}")
        if not 0 <= fault.share <= 1:
            raise ValueError("share is a number from 0 to 1")
        self._faults[fault.id] = fault
        return fault

    def remove(self, id: int | None = None) -> int:
        """Removes one fault or all of them; returns how many."""
        gone = [id] if id in self._faults else list(self._faults) if id is None else []
        for key in gone:
            del self._faults[key]
        return len(gone)

    def for_call(self, account: int | None, method: str, chat: int | None) -> Fault | None:
        return self._draw(lambda f: f.kind not in UPDATE_KINDS and f.meets(account, method, chat))

    def for_update(self, account: int, chat: int | None) -> Fault | None:
        return self._draw(lambda f: f.kind in UPDATE_KINDS and f.meets(account, f.method, chat))

    def _draw(self, meets: Callable[[Fault], bool]) -> Fault | None:
        for fault in self._faults.values():
            if not fault.over and meets(fault) and self._random.random() < fault.share:
                fault.hit()
                return fault
        return None

    def describe(self) -> list[dict[str, Any]]:
        return [asdict(fault) | {"over": fault.over} for fault in self]
