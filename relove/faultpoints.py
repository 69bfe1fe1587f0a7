"""Named points at which a process can be made to die, to prove that nothing is lost or doubled there.

    after_claim       rows are claimed, nothing is done with them yet
    before_request    the attempt is committed, the request is not made
    answer_read       the answer was read, the outcome is not committed
    after_commit      the outcome is committed, nobody in the process knows
    call_KIND         an account call of this kind is claimed, Telegram has not been asked
    done_KIND         Telegram has done it, the answer is not stored

RELOVE_FAULT_POINT names one, or "name:nth" the nth time it is reached; "name:nth:STOP" freezes the process
instead. RELOVE_FAULT_FLAG names a file that must not exist and is made at the death, so that the process which
takes over lives. RELOVE_FAULT_TEXT is a poison: every process that brings a message with this text to
before_request dies of it.
"""

import os
import signal

from django.conf import settings

_parts = settings.FAULT_POINT.split(":")
_name = _parts[0]
_left = int(_parts[1]) if len(_parts) > 1 else 1
_signal = f"SIG{_parts[2]}" if len(_parts) > 2 else "SIGKILL"


def reach(name: str, text: str = "") -> None:
    """Die (or freeze) where the settings say so; else nothing. `text` is that of the message in hand."""
    global _left
    if settings.FAULT_TEXT and settings.FAULT_TEXT in text:
        os.kill(os.getpid(), signal.SIGKILL)
    if name != _name:
        return
    _left -= 1
    if _left == 0 and _first():
        os.kill(os.getpid(), signal.Signals[_signal])


def _first() -> bool:
    """Whether no process has died yet; without a flag file each one does."""
    if not settings.FAULT_FLAG:
        return True
    try:
        os.close(os.open(settings.FAULT_FLAG, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True
