"""A child process does not outlive its parent, unless it says so; then its grandparent takes it over."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from contextlib import suppress

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

# Only where the kernel cannot do it: what the polling thread may do, and whether there is one.
_mortal = threading.Event()
_POLL_SECONDS = 1.0


def orphaned() -> bool:
    """Whether this process was started by multiprocessing and its parent has ended."""
    parent = multiprocessing.parent_process()
    return parent is not None and parent.pid != os.getppid()


def die_with_parent() -> None:
    """End this process when its parent ends; now, if that has happened already."""
    if _libc:
        _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    elif not _mortal.is_set():
        _mortal.set()
        threading.Thread(target=_poll_parent, daemon=True).start()
    if orphaned():
        os._exit(1)


def outlive_parent() -> None:
    """Undo `die_with_parent`: this process promises to notice the end of its parent by itself."""
    if _libc:
        _libc.prctl(_PR_SET_PDEATHSIG, 0)
    _mortal.clear()


def adopt_orphans() -> None:
    """Have grandchildren whose parent dies become children of this process, which must reap them."""
    if _libc:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def reap_orphans() -> None:
    """Let children that have ended go. Only for a process that waits for no child of its own any more."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _poll_parent() -> None:
    while _mortal.is_set():
        if orphaned():
            os._exit(1)
        time.sleep(_POLL_SECONDS)
