"""`manage.py demo` as a person runs it: a foreign export, and an export that is none."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.flows.foreign import export

# as many as bring every kind of harm; RELOVE_FOREIGN_POSTS=500 asks for more
MADE = int(os.environ.get("RELOVE_FOREIGN_POSTS", "50"))
NASTY = Path(__file__).parents[1] / "sandbox" / "nasty_export.json"

# a busy machine needs minutes for what takes seconds on a quiet one
SECONDS = 280 + 2 * (MADE - 50)
pytestmark = [pytest.mark.processes, pytest.mark.timeout(SECONDS + 20)]


def demo(path: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", "demo", "--json", f"--export={path}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)


def test_harm_of_every_kind_in_a_foreign_export_does_none(tmp_path: Path) -> None:
    foreign = export(MADE)
    foreign["messages"] += json.loads(NASTY.read_text())["messages"]
    path = tmp_path / "result.json"
    path.write_text(json.dumps(foreign))
    done = demo(path)
    counted = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert counted["posts"] > MADE
    assert counted["drafted"] + counted["refused"] == counted["posts"]
    assert counted["approved"] == counted["drafted"] == counted["sent"] == counted["with_metrics"]
    assert (counted["lost"], counted["duplicated"]) == (0, 0)
    # what the programs' logs tell of errors is told here
    assert not re.search(r"ERROR|Traceback", done.stderr)


@pytest.mark.parametrize(
    ("written", "said"),
    [(None, "There is no file"), ("{", "is not JSON"), ('{"messages": []}', "no post with a text")],
)
def test_what_is_no_export_is_refused_before_anything_starts(
    written: str | None, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "result.json"
    if written:
        path.write_text(written)
    with pytest.raises(CommandError, match=said):
        call_command("demo", export=path)
