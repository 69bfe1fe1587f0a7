"""Many accounts with people who have written to them, for what measures how they are answered."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import Origin, Status
from accounts_mgmt.private.dialogues import Thread, open_thread
from commentators.models import DirectMessage
from relove.management import sandbox_world
from relove.management.benchmark import wait_until
from relove.models import TelegramUser
from relove.sandbox.client import SandboxClient


def connect(client: SandboxClient, count: int, now: datetime) -> list[TelegramAccountSession]:
    """So many accounts in the sandbox, and our rows for them."""
    first = sandbox_world.VOICES[0]
    voices = [
        replace(first, username=f"account_{number}", first_name=f"Аккаунт {number}") for number in range(count)
    ]
    client.world(sandbox_world.description(voices=voices))
    return [one.session for one in sandbox_world.connect_accounts(client, now, voices)]


def acquaint(client: SandboxClient, accounts: Sequence[TelegramAccountSession], each: int) -> list[Thread]:
    """So many people have written to each account: only then may it answer. Runners are needed for it."""
    for account in accounts:
        for number in range(each):
            person = client.add_user(f"Гость {number}")["id"]
            client.say(person, account.username, "Здравствуйте")
    wanted = len(accounts) * each
    wait_until(lambda: TelegramUser.objects.count() >= wanted, "people were not heard", 120)
    heard = DirectMessage.objects.received().select_related("sender", "user").order_by("user_id")
    return [open_thread(row.sender, row.user) for row in heard]


def queue(planned: Iterable[tuple[Thread, datetime]]) -> list[Any]:
    """Messages written by hand, each for its time; nobody is woken."""
    rows: list[Any] = []
    for number, (thread, when) in enumerate(planned):
        row = thread.new(DirectMessage.Direction.OUT, f"Ответ {number}", Origin.PERSON)
        row.queue(when)
        rows.append(row)
    return DirectMessage.objects.bulk_create(rows)


def clear() -> None:
    """Take back what waits, and let the rest come to its end."""
    DirectMessage.objects.filter(status=Status.PENDING).update(status=Status.CANCELLED)
    unsettled = Q(status__in=(Status.SENDING, Status.UNKNOWN))
    wait_until(lambda: not DirectMessage.objects.filter(unsettled).exists(), "rows are not settled")
