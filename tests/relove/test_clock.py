"""The database's clock decides: a process whose machine is two hours off writes the right times."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from relove import clock
from relove.management.chaos.clocks import make_clocks

TELL = """
import django
django.setup()
from django.db import connection
from django.utils import timezone
from relove import clock
connection.ensure_connection()
print(timezone.now().timestamp(), clock.own_clock().timestamp())
"""


@pytest.mark.skipif(not shutil.which("cc"), reason="a wrong clock is made with a C compiler")
@pytest.mark.parametrize("wrong_by", [7200, -7200])
def test_a_machine_with_a_wrong_clock_goes_by_the_databases(wrong_by: int, tmp_path: Path) -> None:
    clocks = make_clocks(tmp_path, ["here"])
    assert clocks
    clocks.set_wrong("here", wrong_by)
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "relove.settings", **clocks.environment("here")}
    said = subprocess.run([sys.executable, "-c", TELL], env=env, stdout=subprocess.PIPE, text=True, check=True)
    ours, own = (float(word) for word in said.stdout.split())
    assert abs(own - time.time() - wrong_by) < 60, "its machine's clock is wrong"
    assert abs(ours - time.time()) < 60, "and it is not believed"


@pytest.mark.django_db
def test_it_is_asked_again_after_a_while_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_last", None)
    connection.ensure_connection()
    clock.follow(connection)
    first = clock._last
    assert first
    clock.follow(connection)
    assert clock._last is first
    monkeypatch.setattr(clock, "ASK_AGAIN_SECONDS", 0.0)
    clock.follow(connection)
    assert clock._last is not first
    assert abs((timezone.now() - clock.own_clock()).total_seconds()) < 5
