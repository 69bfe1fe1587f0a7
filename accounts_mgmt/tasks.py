"""The django-q2 task in which a runner lives, and the upkeep of accounts."""

import asyncio
import contextlib
import logging

import uvloop
from django.conf import settings
from django.db import connections
from django.utils import timezone

from accounts_mgmt import alerts, calls, contacts, crises, health, profiles, signing_in, stranded
from accounts_mgmt.runner import Runner
from relove import troubles
from relove.cluster import Drain, drain
from relove.db import in_thread

logger = logging.getLogger(__name__)


def hold_accounts() -> None:
    """Hold accounts until the cluster drains. One of these lives in each worker of `telegram`."""
    with drain.guard():
        uvloop.run(hold(drain))
    connections.close_all()


async def hold(drain: Drain, capacity: int | None = None, *, local_addr: str | None = None) -> None:
    """Run a runner until the drain is set; with the real Telegram, once help contacts stand."""
    await _wait_for_help_contacts(drain)
    runner = Runner(capacity or settings.ACCOUNTS_PER_RUNNER, drain.beat, local_addr=local_addr)
    watcher = asyncio.create_task(_stop_when(drain, runner))
    try:
        await runner.run()
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher


async def _wait_for_help_contacts(drain: Drain) -> None:
    """Nobody is spoken with who could not be helped in a crisis; the admin says where to enter them."""
    draining = asyncio.create_task(drain.wait())
    if not await in_thread(contacts.may_run):
        logger.error("no confirmed help contact is entered: with the real Telegram no account is held")
    while not draining.done() and not await in_thread(contacts.may_run):
        drain.beat()
        await asyncio.wait([draining], timeout=1)
    draining.cancel()


async def _stop_when(drain: Drain, runner: Runner) -> None:
    await drain.wait()
    runner.stop()


def expire_calls() -> int:
    """Close the calls nobody carried out in time, and leave off the sign-ins nobody finished."""
    now = timezone.now()
    return calls.expire(now) + signing_in.expire(now)


def end_stranded() -> int:
    """End the queued messages that would never end by themselves."""
    return stranded.end_stranded()


def call_on_crises() -> int:
    """Tell the next of the staff where nobody has taken a person in danger over."""
    return crises.call_on(timezone.now())


def send_alert_mails() -> int:
    """Send the alerts that Telegram could not carry."""
    return alerts.send_mails(timezone.now())


def tell_troubles() -> int:
    """Tell the staff on duty of what is wrong with the system; accounts in trouble are told of as it happens."""
    now = timezone.now()
    told = [one for one in troubles.found(now) if one.tell]
    return sum(alerts.tell(f"trouble:{one.key}", one.text, now=now, **one.values) for one in told)


def care_for_accounts() -> int:
    """Have profiles read that were not read for a day, and give back their full pace to the calm."""
    now = timezone.now()
    return profiles.read_daily(now) + health.quicken(now)
