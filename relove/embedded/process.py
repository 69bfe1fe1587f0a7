"""How a server from a wheel is run: as whom, from where, and for how long."""

import ctypes
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

START_SECONDS = 60
STOP_SECONDS = 30
PR_SET_PDEATHSIG = 1


class EmbeddedError(Exception):
    """A sentence for a person: what went wrong with an embedded server and what to do."""


def service_user() -> str | None:
    """Whom the servers run as: nobody when we are root (PostgreSQL refuses root), else ourselves."""
    return "nobody" if os.geteuid() == 0 else None


def drop_to(user: str | None) -> dict[str, Any]:
    """Arguments of Popen that make the child `user`, in a session of its own."""
    common = {"start_new_session": True, "cwd": "/", "stdin": subprocess.DEVNULL}
    if user is None:
        return common
    return common | {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def give_to(user: str | None, path: Path) -> None:
    if user is not None:
        account = pwd.getpwnam(user)
        os.chown(path, account.pw_uid, account.pw_gid)


def is_reachable(path: Path) -> bool:
    """May any user of this machine walk to `path`?"""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)


def private_dir(path: Path, user: str | None) -> Path:
    path.mkdir(mode=0o700, exist_ok=True)
    give_to(user, path)
    return path


def private_file(path: Path, content: str, user: str | None) -> Path:
    """`path` with `content`, readable by `user` alone; it never exists with wider rights."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    give_to(user, path)
    return path


def package_dir(package: str, user: str | None, aside: Path) -> Path:
    """Where `user` can run the package's binaries: as installed, or a copy under `aside`.

    Raises EmbeddedError when the package is not installed.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedError(f"The package {package} is not installed; run: make .venv")
    installed = Path(spec.origin).parent
    readable = installed.stat().st_mode & stat.S_IROTH
    if user is None or (readable and is_reachable(Path(spec.origin))):
        return installed
    return _copied(installed, aside)


def _copied(installed: Path, aside: Path) -> Path:
    # a wheel of another release has another time stamp: its copy is another folder
    target = aside / f"{installed.name}-{installed.stat().st_mtime_ns:x}"
    if not target.exists():
        unfinished = aside / f".{target.name}.{os.getpid()}"
        # auditwheel puts the shared libraries beside the package, and binaries look for them there
        for part in (installed, installed.with_name(f"{installed.name}.libs")):
            if part.exists():
                shutil.copytree(part, unfinished / part.name, symlinks=True)
        _open_to_all(unfinished)
        unfinished.rename(target)
    return target / installed.name


def _open_to_all(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if mode & stat.S_IXUSR else 0o444))


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """A preexec_fn: the child gets `number` when the thread that started it ends (Linux only)."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    # Popen calls it after the change of user, which would clear the setting
    return lambda: libc.prctl(PR_SET_PDEATHSIG, number)


def run(command: list[str], user: str | None) -> str:
    """What a command run as `user` printed. Raises EmbeddedError with its own last line."""
    done: subprocess.CompletedProcess[str]
    done = subprocess.run(command, capture_output=True, text=True, **drop_to(user))  # noqa: S603
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise EmbeddedError(f"{Path(command[0]).name} failed: {said[-1]}")
    return done.stdout


def spawn(command: list[str], user: str | None, log: Path) -> subprocess.Popen[bytes]:
    """Start a server that ends when the thread that started it does (Linux)."""
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent(signal.SIGINT),
            **drop_to(user),
        )


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes] | None, name: str, log: Path) -> None:
    """Return when `ready`; EmbeddedError when the process ends first or a minute has passed."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process is not None and process.poll() is not None:
            raise EmbeddedError(f"{name} ended while starting: {last_line(log)}")
        if time.monotonic() > deadline:
            raise EmbeddedError(f"{name} did not answer within {START_SECONDS} s: {last_line(log)}")
        time.sleep(0.02)


def last_line(log: Path) -> str:
    """What a program said last; indented lines only go on with what another began."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    said = [line for line in lines if line and not line.startswith((" ", "\t"))]
    return said[-1] if said else "it wrote nothing"


def end(process: subprocess.Popen[bytes]) -> None:
    """A fast, clean stop; by force when it takes too long."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
