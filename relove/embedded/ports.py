"""Ports on loopback: free ones, and ones that stay the same from start to start."""

import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # without it a port just left in TIME_WAIT would look taken
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None) -> int:
    """`preferred` or one of the nine after it when one is free, otherwise any free port."""
    candidates = range(preferred, preferred + 10) if preferred else ()
    for port in candidates:
        if is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def remembered_port(memory: Path, preferred: int | None = None) -> int:
    """The port noted in `memory` while it is free; otherwise a free one, which is noted there."""
    try:
        port = int(memory.read_text())
    except (FileNotFoundError, ValueError):
        port = 0
    if port and is_free(port):
        return port
    port = free_port(preferred)
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.write_text(f"{port}\n")
    return port
