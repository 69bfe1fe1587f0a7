"""Runs the contenders of `send` (`relove.sandbox.contenders`), each in processes of its own."""

import hashlib
import json
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.db import connection
from django_q.models import OrmQ
from django_q.tasks import async_task

from relove.management.benchmark import program, wait_until
from relove.sandbox.client import SandboxClient
from relove.sandbox.contenders import table
from relove.sandbox.contenders.plan import VARIABLE, Plan

PACKAGE = "relove.sandbox.contenders"
REQUIREMENTS = settings.BASE_DIR / "relove" / "sandbox" / "contenders" / "requirements.txt"
# one task per message takes its time
PATIENCE = 300.0


def raw(plan: Plan, folder: Path) -> dict[str, float]:
    """Messages a second of Telethon alone: `answered`, and `read` with all updates that came with the answers."""
    done = subprocess.run(_module("raw"), env=_planned(plan, folder), stdout=subprocess.PIPE, check=True)  # noqa: S603
    rates: dict[str, float] = json.loads(done.stdout)
    return rates


def seed(plan: Plan, folder: Path) -> float:
    """Messages a second of the customer's loop."""
    return _rate(plan, _module("seed"), _planned(plan, folder))


def one_task_each(plan: Plan, folder: Path) -> float:
    """Messages a second of one django-q2 task for each; they are queued before the clock starts."""
    environment = _planned(plan, folder)
    OrmQ.objects.all().delete()
    for message in plan.messages:
        async_task(f"{PACKAGE}.q2.send", message.id)
    return _rate(plan, _module("q2"), environment)


def dramatiq(plan: Plan, folder: Path) -> float:
    """Messages a second of one Dramatiq message for each; they are queued before the clock starts."""
    environment, python = _planned(plan, folder), str(dramatiq_python())
    tasks = f"{PACKAGE}.dramatiq_tasks"
    subprocess.run([python, "-m", tasks], env=environment, check=True)  # noqa: S603
    work = [python, "-m", "dramatiq", tasks, "--processes=1", f"--log-file={folder / 'dramatiq.log'}"]
    return _rate(plan, work, environment)


def dramatiq_python() -> Path:
    """Of an environment with Dramatiq, which is made at first use and kept among the user's caches."""
    asked = REQUIREMENTS.read_bytes() + sys.version.encode()
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = caches / "relove" / f"contenders-{hashlib.sha256(asked).hexdigest()[:12]}"
    if not (home / "complete").exists():
        venv.create(home, clear=True, with_pip=True)
        install = ["-m", "pip", "install", "--quiet", "--requirement", str(REQUIREMENTS)]
        subprocess.run([str(home / "bin" / "python"), *install], check=True)  # noqa: S603
        (home / "complete").touch()
    return home / "bin" / "python"


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", f"{PACKAGE}.{name}"]


def _planned(plan: Plan, folder: Path) -> dict[str, str]:
    """The environment of a contender, its plan and its table being filled."""
    path = folder / "plan.json"
    plan.write(path)
    with connection.cursor() as cursor:
        cursor.execute(table.CREATE)
        cursor.executemany(table.INSERT, plan.messages)
    return {**os.environ, VARIABLE: str(path), "PYTHONPATH": str(settings.BASE_DIR), "RELOVE_LOG_LEVEL": "WARNING"}


def _rate(plan: Plan, command: Sequence[str], environment: dict[str, str]) -> float:
    """From the first to the last message that the server accepted, by its clock: connecting is left out."""
    client = SandboxClient(settings.SANDBOX_HTTP)
    before = client.stats()["accepted"]
    with program(command, environment):
        wait_until(_all_sent, "a contender has not sent everything", PATIENCE, 0.1)
    times: list[float] = [entry["time"] for entry in client.ledger(before)]
    assert len(times) == len(plan.messages), "a contender sent something twice"
    return (len(times) - 1) / (max(times) - min(times))


def _all_sent() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM contender_messages WHERE status <> 'sent'")
        [left] = cursor.fetchone() or [0]
    return bool(left == 0)
