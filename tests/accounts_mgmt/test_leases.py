"""Leases: one holder at a time, fenced by a token, taken over in time and not before."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from accounts_mgmt.leases import HELD_STATES, Lease, Leases
from accounts_mgmt.models import TelegramAccountSession
from relove.db import connect
from relove.fields import Sealed
from relove.host import Process, boottime, host_id, started

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 15.0
T = TypeVar("T")


def accounts(count: int = 1, **fields: Any) -> list[TelegramAccountSession]:
    made = [
        TelegramAccountSession(label=f"{n}", role="main", session=Sealed.seal("session", "x"), **fields)
        for n in range(count)
    ]
    return TelegramAccountSession.objects.bulk_create(made)


def with_leases(work: Callable[[Leases], Awaitable[T]], process: Process | None = None) -> T:
    async def story() -> T:
        async with await connect() as line:
            return await work(Leases(line, SECONDS, process or Process.current()))

    return asyncio.run(story())


def acquire(limit: int = 10, avoid: tuple[int, ...] = (), process: Process | None = None) -> list[Lease]:
    return with_leases(lambda leases: leases.acquire(limit, list(avoid)), process)


def ended_since(seconds: float) -> None:
    """Let every lease have ended so long ago, by the database's clock."""
    TelegramAccountSession.objects.update(lease_until=Now() - timedelta(seconds=seconds))


@pytest.fixture
def dead() -> Process:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        process = Process(child.pid, started(child.pid) or 0)
        child.kill()
    assert not process.is_alive
    return process


def test_an_account_is_taken_with_a_token_of_its_own() -> None:
    made = accounts(3)
    asked_at = boottime()
    leases = acquire()
    assert {lease.account for lease in leases} == {account.pk for account in made}
    assert len({lease.token for lease in leases}) == 3
    assert all(asked_at + 9 < lease.deadline <= boottime() + 10 for lease in leases), "two thirds of the lease"
    row = TelegramAccountSession.objects.get(id=leases[0].account)
    assert (row.lease_token, row.lease_host, row.lease_pid) == (leases[0].token, host_id(), os.getpid())
    assert (row.lease_pid_started, row.lease_since is not None) == (started(os.getpid()), True)


def test_what_is_held_is_not_taken_again() -> None:
    accounts()
    assert len(acquire()) == 1
    assert acquire() == []


def test_many_at_once_share_the_accounts_without_overlap() -> None:
    accounts(40)

    async def one() -> list[int]:
        async with await connect() as line:
            leases = Leases(line, SECONDS)
            return [lease.account for _ in range(4) for lease in await leases.acquire(3, [])]

    async def story() -> list[list[int]]:
        return await asyncio.gather(*(one() for _ in range(6)))

    taken = [account for part in asyncio.run(story()) for account in part]
    assert len(taken) == len(set(taken)) == 40


def test_only_accounts_that_may_be_held_are_taken() -> None:
    may = {account.pk for state in HELD_STATES for account in accounts(state=state)}
    for state in TelegramAccountSession.State.values:
        if state not in HELD_STATES:
            accounts(state=state)
    TelegramAccountSession.objects.create(label="без сессии", role="main")
    assert "limited" in HELD_STATES, "a limited account still listens"
    assert {lease.account for lease in acquire()} == may


def test_the_limit_and_those_to_avoid_are_kept() -> None:
    made = accounts(4)
    leases = acquire(limit=2, avoid=(made[0].pk,))
    assert len(leases) == 2
    assert made[0].pk not in {lease.account for lease in leases}


# --- taking over --------------------------------------------------------------------------------


def test_a_successor_waits_a_third_of_the_lease_more() -> None:
    accounts()
    [former] = acquire()
    ended_since(SECONDS / 3 - 1)
    assert acquire() == []
    ended_since(SECONDS / 3 + 1)
    [successor] = acquire()
    assert successor.token != former.token


def test_a_dead_process_of_this_host_is_succeeded_at_once(dead: Process) -> None:
    accounts(2)
    assert len(acquire(process=dead)) == 2
    assert len(acquire()) == 2


def test_a_living_process_of_this_host_is_waited_for() -> None:
    accounts()
    assert len(acquire(process=Process.current())) == 1
    assert acquire(process=Process(1, started(1) or 0)) == []


def test_a_dead_pid_of_another_host_proves_nothing(dead: Process, settings: Settings) -> None:
    accounts()
    host_id.cache_clear()
    settings.HOST_ID = "elsewhere"
    acquire(process=dead)
    host_id.cache_clear()
    settings.HOST_ID = ""
    assert acquire() == []
    host_id.cache_clear()


# --- keeping and giving back --------------------------------------------------------------------


def test_renewing_moves_the_end_and_the_deadline() -> None:
    accounts()
    [lease] = acquire()
    ended_since(0)
    lease.deadline = 0.0
    assert not lease.is_valid
    assert with_leases(lambda leases: leases.renew([lease])) == []
    assert lease.is_valid
    row = TelegramAccountSession.objects.annotate(now=Now()).get()
    assert row.lease_until is not None
    assert timedelta(seconds=14) < row.lease_until - row.now <= timedelta(seconds=15)


@pytest.mark.parametrize("change", [{"lease_token": 5}, {"lease_token": None}, {"state": "banned"}])
def test_a_lease_that_is_lost_is_told_and_over_at_once(change: dict[str, Any]) -> None:
    accounts(2)
    kept, lost = acquire()
    TelegramAccountSession.objects.filter(id=lost.account).update(**change)
    assert with_leases(lambda leases: leases.renew([kept, lost])) == [lost]
    assert (kept.is_valid, lost.is_valid) == (True, False)


def test_what_is_given_back_is_free_at_once() -> None:
    accounts(2)
    leases = acquire()
    with_leases(lambda book: book.release(leases[:1]))
    assert [lease.account for lease in acquire()] == [leases[0].account]


def test_a_former_holder_gives_nothing_back() -> None:
    accounts()
    [former] = acquire()
    ended_since(SECONDS)
    [successor] = acquire()
    with_leases(lambda leases: leases.release([former]))
    assert TelegramAccountSession.objects.get().lease_token == successor.token


def test_nothing_held_is_nothing_to_do() -> None:
    assert with_leases(lambda leases: leases.renew([])) == []
    with_leases(lambda leases: leases.release([]))
