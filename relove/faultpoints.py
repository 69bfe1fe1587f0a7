"""Named points at which a process can be made to die, to prove that nothing is lost or doubled there.

    after_claim       rows are claimed, nothing is done with them yet
    before_request    the attempt is committed, the request is not made
    answer_read       the answer was read, the outcome is not committed
    after_commit      the outcome is committed, nobody in the process knows
    call_KIND         an account call of this kind is claimed, Telegram has not been asked
    done_KIND         Telegram has done it, the answer is not stored
    model_answered    what the model returned is committed, nothing is done with it yet
    reply_stored      a reply and its dialogue's way are committed, nobody in the process knows

RELOVE_FAULT_POINT names them, with commas between; "name:nth" means the nth time it is reached in a process,
"name:nth:STOP" freezes the process instead. RELOVE_FAULT_FLAG is the beginning of the names of files, one for
each point ("….name:nth"), which must not exist and are made at the death, so that the process which takes over
lives. Without it each process dies. RELOVE_FAULT_TEXT is a poison: every process that brings a message with
this text to before_request dies of it.
"""

import os
import signal
from dataclasses import dataclass

from django.conf import settings


@dataclass(slots=True)
class _Point:
    """One entry of the setting; `left` counts down to the death."""

    entry: str
    name: str
    left: int
    signal: signal.Signals

    @classmethod
    def of(cls, entry: str) -> "_Point":
        name, nth, kind = (*entry.split(":"), "", "")[:3]
        return cls(entry, name, int(nth or 1), signal.Signals[f"SIG{kind or 'KILL'}"])

    def is_first(self) -> bool:
        """Whether no process has died of it yet."""
        if not settings.FAULT_FLAG:
            return True
        try:
            os.close(os.open(f"{settings.FAULT_FLAG}.{self.entry}", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True


_points = [_Point.of(entry) for entry in settings.FAULT_POINT.split(",") if entry]


def reach(name: str, text: str = "") -> None:
    """Die (or freeze) where the settings say so; else nothing. `text` is that of the message in hand."""
    if settings.FAULT_TEXT and settings.FAULT_TEXT in text:
        os.kill(os.getpid(), signal.SIGKILL)
    for point in _points:
        if point.name != name:
            continue
        point.left -= 1
        if point.left == 0 and point.is_first():
            os.kill(os.getpid(), point.signal)
