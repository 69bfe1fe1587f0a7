"""Clusters as real processes: the stopped drain, the killed leave nothing, the frozen are ended."""

import ast
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.utils import timezone
from django_q.signing import SignedPackage

ROOT = Path(__file__).resolve().parents[2]
STOPS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]

pytestmark = pytest.mark.processes


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"within {seconds} s: {what}"
        time.sleep(0.02)


def manage(*arguments: str, env: dict[str, str]) -> str:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True).stdout


def is_running(pid: int) -> bool:
    """A zombie does not run; nobody may have reaped it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """The environment of clusters with a database of their own: they commit, tests' transactions do not."""
    name = f"cluster_{uuid.uuid4().hex[:12]}"
    server = os.environ["DATABASE_URL"]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    env = {
        **os.environ,
        "DATABASE_URL": server.rpartition("/")[0] + f"/{name}",
        "DJANGO_SETTINGS_MODULE": "tests.relove.cluster_settings",
    }
    manage("migrate", "django_q", env=env)
    # what staff have set is read before every task
    manage("migrate", "constance", env=env)
    manage("createcachetable", env=env)
    yield env
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def database(environment: dict[str, str]) -> Iterator[psycopg.Connection]:
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("TRUNCATE django_q_ormq, django_q_task")
        yield connection


class RunningCluster:
    """A cluster started as its process manager would, with what its tasks wrote and all its processes."""

    def __init__(self, name: str, folder: Path, environment: dict[str, str]) -> None:
        self.mark = f"TEST_MARK={uuid.uuid4().hex}"
        self.log = folder / f"{name}.log"
        self.log.touch()
        self.output = (folder / f"{name}.out").open("ab")
        key, _, value = self.mark.partition("=")
        env = {**environment, key: value, "TEST_LOG": str(self.log), "Q_CLUSTER_NAME": name}
        self.main = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=ROOT,
            env=env,
            stdout=self.output,
            stderr=self.output,
            start_new_session=True,
        )

    def noted(self, word: str) -> list[int]:
        """The pids of the tasks that wrote this word."""
        lines = (line.split() for line in self.log.read_text().splitlines())
        return [int(pid) for written, pid in lines if written == word]

    def holders(self) -> list[int]:
        return [pid for pid in self.noted("begin") if is_running(pid)]

    def processes(self) -> list[int]:
        """All running processes of this cluster, orphans too: they inherit its environment."""
        pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
        return [pid for pid in pids if is_running(pid) and self._is_ours(pid)]

    def _is_ours(self, pid: int) -> bool:
        try:
            return self.mark.encode() in Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return False

    def children(self, pid: int) -> list[int]:
        pids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in pids]

    @property
    def sentinel(self) -> int:
        return self.children(self.main.pid)[0]

    def wait_for_holders(self, count: int) -> None:
        wait_for(lambda: len(self.holders()) == count, 15, f"{count} holders")

    def ends(self, within: float) -> int:
        """The exit status, once no process is left."""
        status = self.main.wait(within)
        wait_for(lambda: not self.processes(), within, "no process is left")
        return status

    def kill(self) -> None:
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        self.main.wait(5)
        self.output.close()


@pytest.fixture
def start(
    environment: dict[str, str], database: psycopg.Connection, tmp_path: Path
) -> Iterator[Callable[..., RunningCluster]]:
    clusters: list[RunningCluster] = []

    def start_one(name: str = "telegram", **settings: object) -> RunningCluster:
        extra = {key: str(value) for key, value in settings.items()}
        clusters.append(RunningCluster(name, tmp_path, {**environment, **extra}))
        return clusters[-1]

    yield start_one
    for cluster in clusters:
        cluster.kill()


def enqueue(database: psycopg.Connection, cluster: str, func: str, *args: str, age: float = 0.0) -> None:
    """Put a message into a cluster's queue as async_task does, in the clusters' own database."""
    now = timezone.now() - timedelta(seconds=age)
    task = {"id": uuid.uuid4().hex, "name": "test", "func": func, "args": args, "kwargs": {}, "started": now}
    database.execute(
        "INSERT INTO django_q_ormq (key, payload, lock) VALUES (%s, %s, %s)",
        [cluster, SignedPackage.dumps(task), now],
    )


@pytest.mark.parametrize("to_group", [False, True], ids=["main", "group"])
@pytest.mark.parametrize("stop", STOPS)
def test_a_stopped_cluster_drains_and_leaves_nothing(
    start: Callable[..., RunningCluster], stop: signal.Signals, to_group: bool
) -> None:
    cluster = start(TEST_HOLDERS=2)
    cluster.wait_for_holders(2)
    (os.killpg if to_group else os.kill)(cluster.main.pid, stop)
    assert cluster.ends(within=10) == 0
    assert sorted(cluster.noted("end")) == sorted(cluster.noted("begin"))
    assert len(cluster.noted("begin")) == 2


