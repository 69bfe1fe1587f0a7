"""Lets things happen when their time comes, and time pass while nothing is in hand.

The system itself does all the rest, with its own code: a runner holds the accounts, the long task asks the
model. What people do is done by a stated rule: drafts are approved as they come, or never.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts_mgmt import calls, outbox, stranded
from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import Status
from accounts_mgmt.private import decisions
from accounts_mgmt.private.dialogues import thread_of
from accounts_mgmt.private.model import private_models
from commentators import services
from commentators.models import GeneratedComment, TelegramChannel, TelegramPost
from relove import llm_work
from relove.db import notify
from relove.management.rehearsal import cast, clock, stage
from relove.management.rehearsal.watch import Watch
from relove.models import Staff
from relove.sandbox.client import SandboxClient
from sales import reminders

# A stretch longer than this in which nothing is due is skipped; a shorter one passes at the speed asked for.
QUIET = timedelta(minutes=1)
# what the regular tasks would find, and posts that wait for an account's hours
ROUND = timedelta(minutes=10)
TICK = 0.03
TELL_EVERY = 1.0
AT_ONCE = 100
# so many commentators are written to: the rest would answer the same
VISITED = 10
NAME = "rehearsal"


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Something that happens to us from outside: a post, or a person's words to an account."""

    at: datetime
    number: int
    text: str = field(compare=False)
    channel: int | None = field(default=None, compare=False)
    person: int = field(default=0, compare=False)
    account: int = field(default=0, compare=False)


@dataclass(slots=True)
class Director:
    """Plays `events`, oldest first, up to `until`; `tell` is called about every second."""

    client: SandboxClient
    until: datetime
    events: deque[Event]
    approves: bool
    speed: int
    tell: Callable[[], None]
    # why a draft was not let go, by (table, id)
    refusals: dict[tuple[str, int], str] = field(default_factory=dict)
    _watch: Watch = field(default_factory=Watch)
    _round: datetime | None = None
    _told: float = 0.0

    def play(self) -> None:
        staff = Staff.objects.create_user(NAME)
        while (now := timezone.now()) < self.until:
            self._happen(now)
            self._go_round(now)
            if self.approves:
                self._approve(staff, now)
            self._hear()
            if time.monotonic() - self._told > TELL_EVERY:
                self.tell()
                self._told = time.monotonic()
            if self._watch.is_busy(now):
                time.sleep(TICK)
            else:
                self._pass(now)

    def _pass(self, now: datetime) -> None:
        """Time until the next thing: at the speed asked for, or at once where it is far."""
        assert self._round is not None
        known = (self._watch.next_after(now), self.events[0].at if self.events else None)
        wait, moved = stretch(min([self._round, self.until, *filter(None, known)]) - timezone.now(), self.speed)
        time.sleep(wait)
        clock.move(moved)
        notify(outbox.CHANNEL)
        notify(llm_work.CHANNEL)

    # --- what happens to us ---------------------------------------------------------------------------

    def _happen(self, now: datetime) -> None:
        while self.events and self.events[0].at <= now:
            event = self.events.popleft()
            if event.channel is None:
                said = self.client.say(event.person, event.account, event.text)
                self._watch.awaited.add(("said", (event.account, said["their_id"])))
            else:
                channel = TelegramChannel.objects.get(pk=event.channel)
                post = self.client.publish(channel.username, event.text)
                self._watch.awaited.add(("published", (event.channel, post["id"])))

    def _hear(self) -> None:
        """Strike out what has been stored."""
        self._watch.awaited = {key for key in self._watch.awaited if not _is_stored(*key)}

    # --- what people and the regular tasks would do -----------------------------------------------------

    def _go_round(self, now: datetime) -> None:
        if self._round is not None and now < self._round:
            return
        self._round = now + ROUND
        reminders.look_after(now)
        calls.expire(now)
        stranded.end_stranded()

    def _approve(self, staff: Staff, now: datetime) -> None:
        """Every draft there is, once; why one was not let go is kept."""
        asked = [number for table, number in self.refusals if table == GeneratedComment._meta.db_table]
        drafts = GeneratedComment.objects.drafts().exclude(id__in=asked).values_list("id", flat=True)
        if ids := list(drafts[:AT_ONCE]):
            for number, reason in services.approve(ids, staff, now).skipped:
                self.refusals[GeneratedComment._meta.db_table, number] = reason
        for kind in private_models():
            table = kind._meta.db_table
            for row in kind._default_manager.filter(status=Status.DRAFT, direction="out"):
                if (table, row.pk) not in self.refusals:
                    self._approve_private(table, row, staff, now)

    def _approve_private(self, table: str, row: Any, staff: Staff, now: datetime) -> None:
        try:
            decisions.approve(thread_of(row), row.pk, row.text, staff, now)
        except ValidationError as error:
            self.refusals[table, row.pk] = " ".join(error.messages)


def stretch(gap: timedelta, speed: int) -> tuple[float, timedelta]:
    """Real seconds to wait, and how far the clock moves besides: a tick of a short gap, a long one at once."""
    if gap > QUIET:
        return 0.0, gap
    passed = min(max(gap.total_seconds(), 0.0), speed * TICK)
    wait = passed / speed
    return wait, timedelta(seconds=passed - wait)


def _is_stored(what: str, where: tuple[int, int]) -> bool:
    place, message = where
    if what == "published":
        return TelegramPost.objects.filter(channel=place, message_id=message).exists()
    came = {"sender__telegram_user_id": place, "message_id": message, "direction": "in"}
    return any(kind._default_manager.filter(**came).exists() for kind in private_models())


def events_of(client: SandboxClient, since: datetime, until: datetime, posts: list[Any]) -> deque[Event]:
    """The posts at their times, and the invented people for every account that would answer them."""
    found: list[Event] = []
    opened = set(TelegramChannel.objects.exclude(chat=None).values_list("pk", flat=True))
    for post in posts:
        if post["channel"] in opened:
            at = datetime.fromisoformat(post["at"])
            found.append(Event(at, len(found), post["text"], channel=post["channel"]))
    for account, person in _visits():
        user = client.add_user(person.name)["id"]
        comes = person.arrives(since, until, settings.TIME_ZONE)
        for line in person.lines:
            at = comes + timedelta(minutes=line.minutes)
            found.append(Event(at, len(found), line.text, person=user, account=account.telegram_user_id or 0))
    return deque(sorted(event for event in found if event.at < until))


def _visits() -> Iterator[tuple[TelegramAccountSession, cast.Person]]:
    """Everybody comes to every main account, the readers to commentators."""
    yield from product(stage.main_accounts(), cast.CLIENTS)
    yield from product(stage.commentators()[:VISITED], cast.READERS)
