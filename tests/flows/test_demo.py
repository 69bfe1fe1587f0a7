"""`manage.py demo` as a person runs it: a foreign export, and an export that is none."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.foreign import export

NASTY = Path(__file__).parents[1] / "sandbox" / "nasty_export.json"

# a busy machine needs minutes for what takes seconds on a quiet one
pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


def demo(path: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", "demo", "--json", f"--export={path}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=280)


def test_a_foreign_export_is_commented_to_the_end() -> None:
    done = demo(NASTY)
    counted = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert counted["posts"] > 0
    assert counted["drafted"] + counted["refused"] == counted["posts"]
    assert counted["approved"] == counted["sent"] == counted["with_metrics"]
    assert (counted["lost"], counted["duplicated"]) == (0, 0)


def test_harm_of_every_kind_in_a_foreign_export_does_none(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(export(60)))
    done = demo(path)
    counted = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert counted["posts"] == 60
    assert counted["drafted"] + counted["refused"] == 60
    assert counted["approved"] == counted["drafted"] == counted["sent"]
    assert (counted["lost"], counted["duplicated"]) == (0, 0)
    # what the programs' logs tell of errors is told here
    assert not re.search(r"ERROR|Traceback", done.stderr)


def test_what_is_no_export_is_refused_in_a_sentence(tmp_path: Path) -> None:
    export = tmp_path / "result.json"
    assert "There is no file" in demo(export).stderr
    export.write_text("{")
    done = demo(export)
    assert done.returncode != 0
    assert "is not JSON" in done.stderr
