"""The ceiling of the whole system: four processes with more to send than it allows, by the server's clock."""

import time
from collections.abc import Sequence
from contextlib import ExitStack

from django.conf import settings
from django.utils import timezone

from accounts_mgmt.outbox import CHANNEL
from accounts_mgmt.private.dialogues import Thread
from relove.db import notify
from relove.management.benchmark import (
    Bench,
    Figures,
    at_least,
    at_most,
    benchmark,
    crowd,
    running,
    wait_until,
)
from relove.sandbox.client import SandboxClient

PROCESSES = 4
ACCOUNTS = 20
PEOPLE_EACH = 10
SECONDS = 60.0
# what the customer allows in any second; more than that is waiting all the time
ALLOWED = 30
WAITING = int(ALLOWED * SECONDS * 1.2)


@benchmark(
    "ceiling",
    {"per_second": at_least(27), "worst_window": at_most(ALLOWED)},
    {
        "RELOVE_ACCOUNTS_PER_RUNNER": str(ACCOUNTS // PROCESSES),
        "RELOVE_PACE_PER_SECOND": "30",
        "RELOVE_PACE_PER_MINUTE": "1800",
    },
)
def ceiling(bench: Bench) -> Figures:
    """Messages a second over a minute, and the most in any window of one second of all rounds."""
    client = SandboxClient(settings.SANDBOX_HTTP)
    accounts = crowd.connect(client, ACCOUNTS, timezone.now())
    figures: dict[str, list[float]] = {"per_second": [], "worst_window": []}
    with ExitStack() as stack:
        for _process in range(PROCESSES):
            stack.enter_context(running({"Q_CLUSTER_NAME": "telegram"}, "qcluster"))
        wait_until(lambda: len(client.stats()["online"]) == ACCOUNTS, "the accounts are not held", 120)
        threads = crowd.acquaint(client, accounts, PEOPLE_EACH)
        for number in range(bench.rounds):
            times = _minute(client, threads)
            figures["per_second"].append(len(times) / SECONDS)
            figures["worst_window"].append(worst_window(times))
            latest = ", ".join(f"{name} {values[-1]:g}" for name, values in figures.items())
            bench.tell(f"round {number + 1}: {latest}")
    # a ceiling is not kept by the median
    return {**figures, "worst_window": [max(figures["worst_window"])]}


def worst_window(times: Sequence[float]) -> int:
    """The most that fall into any second, the times being in order."""
    worst = start = 0
    for end, moment in enumerate(times):
        while moment - times[start] >= 1.0:
            start += 1
        worst = max(worst, end - start + 1)
    return worst


def _minute(client: SandboxClient, threads: list[Thread]) -> list[float]:
    """The server's times of what it accepted in the first minute, seconds in order."""
    before = client.stats()["accepted"]
    # more than a minute has room for, spread over all chats
    now = timezone.now()
    crowd.queue((threads[number % len(threads)], now) for number in range(WAITING))
    notify(CHANNEL)
    wait_until(lambda: client.stats()["accepted"] > before, "nothing was sent")
    time.sleep(SECONDS + 1)
    crowd.clear()
    times = sorted(entry["time"] for entry in client.ledger(before) if entry["random_id"])
    return [moment for moment in times if moment < times[0] + SECONDS]
