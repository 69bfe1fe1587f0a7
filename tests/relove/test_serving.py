"""No process serves the real Telegram under a key that everybody knows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings

PROJECT = Path(__file__).resolve().parents[2]
REAL = {
    "RELOVE_TELEGRAM": "telegram",
    "TELEGRAM_API_ID": "1",
    "TELEGRAM_API_HASH": "x",
    "RELOVE_PRIVACY_URL": "https://relove.example/privacy",
}
WEB = [sys.executable, "-c", "import relove.asgi; print('serves')"]
CLUSTER = [sys.executable, "manage.py", "qcluster"]
SENTENCE = "RELOVE_SECRET_KEY is not set: with the real Telegram nothing starts"


def run(command: list[str], tmp_path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    full = os.environ | {"RELOVE_STATE_DIR": str(tmp_path)} | env
    return subprocess.run(command, cwd=PROJECT, env=full, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("command", [WEB, CLUSTER], ids=["web", "cluster"])
def test_the_default_key_is_refused_with_the_real_telegram(command: list[str], tmp_path: Path) -> None:
    done = run(command, tmp_path, RELOVE_SECRET_KEY=settings.DEFAULT_SECRET_KEY, **REAL)

    assert done.returncode == 1
    assert SENTENCE in done.stderr


@pytest.mark.parametrize(
    "env",
    [{"RELOVE_SECRET_KEY": settings.DEFAULT_SECRET_KEY}, {"RELOVE_SECRET_KEY": "a key of one's own", **REAL}],
    ids=["sandbox", "own key"],
)
def test_the_sandbox_or_a_key_of_ones_own_will_do(env: dict[str, str], tmp_path: Path) -> None:
    assert run(WEB, tmp_path, **env).stdout.strip() == "serves"


KEYS = ("RELOVE_SECRET_KEY", "RELOVE_PERSONAL_KEYS", "RELOVE_HASH_KEY", "RELOVE_SESSION_KEYS")


def test_containers_start_only_with_keys_and_sessions_stay_with_their_cluster() -> None:
    services = yaml.safe_load((PROJECT / "compose.yml").read_text())["services"]
    ours = {name: one["environment"] for name, one in services.items() if one.get("image") == "relove"}

    assert set(ours) == {"prepare", "web", "default", "llm", "telegram"}
    for name, environment in ours.items():
        for key in KEYS:
            is_kept_away = key == "RELOVE_SESSION_KEYS" and name != "telegram"
            assert environment[key] == ("" if is_kept_away else f"${{{key}:?set it in .env}}"), (name, key)
    places = {tuple(one["volumes"]) for one in services.values() if one.get("image") == "relove"}
    assert places == {("state:/var/lib/relove",)}, "an erasure has to find the archive, a backup has to last"
    assert "ENV RELOVE_STATE_DIR=/var/lib/relove" in (PROJECT / "Dockerfile").read_text()
    example = (PROJECT / ".env.example").read_text()
    assert [key for key in KEYS if f"# {key}=" not in example] == []
