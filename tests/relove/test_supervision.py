"""Programs under supervisord: order of stopping, restarts, and nothing left behind."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from relove.foreground import ForegroundError, check_place, only_instance
from relove.leftovers import Leftovers
from relove.supervision import Program, SupervisionError, Supervisor

# says in a shared file when it starts and when it is asked to stop
DUMMY = """
import signal, sys
name, diary = sys.argv[1:]
def note(word):
    with open(diary, "a") as file:
        file.write(f"{word} {name}\\n")
def stop(number, frame):
    note("stop")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
note("start")
while True:
    signal.pause()
"""


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the state was not reached in time"
        time.sleep(0.02)


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    (tmp_path / "dummy.py").write_text(DUMMY)
    path = tmp_path / "diary"
    path.touch()
    return path


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[int]:
    with only_instance(tmp_path / "lock", print) as descriptor:
        yield descriptor


def dummy(name: str, diary: Path, priority: int, group: str = "") -> Program:
    return Program(name, [sys.executable, str(diary.with_name("dummy.py")), name, str(diary)], priority, group)


def supervisor(programs: list[Program], folder: Path, lock: int) -> Supervisor:
    return Supervisor(programs, folder / "log", folder / "processes.json", lock, dict(os.environ))


def start_all(running: Supervisor, diary: Path) -> None:
    for name in running.programs:
        running.start(name)
    wait_for(lambda: diary.read_text().count("start") == len(running.programs))


def test_programs_stop_by_priority_the_first_one_last(tmp_path: Path, diary: Path, lock: int) -> None:
    programs = [dummy("base", diary, 10), dummy("middle", diary, 20, "group"), dummy("top", diary, 30)]
    with supervisor(programs, tmp_path, lock) as running:
        start_all(running, diary)
    stops = [line for line in diary.read_text().splitlines() if line.startswith("stop")]
    assert stops == ["stop top", "stop middle", "stop base"]


def test_a_dead_program_is_restarted(tmp_path: Path, diary: Path, lock: int) -> None:
    with supervisor([dummy("worker", diary, 10)], tmp_path, lock) as running:
        start_all(running, diary)
        os.kill(running.statuses()["worker"].pid, signal.SIGKILL)
        wait_for(lambda: diary.read_text().count("start") == 2)


def test_a_program_that_cannot_start_is_named_with_its_last_words(tmp_path: Path, lock: int) -> None:
    broken = Program("broken", [sys.executable, "-c", "raise SystemExit('no room for 100%')"], 10)
    with supervisor([broken], tmp_path, lock) as running:
        running.start("broken")
        with pytest.raises(SupervisionError, match="broken ended while starting: no room for 100%"):
            wait_for(lambda: bool(running.check_started("broken")))


def test_programs_of_a_killed_supervisord_are_ended(tmp_path: Path, diary: Path, lock: int) -> None:
    with supervisor([dummy("orphan", diary, 10)], tmp_path, lock) as running:
        start_all(running, diary)
        running._process.kill()
        with pytest.raises(SupervisionError, match="supervisord ended"):
            wait_for(lambda: bool(running.statuses()) and False)
    assert "stop orphan" in diary.read_text()


def test_the_next_run_ends_what_an_earlier_one_left(tmp_path: Path, diary: Path, lock: int) -> None:
    orphan = subprocess.Popen(dummy("orphan", diary, 10).command, start_new_session=True)
    wait_for(lambda: "start orphan" in diary.read_text())
    Leftovers(tmp_path / "processes.json").note([orphan.pid])
    with supervisor([dummy("next", diary, 10)], tmp_path, lock):
        assert "stop orphan" in diary.read_text()
    assert orphan.wait() == 0


def test_environment_reaches_the_program_it_is_meant_for_alone(tmp_path: Path, lock: int) -> None:
    tell = [
        sys.executable,
        "-c",
        "import os, time; print(os.environ.get('RING'), flush=True); time.sleep(60)",
    ]
    programs = [
        Program("knows", tell, 10, environment={"RING": "a==,b%=="}),
        Program("ignorant", tell, 10),
    ]
    with supervisor(programs, tmp_path, lock) as running:
        for name in running.programs:
            running.start(name)
        wait_for(
            lambda: all(running.log(name).exists() and running.log(name).read_text() for name in running.programs)
        )
        assert running.log("knows").read_text() == "a==,b%==\n"
        assert running.log("ignorant").read_text() == "None\n"
        assert not any(b"a==" in path.read_bytes() for path in running._folder.rglob("*") if path.is_file())


def test_a_second_instance_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    refused = pytest.raises(ForegroundError, match=f"running here \\(process {os.getpid()}\\)")
    with only_instance(tmp_path / "lock", print), refused, only_instance(tmp_path / "lock", print):
        pass
    with only_instance(tmp_path / "lock", print):
        pass


def test_an_instance_waits_for_the_programs_of_one_that_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    killed = subprocess.Popen(["true"])
    killed.wait()
    path.write_text(str(killed.pid))
    said = []
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        programs = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[file.fileno()])

    def end_programs(message: str) -> None:
        said.append(message)
        programs.communicate()

    with only_instance(path, end_programs):
        assert path.read_text() == str(os.getpid())
    assert len(said) == 1
    assert "interrupted run" in said[0]


def test_a_folder_of_somebody_else_is_refused_in_a_sentence(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(ForegroundError, match="belongs to nobody"):
        check_place(tmp_path, None)


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relove.foreground.FREE_BYTES", 2**60)
    with pytest.raises(ForegroundError, match="make room"):
        check_place(tmp_path, None)
