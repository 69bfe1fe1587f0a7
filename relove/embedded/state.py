"""Where a running system keeps its state, its keys and the addresses of its services."""

import base64
import hashlib
import os
import secrets
from pathlib import Path

from relove.embedded.process import is_reachable, private_file, service_user

PROJECT = Path(__file__).resolve().parent.parent.parent
ELSEWHERE = Path("/var/lib")


def state_dir() -> Path:
    """Keys, addresses, logs and ports: `var/` of the project, or RELOVE_STATE_DIR."""
    return Path(os.environ.get("RELOVE_STATE_DIR") or PROJECT / "var").resolve()


def services_dir() -> Path:
    """The servers' data: in the state folder, or where the user they run as can reach it.

    In the second case the state folder holds a link to it, so that the choice is made once and
    moves with the project.
    """
    place = state_dir() / "services"
    if not place.exists():
        _make_services_dir(place)
    return place.resolve()


def _make_services_dir(place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if service_user() is None or is_reachable(place):
        place.mkdir(mode=0o711)
        return
    digest = hashlib.sha256(str(place).encode()).hexdigest()[:12]
    elsewhere = ELSEWHERE / f"relove-{digest}"
    elsewhere.mkdir(mode=0o711, parents=True, exist_ok=True)
    place.unlink(missing_ok=True)  # a link to a folder that is gone
    place.symlink_to(elsewhere)


def services_file() -> Path:
    """Addresses of the services of a running `make up`, as NAME=value lines."""
    return state_dir() / "services.env"


def keys_file() -> Path:
    """The secret key and the key ring for personal data, which every process of ours may read."""
    return state_dir() / "keys.env"


def session_keys_file() -> Path:
    """The key ring of Telegram sessions, kept apart: only runners are started with it."""
    return state_dir() / "session-keys.env"


def read_env(path: Path) -> dict[str, str]:
    """The NAME=value lines of a file `write_env` made; nothing when there is no such file."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)


def write_env(path: Path, values: dict[str, str]) -> None:
    """Replace the file at once, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    private_file(draft, "".join(f"{name}={value}\n" for name, value in values.items()), None)
    draft.replace(path)


def new_keys() -> dict[str, str]:
    """A fresh secret key and one fresh key (32 bytes, base64url) in each key ring."""
    return _common_keys() | _session_keys()


def ensure_keys() -> None:
    """Write both files of keys unless they are there: what they encrypt outlives a start."""
    for path, make in ((keys_file(), _common_keys), (session_keys_file(), _session_keys)):
        kept = read_env(path)
        wanted = make() | kept
        if wanted != kept:
            write_env(path, wanted)


def _common_keys() -> dict[str, str]:
    return {"RELOVE_SECRET_KEY": secrets.token_urlsafe(50), "RELOVE_PERSONAL_KEYS": _ring_key()}


def _session_keys() -> dict[str, str]:
    return {"RELOVE_SESSION_KEYS": _ring_key()}


def _ring_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
