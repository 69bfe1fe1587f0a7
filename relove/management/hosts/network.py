"""The namespaces: made, cut off, mended and removed, with `ip` of iproute2. Linux, and the right to do so."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from relove.management.hosts import ADDRESSES, DATABASE_ADDRESS, MAIN_ADDRESS, SERVERS

PREFIX = "relove-"
BRIDGE = "bridge"


class Forbidden(Exception):
    """Why there can be no namespaces here, in a sentence."""


@contextmanager
def network() -> Iterator[None]:
    """All hosts, joined; gone afterwards with everything that runs in them. Raises Forbidden."""
    if not shutil.which("ip"):
        raise Forbidden("`ip` is missing: apt-get install iproute2")
    try:
        _ip("netns", "add", PREFIX + SERVERS)
    except subprocess.CalledProcessError as error:
        raise Forbidden(f"network namespaces are not allowed here ({error.stderr.strip()})") from error
    try:
        _build()
        yield
    finally:
        for host in (*ADDRESSES, SERVERS):
            kill(host)
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "delete", PREFIX + host)


def command_in(host: str, command: list[str]) -> list[str]:
    """argv that runs the command on that host."""
    return [*_program(), "netns", "exec", PREFIX + host, *command]


def kill(host: str) -> None:
    """As when its power fails: everything that runs there ends at once."""
    with suppress(subprocess.CalledProcessError):
        for pid in _ip("netns", "pids", PREFIX + host).split():
            if int(pid) != os.getpid():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)


def cut_off(host: str, address: str) -> None:
    """Nothing from the host arrives at the address any more; no connection is told."""
    _on(host, "route", "add", "blackhole", f"{address}/32")


def mend(host: str, address: str) -> None:
    _on(host, "route", "del", "blackhole", f"{address}/32")


def _build() -> None:
    _on(SERVERS, "link", "add", BRIDGE, "type", "bridge")
    for address in (MAIN_ADDRESS, DATABASE_ADDRESS):
        _on(SERVERS, "address", "add", f"{address}/24", "dev", BRIDGE)
    for device in ("lo", BRIDGE):
        _on(SERVERS, "link", "set", device, "up")
    for number, (host, address) in enumerate(ADDRESSES.items()):
        _ip("netns", "add", PREFIX + host)
        port = f"port{number}"
        _on(SERVERS, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", PREFIX + host)
        _on(SERVERS, "link", "set", port, "master", BRIDGE, "up")
        _on(host, "address", "add", f"{address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _on(host, "link", "set", device, "up")


def _on(host: str, *arguments: str) -> None:
    _ip("-netns", PREFIX + host, *arguments)


def _ip(*arguments: str) -> str:
    return subprocess.run([*_program(), *arguments], check=True, capture_output=True, text=True).stdout  # noqa: S603


def _program() -> list[str]:
    return [shutil.which("ip") or "ip"]
