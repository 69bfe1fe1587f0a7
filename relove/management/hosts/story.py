"""What happens to the hosts while messages leave and arrive, and the sandbox's ledger as the judge.

both runners share the accounts ─▶ one dies ─▶ it comes back ─▶ the other is cut off from PostgreSQL, for longer
than its lease, while it still reaches Telegram ─▶ it is brought back ─▶ everything settles
"""

import itertools
import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from http.client import OK, HTTPConnection, HTTPException
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.db.models.functions import Now
from django.utils import timezone

from accounts_mgmt.models import RunnerBeat, TelegramAccountSession
from accounts_mgmt.outbox import CHANNEL, Origin, Status
from accounts_mgmt.private.dialogues import Thread
from commentators.models import DirectMessage
from relove.db import notify
from relove.installation import manage, web_command
from relove.management.benchmark import crowd, wait_until
from relove.management.demo import Tell
from relove.management.hosts import ADDRESSES, DATABASE_ADDRESS, RUNNERS, WEB, WEB_PORT, network
from relove.sandbox.client import SandboxClient

# how long a host stays cut off, in leases
CUT_LEASES = 3
A_SECOND = 8
ACCOUNTS, PEOPLE_EACH = 20, 10
MOST_SECONDS = 45.0
FIRST, SECOND = RUNNERS
UNSETTLED = (Status.PENDING, Status.SENDING, Status.UNKNOWN)


@dataclass
class Outcome:
    """Seconds until all accounts were held again, and what the ledger says."""

    moved_after_kill_s: float = 0.0
    moved_after_cut_s: float = 0.0
    messages: int = 0
    received: int = 0
    lost: int = 0
    duplicated: int = 0
    sessions_destroyed: int = 0
    web_failures: int = 0

    @property
    def is_good(self) -> bool:
        wrong = (self.lost, self.duplicated, self.sessions_destroyed, self.web_failures)
        moved = max(self.moved_after_kill_s, self.moved_after_cut_s)
        return bool(self.messages and self.received) and not any(wrong) and moved <= MOST_SECONDS

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def play(tell: Tell, logs: Path) -> Outcome:
    """The whole story. Raises CommandError when something does not come to pass in time."""
    client, outcome = SandboxClient(settings.SANDBOX_HTTP), Outcome()
    accounts = crowd.connect(client, ACCOUNTS, timezone.now())
    with ExitStack() as programs:
        start = Hosts(programs, logs).start
        start(WEB, web_command(ADDRESSES[WEB], WEB_PORT))
        start(FIRST, manage("qcluster"))
        _until_all_are_held_by(FIRST, tell)
        start(SECOND, manage("qcluster"))
        threads = crowd.acquaint(client, accounts, PEOPLE_EACH)
        with Traffic(client, outcome).flowing(threads):
            outcome.moved_after_kill_s = _one_dies(tell)
            start(FIRST, manage("qcluster"))
            outcome.moved_after_cut_s = _the_other_is_cut_off(tell)
        wait_until(_is_settled, "rows are not settled", 180)
    _judge(client, outcome)
    return outcome


def _one_dies(tell: Tell) -> float:
    wait_until(lambda: _is_ready(SECOND), f"{SECOND} does not come up", 60)
    tell(f"  {FIRST} dies")
    network.kill(FIRST)
    return _until_all_are_held_by(SECOND, tell)


def _the_other_is_cut_off(tell: Tell) -> float:
    wait_until(lambda: _is_ready(FIRST), f"{FIRST} does not come back", 60)
    tell(f"  {SECOND} is cut off from PostgreSQL, and still reaches Telegram")
    network.cut_off(SECOND, DATABASE_ADDRESS)
    began = time.monotonic()
    try:
        moved = _until_all_are_held_by(FIRST, tell)
        time.sleep(max(0.0, CUT_LEASES * settings.LEASE_SECONDS - (time.monotonic() - began)))
    finally:
        network.mend(SECOND, DATABASE_ADDRESS)
    wait_until(lambda: _is_ready(SECOND), f"{SECOND} does not come back", 120)
    tell(f"  {SECOND} is back")
    return moved


