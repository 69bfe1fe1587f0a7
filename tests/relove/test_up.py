"""`manage.py up` as a person runs it: several starts in one state folder, and every way to end one."""

import http.client
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import expect, sync_playwright

from relove import installation
from relove.embedded import free_port, is_free, read_env
from tests.browser.conftest import browser_or_end

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]

PROJECT = Path(__file__).resolve().parents[2]
READY = "reLove is running"


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the state was not reached in time"
        time.sleep(0.05)


@dataclass
class Up:
    """A started `manage.py up` and what it printed so far."""

    process: subprocess.Popen[str]
    port: int
    state: Path

    def printed(self) -> str:
        return (self.state / "printed").read_text()

    def wait_ready(self) -> "Up":
        wait_for(lambda: READY in self.printed() or self.process.poll() is not None, 120)
        assert READY in self.printed()
        return self

    def end(self, number: signal.Signals, group: bool = False) -> int:
        """Signal the command or, as a terminal does, its whole process group; its exit status."""
        if group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        return self.process.wait(90)

    def running(self) -> list[str]:
        """Command lines of processes that belong to this state folder or to its environment."""
        mark = str(self.state).encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes()
                owned = mark in command or b"RELOVE_STATE_DIR=" + mark in (folder / "environ").read_bytes()
            except OSError:
                continue
            if owned and command:
                found.append(command.replace(b"\0", b" ").decode())
        return found


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A state folder that the servers' user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="relove-up-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def environment(state: Path) -> dict[str, str]:
    """As on a machine where nothing is configured."""
    ours = ("RELOVE_", "DATABASE_URL", "REDIS_URL", "DJANGO_", "PYTEST_")
    bare = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return bare | {"RELOVE_STATE_DIR": str(state)}


def manage(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=PROJECT, env=environment(state), capture_output=True, text=True, timeout=120
    )


@pytest.fixture
def start(home: Path) -> Iterator[Callable[[], Up]]:
    started: list[Up] = []

    def begin() -> Up:
        port = free_port()
        with (home / "printed").open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-u", "manage.py", "up", "--port", str(port)],
                cwd=PROJECT,
                env=environment(home),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
            )
        started.append(Up(process, port, home))
        return started[-1]

    yield begin
    for up in started:
        if up.process.poll() is None:
            up.end(signal.SIGTERM)


def test_the_first_start_gives_one_address_and_doctor_finds_everything_well(start: Callable[[], Up]) -> None:
    up = start().wait_ready()
    assert re.findall(r"http://\S+", up.printed()) == [f"http://127.0.0.1:{up.port}/"]
    connection = http.client.HTTPConnection("127.0.0.1", up.port, timeout=10)
    connection.request("GET", "/admin/login/")
    assert connection.getresponse().status == 200
    connection.close()

    wait_for(lambda: manage(up.state, "doctor").returncode == 0)
    web = next(line for line in up.running() if "uvicorn" in line)
    assert "relove.asgi:application" in web
    with psycopg.connect(read_env(up.state / "services.env")["DATABASE_URL"]) as connection_:
        connection_.execute("CREATE TABLE kept AS SELECT 'yes' AS answer")

    second = manage(up.state, "up")
    assert second.returncode != 0
    assert f"Another `make up` is running here (process {up.process.pid})" in second.stderr

    # as a terminal's Ctrl-C does
    assert up.end(signal.SIGINT, group=True) == 0
    assert up.running() == []
    assert not (up.state / "services.env").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_later_starts_keep_the_data_and_end_cleanly(start: Callable[[], Up], number: signal.Signals) -> None:
    up = start().wait_ready()
    with psycopg.connect(read_env(up.state / "services.env")["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == ("yes",)
    assert "changepassword admin" in up.printed()
    assert up.end(number) == 0
    assert up.running() == []


def test_a_killed_command_takes_everything_with_it_and_the_next_one_runs(start: Callable[[], Up]) -> None:
    killed = start().wait_ready()
    assert killed.end(signal.SIGKILL) == -signal.SIGKILL
    wait_for(lambda: killed.running() == [])
    up = start().wait_ready()
    assert up.end(signal.SIGTERM) == 0
    assert up.running() == []


@pytest.mark.browser
def test_an_open_page_tells_that_postgresql_was_started_anew(start: Callable[[], Up]) -> None:
    up = start().wait_ready()
    wait_for(lambda: manage(up.state, "doctor").returncode == 0)
    password = secrets.token_urlsafe()
    told = f"from relove.models import Staff; s = Staff.objects.get(); s.set_password('{password}'); s.save()"
    assert manage(up.state, "shell", "-c", told).returncode == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_or_end(), args=["--no-sandbox"])
        page = browser.new_page(base_url=f"http://127.0.0.1:{up.port}")
        page.goto("/admin/")
        page.fill("#id_username", "admin")
        page.fill("#id_password", password)
        page.keyboard.press("Enter")
        # it was started just now
        news = page.locator('[data-trouble="database"]')
        expect(news).to_contain_text("PostgreSQL был запущен заново", timeout=60_000)
        before = news.locator("time").get_attribute("datetime")
        assert before is not None
        page.evaluate("window.opened = true")

        postmaster = int((up.state / "services/postgres/postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGQUIT)

        after = page.locator(f'[data-trouble="database"] time:not([datetime="{before}"])')
        expect(after).to_be_visible(timeout=60_000)
        assert page.evaluate("window.opened"), "nobody reloaded"
        browser.close()
    wait_for(lambda: manage(up.state, "doctor").returncode == 0)


def test_only_the_telegram_cluster_is_given_the_session_ring(start: Callable[[], Up]) -> None:
    up = start().wait_ready()
    ring = read_env(up.state / "session-keys.env")["RELOVE_SESSION_KEYS"].encode()
    given = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"RELOVE_SESSION_KEYS=" + ring in variables:
            given.add(next(v for v in variables if v.startswith(b"SUPERVISOR_PROCESS_NAME=")))
    assert given == {b"SUPERVISOR_PROCESS_NAME=telegram"}
    assert up.end(signal.SIGTERM) == 0


def test_a_taken_port_is_refused_in_a_sentence(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = manage(home, "up", "--port", str(port))
    assert f"Port {port} is in use" in refused.stderr
    assert is_free(port)


def test_what_an_ending_neighbour_wrote_is_not_taken_for_a_persons_setting(
    monkeypatch: pytest.MonkeyPatch, settings: Any, home: Path
) -> None:
    """Read with the settings, gone a moment later: the other `up` has taken its file away."""
    monkeypatch.setenv("DATABASE_URL", "postgres://relove@127.0.0.1:4/relove")
    settings.SERVICES_FOUND = {"DATABASE_URL": "postgres://relove@127.0.0.1:4/relove"}
    assert not installation.configured("DATABASE_URL")

    settings.SERVICES_FOUND = {}
    assert installation.configured("DATABASE_URL")
