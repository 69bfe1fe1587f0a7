"""Isolation: what two accounts that may not send cost the others, who send a fixed load at their due times.

One of the two meets a wait of an hour at its first message, the other slow mode in every chat. Rounds with and
without their messages take turns; everything is planned ahead, so a round is as long as the plan.
"""

import math
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from accounts_mgmt.models import AccountChatHold, TelegramAccountSession
from accounts_mgmt.outbox import CHANNEL
from accounts_mgmt.private.dialogues import Thread
from relove.db import notify
from relove.management.benchmark import Bench, Figures, at_most, benchmark, crowd, running, wait_until
from relove.sandbox.client import SandboxClient

HEALTHY, BLOCKED, PEOPLE_EACH = 48, 2, 5
SECONDS = 60.0
# seconds between two messages of an account, and within how many a message counts as in time
APART, IN_TIME = 2.0, 1.0
# With a smaller share in time than this there is nothing left to lose.
LEAST = 0.9
# before the first message is due
NOTICE = 3.0
FAULTS = ("FLOOD_WAIT_3600", "SLOWMODE_WAIT_3600")
SENDING = "messages.SendMessage"


@benchmark("isolation", {"loss": at_most(0.02)}, {"RELOVE_ACCOUNTS_PER_RUNNER": str(HEALTHY + BLOCKED)})
def isolation(bench: Bench) -> Figures:
    """The fall in the share of the healthy accounts' messages that are accepted within a second of their time."""
    client = SandboxClient(settings.SANDBOX_HTTP)
    accounts = crowd.connect(client, HEALTHY + BLOCKED, timezone.now())
    with running({"Q_CLUSTER_NAME": "telegram"}, "qcluster"):
        wait_until(lambda: len(client.stats()["online"]) == len(accounts), "the accounts are not held", 120)
        threads = crowd.acquaint(client, accounts, PEOPLE_EACH)
        blocked = accounts[HEALTHY:]
        well = [thread for thread in threads if thread.account not in blocked]
        found = bench.in_turns(
            {
                "without": lambda: _share(client, well, []),
                "with": lambda: _share(client, threads, blocked),
            }
        )
    loss = [before - after for before, after in zip(found["without"], found["with"], strict=True)]
    return {"loss": loss, **found}


def _share(client: SandboxClient, threads: Sequence[Thread], blocked: Sequence[TelegramAccountSession]) -> float:
    """Of the messages of those who are not blocked, how many the server accepted in time."""
    for account, fault in zip(blocked, FAULTS, strict=False):
        client.add_fault(fault, account=account.telegram_user_id, method=SENDING)
    before = client.stats()["accepted"]
    start = timezone.now() + timedelta(seconds=NOTICE)
    rows = crowd.queue(planned(threads, start))
    notify(CHANNEL)
    time.sleep(NOTICE + SECONDS + IN_TIME)
    crowd.clear()
    accepted = {entry["random_id"]: entry["time"] for entry in client.ledger(before)}
    _unblock(client, blocked)
    ids = {account.pk for account in blocked}
    due = {row.random_id: row.scheduled_at.timestamp() for row in rows if row.sender_id not in ids}
    in_time = [number for number, moment in due.items() if accepted.get(number, math.inf) <= moment + IN_TIME]
    share = len(in_time) / len(due)
    if not blocked and share < LEAST:
        raise CommandError(
            f"With nobody blocked only {share:.0%} left in time: this machine bears no such load now."
        )
    return share


def planned(threads: Sequence[Thread], start: datetime) -> list[tuple[Thread, datetime]]:
    """Each account's messages at even distances, the accounts spread evenly between, its chats by turns."""
    by_account: dict[int, list[Thread]] = {}
    for thread in threads:
        by_account.setdefault(thread.account.pk, []).append(thread)
    plan = []
    for place, mine in enumerate(by_account.values()):
        offset = APART * place / len(by_account)
        for turn in range(int(SECONDS / APART)):
            plan.append((mine[turn % len(mine)], start + timedelta(seconds=offset + APART * turn)))
    return plan


def _unblock(client: SandboxClient, blocked: Sequence[TelegramAccountSession]) -> None:
    """As before, for the next round."""
    client.clear_faults()
    ids = [account.pk for account in blocked]
    TelegramAccountSession.objects.filter(id__in=ids).update(flood_until=None, slowed_at=None)
    AccountChatHold.objects.filter(account_id__in=ids).delete()
