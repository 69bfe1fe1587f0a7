"""Who this process is: told apart from others, from the dead, and from a pid used again."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from relove.host import Process, boottime, host_id, started

SLEEPER = [sys.executable, "-c", "import sys; sys.stdin.read()"]


@pytest.fixture
def child() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(SLEEPER, stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    host_id.cache_clear()
    yield
    host_id.cache_clear()


def test_this_process_is_alive() -> None:
    me = Process.current()
    assert (me.pid, me.is_alive) == (os.getpid(), True)
    assert me == Process.current()


def test_a_process_that_ended_is_dead_even_before_it_is_waited_for(child: "subprocess.Popen[bytes]") -> None:
    other = Process(child.pid, started(child.pid) or 0)
    assert other.is_alive
    child.kill()
    deadline = time.monotonic() + 10
    while other.is_alive:
        assert time.monotonic() < deadline, "a zombie counts as alive"
    child.wait()
    assert not other.is_alive
    assert started(child.pid) is None


def test_a_pid_used_again_is_another_process(child: "subprocess.Popen[bytes]") -> None:
    begun = started(child.pid)
    assert begun
    assert not Process(child.pid, begun - 1).is_alive


def test_a_name_with_spaces_and_brackets_is_read_past(child: "subprocess.Popen[bytes]") -> None:
    rename = "import ctypes, sys; ctypes.CDLL(None).prctl(15, b') R 1 (x'); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", rename], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as odd:
        assert odd.stdout
        odd.stdout.readline()
        begun = started(odd.pid)
        odd.kill()
    assert begun is not None
    assert begun >= (started(os.getpid()) or 0)


def test_the_host_is_named_by_boot_and_namespace_or_by_its_setting(settings: Settings) -> None:
    settings.HOST_ID = ""
    found = host_id()
    assert found == host_id()
    assert os.readlink("/proc/self/ns/pid") in found
    assert len(found) <= 128, "it fits its column"
    host_id.cache_clear()
    settings.HOST_ID = "node-7"
    assert host_id() == "node-7"


def test_the_clock_only_goes_forward() -> None:
    first = boottime()
    assert first <= boottime()
    assert first >= time.clock_gettime(time.CLOCK_MONOTONIC) - 1
