"""The inside: the second system, all of it in one process beside its PostgreSQL, and its play.

The configuration comes as one line on standard input; the outside keeps the other end open, and its closing
means that nobody wants to know any more. What is found goes to standard output, a line of JSON each.
"""

import asyncio
import contextlib
import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connections
from django.utils import timezone

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.tasks import hold
from relove import options
from relove.cluster import Drain
from relove.llm_work import work
from relove.management.benchmark import wait_until
from relove.management.rehearsal import clock, copying, stage
from relove.management.rehearsal.director import Director, events_of
from relove.management.rehearsal.timeline import Timeline
from relove.management.upkeep import bring_up_to_date
from relove.sandbox.client import SandboxClient
from relove.sandbox.server import Sandbox

PATIENCE = 120.0
Tell = Callable[[dict[str, Any]], None]


def play(tell: Tell) -> None:
    """Everything from an empty database to the last item. Raises CommandError where it cannot begin."""
    plan = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_outside, daemon=True).start()
    since, until = (datetime.fromisoformat(plan[name]) for name in ("since", "until"))
    clock.install()
    bring_up_to_date()
    # what was opened before knows the real time alone
    clock.start(since)
    connections.close_all()
    copying.write(plan["tables"])
    options.refresh()
    with _sandbox() as client:
        left_out = stage.build(client, plan["channels"])
        held = TelegramAccountSession.objects.exclude(session=None).count()
        events = events_of(client, since, until, plan["posts"])
        figures = {
            "accounts": held,
            "posts": sum(event.channel is not None for event in events),
            "people": len({event.person for event in events if event.person}),
            "left_out": left_out,
        }
        tell({"figures": figures})
        with _in_thread(hold), _in_thread(work):
            wait_until(lambda: len(client.stats()["online"]) >= held, "the accounts are not held", PATIENCE)
            _direct(client, until, events, plan, tell)


def _direct(
    client: SandboxClient,
    until: datetime,
    events: Any,
    plan: dict[str, Any],
    tell: Callable[[dict[str, Any]], None],
) -> None:
    refusals: dict[tuple[str, int], str] = {}
    timeline = Timeline(refusals)

    def report(*, is_over: bool = False) -> None:
        now = min(timezone.now(), until)
        tell({"reached": now.isoformat(), "items": timeline.news(now, is_over=is_over)})

    approves = plan["approval"] == "all"
    Director(client, until, events, approves, plan["speed"], report, refusals).play()
    report(is_over=True)
    entries = [entry for entry in client.ledger() if entry["random_id"]]
    # the server's own count, beside what the rows say
    repeated = sum(count - 1 for count in Counter((e["account"], e["random_id"]) for e in entries).values())
    tell({"figures": {"accepted": len(entries), "repeated": repeated}})


@contextlib.contextmanager
def _sandbox() -> Iterator[SandboxClient]:
    ports = [int(settings.SANDBOX_TELEGRAM.rpartition(":")[2]), urlsplit(settings.SANDBOX_HTTP).port or 0]
    started = threading.Event()

    async def main(drain: Drain) -> None:
        async with Sandbox(*ports, seed="rehearsal"):
            started.set()
            await drain.wait()

    with _in_thread(main):
        if not started.wait(PATIENCE):
            raise CommandError("The sandbox did not start.")
        yield SandboxClient(settings.SANDBOX_HTTP)


@contextlib.contextmanager
def _in_thread(main: Callable[[Drain], Coroutine[Any, Any, None]]) -> Iterator[None]:
    """A long task in an event loop of its own, drained at the end; what ended it before is raised here."""
    drain = Drain.manual()

    def run() -> None:
        try:
            asyncio.run(main(drain))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        part = pool.submit(run)
        try:
            yield
        finally:
            drain.set()
            part.result()


def _end_with_the_outside() -> None:
    sys.stdin.read()
    os._exit(1)
