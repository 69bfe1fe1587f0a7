"""`manage.py doctor`: what it says when a part is not well."""

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from accounts_mgmt.models import TelegramAccountSession
from relove import checkup, partitions
from relove.checkup import Trouble
from relove.embedded import free_port
from relove.fields import Sealed, new_key

PROJECT = Path(__file__).resolve().parents[2]


def test_a_line_for_each_part_and_no_secret_when_nothing_runs(tmp_path: Path) -> None:
    closed = [free_port() for _ in range(4)]
    env = os.environ | {
        "RELOVE_STATE_DIR": str(tmp_path),
        "DATABASE_URL": f"postgres://relove:canary-one@127.0.0.1:{closed[0]}/relove",
        "REDIS_URL": f"redis://:canary-two@127.0.0.1:{closed[1]}/0",
        "RELOVE_SANDBOX_TELEGRAM": f"127.0.0.1:{closed[2]}",
        "RELOVE_SANDBOX_HTTP": f"http://127.0.0.1:{closed[3]}",
        "RELOVE_PERSONAL_KEYS": "canary-three",
    }
    (tmp_path / "backups").mkdir()
    old = tmp_path / "backups" / "relove-20200101-000000.dump"
    old.touch()
    os.utime(old, (0, 0))
    command = [sys.executable, "manage.py", "doctor"]
    done = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True)
    said = done.stdout.splitlines()
    assert done.returncode == 1
    names = [*(name for name, _ in checkup.CHECKS), "outbox"]
    assert [line.split(":")[0] for line in said] == [f"WRONG  {name}" for name in names]
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stdout + done.stderr


@pytest.mark.django_db
def test_a_missing_month_is_named() -> None:
    now = timezone.now()
    partitions.ensure_partitions(now)
    assert checkup.check_partitions() == "3 months ahead"
    month = partitions.Month.of(now).plus(2).partition("operation_logs")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {month}")
    with pytest.raises(Trouble, match=month):
        checkup.check_partitions()


@pytest.mark.parametrize("ring", [[], ["short"], ["not base64!"]])
def test_a_ring_without_good_keys_is_told(settings: SettingsWrapper, ring: list[str]) -> None:
    settings.PERSONAL_KEYS = [new_key()]
    settings.SESSION_KEYS = ring
    with pytest.raises(Trouble, match="RELOVE_SESSION_KEYS holds no keys"):
        checkup.check_keys()


@pytest.mark.django_db
def test_a_key_taken_out_too_early_is_told(settings: SettingsWrapper) -> None:
    settings.PERSONAL_KEYS, settings.SESSION_KEYS = [new_key()], [new_key()]
    TelegramAccountSession.objects.create(label="one", role="main", session=Sealed.seal("session", b"auth key"))
    assert checkup.check_keys() == "both rings, stored values opened: 1"

    settings.SESSION_KEYS = [new_key()]
    with pytest.raises(Trouble, match=r"taken out too early.*Put the key that is missing back"):
        checkup.check_keys()


class Answering(http.server.BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def model_server(settings: SettingsWrapper) -> Iterator[type[Answering]]:
    handler = type("Handler", (Answering,), {})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        settings.LLM_BASE_URL = f"http://127.0.0.1:{server.server_port}/v1"
        yield handler
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("status", [200, 404])
def test_a_model_server_that_answers_is_well(model_server: type[Answering], status: int) -> None:
    model_server.status = status
    assert checkup.check_llm().startswith("http://127.0.0.1:")


@pytest.mark.parametrize(("status", "hint"), [(401, "check LLM_API_KEY"), (503, "answers 503")])
def test_a_model_server_that_refuses_is_told(model_server: type[Answering], status: int, hint: str) -> None:
    model_server.status = status
    with pytest.raises(Trouble, match=hint):
        checkup.check_llm()
