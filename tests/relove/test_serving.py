"""No process serves the real Telegram under a key that everybody knows."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.test import Client
from django.urls import reverse

from relove.installation import Installation, Sandbox

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


def test_containers_run_what_make_up_runs() -> None:
    """The same commands, but for addresses: those are each surroundings' own."""
    here = {one.name: one for one in Installation(None, None, Sandbox(1, 2), web_port=8000).programs()}
    services = yaml.safe_load((PROJECT / "compose.yml").read_text())["services"]
    docker = (PROJECT / "Dockerfile").read_text()

    assert (
        {"web", "default", "llm", "telegram"}
        == set(here) - {"sandbox"}
        == set(services) - {*("prepare", "postgres", "valkey")}
    )
    for name in ("default", "llm", "telegram"):
        ours, theirs = here[name], services[name]
        assert theirs["command"][1:] == [Path(ours.command[1]).name, *ours.command[2:]]
        own = {key: value for key, value in ours.environment.items() if key != "RELOVE_SESSION_KEYS"}
        assert own.items() <= theirs["environment"].items()
        assert int(theirs["stop_grace_period"].rstrip("s")) >= ours.stop_seconds
    web = json.loads(docker[docker.index("CMD [") + 4 :].replace("\\\n", ""))
    addresses = ("--host=", "--port=", "--proxy-headers")
    assert "command" not in services["web"], "the image's own"
    assert [part for part in web[1:] if not part.startswith(addresses)] == [
        part for part in here["web"].command[1:] if not part.startswith(addresses)
    ]
    assert services["prepare"]["command"][1:] == ["manage.py", "prepare"]


@pytest.mark.django_db
def test_a_request_larger_than_any_file_of_ours_is_refused(client: Client, settings: Any) -> None:
    settings.UPLOAD_LIMIT = 1_000
    page = reverse("admin:login")
    assert client.post(page, {"username": "a" * 500}).status_code == 200
    assert client.post(page, {"username": "a" * 1_500}).status_code == 413
    for said in ("-1", "much"):
        assert client.post(page, {"username": "a"}, CONTENT_LENGTH=said).status_code == 413