def test_a_killed_worker_is_replaced_within_two_seconds(start: Callable[..., RunningCluster]) -> None:
    cluster = start(TEST_HOLDERS=2)
    cluster.wait_for_holders(2)
    for count in (3, 4):
        os.kill(cluster.holders()[0], signal.SIGKILL)
        wait_for(lambda count=count: len(cluster.noted("begin")) == count, 2, "a new holder")
        assert len(cluster.holders()) == 2
    os.kill(cluster.main.pid, signal.SIGTERM)
    assert cluster.ends(within=10) == 0


@pytest.mark.parametrize("victim", ["sentinel", "main"])
def test_a_killed_sentinel_or_main_process_leaves_no_orphan(
    start: Callable[..., RunningCluster], victim: str
) -> None:
    cluster = start(TEST_HOLDERS=2)
    cluster.wait_for_holders(2)
    os.kill(cluster.sentinel if victim == "sentinel" else cluster.main.pid, signal.SIGKILL)
    assert cluster.ends(within=5) == (1 if victim == "sentinel" else -signal.SIGKILL)
    assert sorted(cluster.noted("end")) == sorted(cluster.noted("begin")), "holders settle before they go"


@pytest.mark.parametrize("frozen", ["holder", "sentinel"])
def test_a_frozen_process_ends_its_cluster_for_a_restart(
    start: Callable[..., RunningCluster], frozen: str
) -> None:
    cluster = start(TEST_HOLDERS=2, TEST_SILENT_AFTER=1)
    cluster.wait_for_holders(2)
    os.kill(cluster.holders()[0] if frozen == "holder" else cluster.sentinel, signal.SIGSTOP)
    assert cluster.ends(within=6) == 1
    assert len(cluster.noted("end")) == (1 if frozen == "holder" else 2), "the others settle"


def test_a_holder_deaf_to_the_stop_is_killed(start: Callable[..., RunningCluster]) -> None:
    cluster = start(TEST_DEAF=1, TEST_STOP_WITHIN=1)
    cluster.wait_for_holders(1)
    os.kill(cluster.main.pid, signal.SIGTERM)
    assert cluster.ends(within=4) == 1
    assert not cluster.noted("end")


def test_a_deaf_orphan_kills_itself(start: Callable[..., RunningCluster]) -> None:
    cluster = start(TEST_DEAF=1, TEST_WITHIN=1)
    cluster.wait_for_holders(1)
    os.kill(cluster.main.pid, signal.SIGKILL)
    assert cluster.ends(within=4) == -signal.SIGKILL


def test_old_messages_make_no_more_holders(
    start: Callable[..., RunningCluster], database: psycopg.Connection
) -> None:
    for _ in range(5):
        enqueue(database, "telegram", "tests.relove.longtask.hold", age=100)
    database.execute("UPDATE django_q_ormq SET lock = lock + interval '86400 s' WHERE id % 2 = 0")
    for _ in range(6):
        enqueue(database, "telegram", "tests.relove.longtask.hold")
    cluster = start(TEST_HOLDERS=2)
    cluster.wait_for_holders(2)
    assert database.execute("SELECT count(*) FROM django_q_ormq").fetchone() == (6,), "the old ones are gone"
    # with the local queue full of messages nobody will read, the stop must not hang
    os.kill(cluster.main.pid, signal.SIGTERM)
    assert cluster.ends(within=10) == 0
    assert len(cluster.noted("begin")) == 2


def test_killing_idle_workers_does_not_stall_a_cluster(
    start: Callable[..., RunningCluster], database: psycopg.Connection
) -> None:
    cluster = start("default")
    enqueue(database, "default", "tests.relove.longtask.note", "ran")
    wait_for(lambda: cluster.noted("ran"), 15, "the first task has run")
    *_, monitor, pusher = cluster.children(cluster.sentinel)
    for count in range(2, 7):
        for worker in set(cluster.children(cluster.sentinel)) - {monitor, pusher}:
            os.kill(worker, signal.SIGKILL)
        enqueue(database, "default", "tests.relove.longtask.note", "ran")
        wait_for(lambda count=count: len(cluster.noted("ran")) == count, 5, f"task {count} has run")
    os.kill(cluster.main.pid, signal.SIGTERM)
    assert cluster.ends(within=10) == 0


def test_clusters_heartbeats_can_be_read_elsewhere(
    start: Callable[..., RunningCluster], environment: dict[str, str]
) -> None:
    cluster = start("telegram")
    cluster.wait_for_holders(1)
    code = "from relove.cluster import live_heartbeats as beats; print(beats())"
    output = manage("shell", "-v0", "-c", code, env=environment)
    ages = ast.literal_eval(output.strip().splitlines()[-1])
    assert ages["default"] is None or ages["default"] >= 0
    assert 0 <= ages["telegram"] < 10
