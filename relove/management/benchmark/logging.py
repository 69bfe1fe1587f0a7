"""What the logs cost the way of a message: the same runner with them and without.

Counted is processor time, of the runner and of its connections' processes in PostgreSQL: on a machine that others
use as well, time by the clock says more of them than of us.
"""

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from logging import StreamHandler, getLogger
from pathlib import Path
from typing import Any
from unittest.mock import patch

import uvloop
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts_mgmt import bookkeeping
from accounts_mgmt.outbox import CHANNEL, Origin, Status
from accounts_mgmt.private.dialogues import open_thread
from accounts_mgmt.tasks import hold
from commentators.models import DirectMessage
from relove.cluster import Drain
from relove.db import notify
from relove.management import sandbox_world
from relove.management.benchmark import Bench, Figures, at_most, benchmark, crowd, ratios, wait_until
from relove.models import OperationLog
from relove.sandbox.client import SandboxClient

MESSAGES, PEOPLE_EACH = 600, 10
# in a round: single ones differ by a sixth, more than what is measured
TURNS = 5


@benchmark(
    "logging",
    {"cost": at_most(0.05)},
    {
        "RELOVE_SEND_CEILING": "0",
        "RELOVE_PACE_PER_SECOND": "1000",
        "RELOVE_PACE_PER_MINUTE": "60000",
        # lines of each operation are part of it
        "RELOVE_LOG_LEVEL": "INFO",
        "RELOVE_LOG_FORMAT": "json",
    },
)
def logging(bench: Bench) -> Figures:
    """The share of a message's processor time that its row in operation_logs and its line in a log take."""
    client = SandboxClient(settings.SANDBOX_HTTP)
    client.world(sandbox_world.description())
    accounts = [one.session for one in sandbox_world.connect_accounts(client, timezone.now())]
    with _lines_in_a_file(), _runner():
        wait_until(lambda: len(client.stats()["online"]) >= len(accounts), "the accounts are not held", 120)
        crowd.acquaint(client, accounts, PEOPLE_EACH)
        _seconds(client)  # nothing is warm yet
        contenders = {"with": lambda: _logged(client), "without": lambda: _unlogged(client)}
        found = bench.in_turns(contenders, TURNS)
    return {"cost": [ratio - 1 for ratio in ratios(found["with"], found["without"])]}


@contextmanager
def _lines_in_a_file() -> Iterator[None]:
    """As under a process manager, and out of the way of what is told here."""
    handler = getLogger().handlers[0]
    assert isinstance(handler, StreamHandler)
    with tempfile.TemporaryFile("w") as file:
        before = handler.setStream(file)
        try:
            yield
        finally:
            handler.setStream(before)


@contextmanager
def _runner() -> Iterator[None]:
    """In this process, where it can be told not to log."""
    drain = Drain.manual()
    thread = threading.Thread(target=lambda: uvloop.run(hold(drain)))
    thread.start()
    try:
        yield
    finally:
        drain.set()
        thread.join()


def _logged(client: SandboxClient) -> float:
    before = OperationLog.objects.count()
    seconds = _seconds(client)
    wait_until(lambda: OperationLog.objects.count() >= before + MESSAGES, "not every message is logged")
    return seconds


def _unlogged(client: SandboxClient) -> float:
    with patch.object(bookkeeping, "is_news", lambda settlement: False):
        return _seconds(client)


def _seconds(client: SandboxClient) -> float:
    """Processor time of so many messages, from the queue to their verdict."""
    before, began = client.stats()["accepted"], _spent()
    _queue()
    unsent = DirectMessage.objects.exclude(status=Status.SENT)
    # seldom: the question itself costs, and takes the interpreter from the runner
    wait_until(lambda: not unsent.exists(), "not all were sent", 120, 0.5)
    spent = _spent() - began
    assert client.stats()["accepted"] - before >= MESSAGES
    return spent


def _spent() -> float:
    """Seconds of processor that this process and the database's processes for it have had."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
        pids = [pid for (pid,) in cursor.fetchall()]
    return time.process_time() + sum(map(_of_process, pids))


def _of_process(pid: int) -> float:
    # behind the name, which may hold anything: state is the third field, utime and stime the 14th and 15th
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _queue() -> None:
    now = timezone.now()
    heard = DirectMessage.objects.received().select_related("sender", "user").order_by("user_id")
    threads = [open_thread(row.sender, row.user) for row in heard]
    rows: list[Any] = []
    for number in range(MESSAGES):
        row = threads[number % len(threads)].new(DirectMessage.Direction.OUT, f"Ответ {number}", Origin.PERSON)
        row.queue(now)
        rows.append(row)
    DirectMessage.objects.bulk_create(rows)
    notify(CHANNEL)
