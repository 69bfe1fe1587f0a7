"""Starting everything on one machine: from `manage.py up` to the first page, at first and the second time.

`make up` is the same once the packages are there, which are downloads and stand apart. The first start makes
the database cluster, keys, tables and the sandbox's world; the second finds them.
"""

import os
import subprocess
import time
import urllib.request
from pathlib import Path
from signal import SIGTERM

from relove.embedded import free_port, passing_folder
from relove.embedded.process import die_with_parent
from relove.installation import manage
from relove.management.benchmark import Bench, Figures, at_most, benchmark, ended, wait_until

PATIENCE = 600.0
# What a benchmark's own system says of itself, and what a start finds or makes by itself.
OURS = ("RELOVE_", "LLM_", "DATABASE_URL", "REDIS_URL")


@benchmark("start", {"second_s": at_most(8), "first_s": at_most(90)})
def start(bench: Bench) -> Figures:
    """Seconds until the first page, each round in a new folder."""
    found: dict[str, list[float]] = {"first_s": [], "second_s": []}
    for number in range(bench.rounds):
        with passing_folder() as folder:
            port = free_port()
            for seconds in found.values():
                seconds.append(_started(folder, port))
        latest = ", ".join(f"{name} {values[-1]:.1f}" for name, values in found.items())
        bench.tell(f"round {number + 1}: {latest}")
    return found


def _started(folder: Path, port: int) -> float:
    env = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: S603
        manage("up", f"--port={port}"),
        env={**env, "RELOVE_STATE_DIR": str(folder / "state")},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent(SIGTERM),
    )
    with ended(process):
        wait_until(lambda: _answers(port) or process.poll() is not None, "no page is there", PATIENCE)
        took = time.monotonic() - began
        assert process.poll() is None, "it did not start"
    return took


def _answers(port: int) -> bool:
    """Whether the page to sign in, where the first visit leads, is there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
