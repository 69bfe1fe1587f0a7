"""Virtual people: they react to comments, reply to them and answer private messages, by simple rules."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from relove.sandbox.rules import Change

if TYPE_CHECKING:
    from relove.sandbox.core import Core


class People:
    def __init__(self, core: "Core") -> None:
        self.core = core

    def notice(self, changes: Iterable[Change]) -> None:
        pass

    def stop(self) -> None:
        pass