def _until_all_are_held_by(host: str, tell: Tell) -> float:
    """Seconds from now, as the sandbox sees it too: connected, not only leased."""
    began, rows = time.monotonic(), TelegramAccountSession.objects.all()
    held = rows.filter(lease_host=host, lease_until__gt=Now())
    wait_until(lambda: held.count() == rows.count(), f"{host} does not hold all accounts", 120, every=0.2)
    moved = round(time.monotonic() - began, 1)
    tell(f"  {host} holds all {rows.count()} accounts after {moved} s")
    return moved


def _is_ready(host: str) -> bool:
    """Whether a runner of the host writes its beat."""
    return RunnerBeat.objects.filter(host=host, beat_at__gt=timezone.now() - timedelta(seconds=2)).exists()


def _is_settled() -> bool:
    return not DirectMessage.objects.filter(status__in=UNSETTLED).exists()


@dataclass(frozen=True)
class Hosts:
    """Starts programs on hosts; each logs into a file of its host, and ends with the stack."""

    programs: ExitStack
    logs: Path

    def start(self, host: str, command: list[str]) -> None:
        log = self.programs.enter_context((self.logs / f"{host}.log").open("ab"))
        env = {**os.environ, "RELOVE_HOST_ID": host, "Q_CLUSTER_NAME": "telegram"}
        line = network.command_in(host, command)
        process = subprocess.Popen(line, env=env, stdout=log, stderr=log, start_new_session=True)  # noqa: S603
        self.programs.callback(process.wait)
        self.programs.callback(process.terminate)


class Traffic:
    """People write to accounts, staff write to people, and the web is asked whether it lives."""

    def __init__(self, client: SandboxClient, outcome: Outcome) -> None:
        self._client, self._outcome = client, outcome
        self._over = threading.Event()
        self._numbers = itertools.count(1)

    @contextmanager
    def flowing(self, threads: Sequence[Thread]) -> Iterator[None]:
        thread = threading.Thread(target=self._flow, args=[threads])
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _flow(self, threads: Sequence[Thread]) -> None:
        try:
            while not self._over.wait(1 / A_SECOND):
                number = next(self._numbers)
                self._write(threads[number % len(threads)], number)
                if number % A_SECOND == 0:
                    self._each_second(threads[number % len(threads)], number)
        finally:
            connections.close_all()

    def _write(self, thread: Thread, number: int) -> None:
        row = thread.new(DirectMessage.Direction.OUT, f"Сообщение № {number}", Origin.PERSON)
        row.queue(timezone.now())
        row.save()
        notify(CHANNEL)
        self._outcome.messages += 1

    def _each_second(self, thread: Thread, number: int) -> None:
        self._client.say(thread.user.telegram_id, thread.account.username, f"Вопрос № {number}")
        self._outcome.received += 1
        with suppress(OSError, HTTPException):
            connection = HTTPConnection(ADDRESSES[WEB], WEB_PORT, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == OK:
                return
        self._outcome.web_failures += 1


def _judge(client: SandboxClient, outcome: Outcome) -> None:
    """By the sandbox's ledger and its count of destroyed keys; what people said must be stored once."""
    told = Counter(entry["text"] for entry in client.ledger() if entry["random_id"])
    wanted = {f"Сообщение № {number}" for number in range(1, outcome.messages + 1)}
    stored = Counter(
        DirectMessage.objects.received().filter(text__startswith="Вопрос №").values_list("text", flat=True)
    )
    outcome.lost = len(wanted - told.keys()) + outcome.received - len(stored)
    outcome.duplicated = sum(told[text] - 1 for text in wanted & told.keys()) + sum(stored.values()) - len(stored)
    outcome.sessions_destroyed = len(client.stats()["dead_keys"])
