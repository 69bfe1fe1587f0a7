"""The ceiling of the whole system: four processes with more to send than it allows, by the server's clock."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import CHANNEL, Origin, Status
from accounts_mgmt.private.dialogues import open_thread
from commentators.models import DirectMessage
from relove.db import notify
from relove.management import sandbox_world
from relove.management.benchmark import Bench, Figures, at_least, at_most, benchmark, running, wait_until
from relove.models import TelegramUser
from relove.sandbox.client import SandboxClient

PROCESSES = 4
ACCOUNTS = 20
PEOPLE_EACH = 10
SECONDS = 60.0
# what the customer allows in any second; more than that is waiting all the time
ALLOWED = 30
WAITING = int(ALLOWED * SECONDS * 1.2)
VOICES = [
    replace(sandbox_world.VOICES[0], username=f"account_{number}", first_name=f"Аккаунт {number}")
    for number in range(ACCOUNTS)
]


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
    """Messages a second over a minute, and the most in any window of one second."""
    client = SandboxClient(settings.SANDBOX_HTTP)
    client.world(sandbox_world.description(voices=VOICES))
    accounts = [one.session for one in sandbox_world.connect_accounts(client, timezone.now(), VOICES)]
    figures: dict[str, list[float]] = {"per_second": [], "worst_window": []}
    with ExitStack() as stack:
        for _process in range(PROCESSES):
            stack.enter_context(running({"Q_CLUSTER_NAME": "telegram"}, "qcluster"))
        wait_until(lambda: len(client.stats()["online"]) == ACCOUNTS, "the accounts are not held", 120)
        acquaint(client, accounts)
        for number in range(bench.rounds):
            times = _minute(client)
            figures["per_second"].append(len(times) / SECONDS)
            figures["worst_window"].append(worst_window(times))
            latest = ", ".join(f"{name} {values[-1]:g}" for name, values in figures.items())
            bench.tell(f"round {number + 1}: {latest}")
    return figures


def worst_window(times: Sequence[float]) -> int:
    """The most that fall into any second, the times being in order."""
    worst = start = 0
    for end, moment in enumerate(times):
        while moment - times[start] >= 1.0:
            start += 1
        worst = max(worst, end - start + 1)
    return worst


def acquaint(client: SandboxClient, accounts: Sequence[TelegramAccountSession]) -> None:
    """People have written to each account: only then may it answer."""
    for account in accounts:
        for number in range(PEOPLE_EACH):
            person = client.add_user(f"Гость {number}")["id"]
            client.say(person, account.username, "Здравствуйте")
    wanted = len(accounts) * PEOPLE_EACH
    wait_until(lambda: TelegramUser.objects.count() >= wanted, "people were not heard", 120)


def _minute(client: SandboxClient) -> list[float]:
    """The server's times of what it accepted in the first minute, seconds in order."""
    before = client.stats()["accepted"]
    _queue()
    wait_until(lambda: client.stats()["accepted"] > before, "nothing was sent")
    time.sleep(SECONDS + 1)
    waiting = DirectMessage.objects.filter(status=Status.PENDING)
    waiting.update(status=Status.CANCELLED)
    unsettled = Q(status__in=(Status.SENDING, Status.UNKNOWN))
    wait_until(lambda: not DirectMessage.objects.filter(unsettled).exists(), "rows are not settled")
    times = sorted(entry["time"] for entry in client.ledger(before) if entry["random_id"])
    return [moment for moment in times if moment < times[0] + SECONDS]


def _queue() -> None:
    """More messages than a minute has room for, written by hand, spread over all chats."""
    now = timezone.now()
    heard = DirectMessage.objects.received().select_related("sender", "user").order_by("user_id")
    threads = [open_thread(row.sender, row.user) for row in heard]
    rows: list[Any] = []
    for number in range(WAITING):
        row = threads[number % len(threads)].new(DirectMessage.Direction.OUT, f"Ответ {number}", Origin.PERSON)
        row.queue(now)
        rows.append(row)
    DirectMessage.objects.bulk_create(rows)
    notify(CHANNEL)
