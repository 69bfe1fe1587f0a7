"""Growing: sending, and the staff's pages, with five million sent rows behind them beside an empty database.

One world in the sandbox and two databases that know it: the second is a copy of the first, to which the rows are
added inside PostgreSQL, half of them comments and half private messages. In a round each has a cluster of its own
with accounts of its own, so that neither hears of what the other has sent, and short bursts go by turns.
"""

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from psycopg import sql

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import CHANNEL, Status
from accounts_mgmt.private.dialogues import Thread
from commentators.models import CommentatorAccount, DirectMessage, GeneratedComment, TelegramChannel, TelegramPost
from relove.db import notify
from relove.management.benchmark import Bench, Figures, at_least, benchmark, crowd, ratios, running, wait_until
from relove.management.manyrows import YEAR, database_of, without_indexes
from relove.models import Chat, OperationLog, Staff
from relove.partitions import MONTHS_AHEAD, ensure_partitions
from relove.sandbox.client import SandboxClient

ACCOUNTS, PEOPLE_EACH, MESSAGES = 20, 10, 3000
# in a round
BURSTS, LOOKS = 4, 3
# how often each page is asked for in a look; the median counts
ASKED = 5
PATIENCE = 300.0
GROWN = "grown"
CHANGED = (DirectMessage._meta.db_table, OperationLog._meta.db_table)
PAGES = (
    "admin:index",
    "admin:commentators_generatedcomment_changelist",
    "admin:commentators_directmessage_changelist",
)
TEXT = "'Ответ ' || g || ': маленькая привычка меняет день ' || md5(g::text)"
# what a sent row has of its own; the rest is as in the rows there are. `g` counts, `at` is its moment.
SENT = {
    "status": "'sent'",
    "text": TEXT,
    "message_id": "10000000 + g",
    "random_id": "g",
    "scheduled_at": "at",
    "sent_at": "at",
    "created_at": "at",
}

# private messages are copied from those that came in
ANSWERED = {"direction": "'out'", "is_read": "true", "stage": "''"}


@benchmark(
    "growth",
    {"send": at_least(0.9), "admin": at_least(0.9)},
    {
        "RELOVE_DEBUG": "false",
        "RELOVE_SEND_CEILING": "0",
        "RELOVE_PACE_PER_SECOND": "1000",
        "RELOVE_PACE_PER_MINUTE": "60000",
    },
)
def growth(bench: Bench) -> Figures:
    """The grown database's rate beside the empty one's, of messages and of pages."""
    client = SandboxClient(settings.SANDBOX_HTTP)
    threads = _scene(client)
    ids = sorted({thread.account.pk for thread in threads})
    url = os.environ["DATABASE_URL"]
    empty = Side.of(0, url, threads, ids[:ACCOUNTS])
    began = time.monotonic()
    grown = Side.of(1, _copy(url), threads, ids[ACCOUNTS:])
    grown.grow(bench.rows)
    bench.tell(f"{bench.rows} rows took {time.monotonic() - began:.0f} s")
    sides = {"empty": empty, "grown": grown}
    for side in sides.values():
        side.open()

    @contextmanager
    def held() -> Iterator[None]:
        """Both have their accounts in hand."""
        with empty.served(), grown.served():
            _wait_for_accounts(client, 2 * ACCOUNTS)
            yield

    with held():
        for side in sides.values():
            # for nothing: until autovacuum has looked at a first burst nobody knows what a new table holds
            side.sent()
    sent = bench.in_turns({name: side.sent for name, side in sides.items()}, BURSTS, held)
    shown = bench.in_turns({name: side.shown for name, side in sides.items()}, LOOKS)
    return {"send": ratios(sent["empty"], sent["grown"]), "admin": ratios(shown["empty"], shown["grown"])}


def _scene(client: SandboxClient) -> list[Thread]:
    """Accounts that have been written to, with comments; somebody who looks at pages; the tables of a year."""
    ensure_partitions(timezone.now() - YEAR, ahead=YEAR.days // 30 + MONTHS_AHEAD)
    accounts = crowd.connect(client, 2 * ACCOUNTS, timezone.now())
    with running({"Q_CLUSTER_NAME": "telegram"}, "qcluster"):
        _wait_for_accounts(client, len(accounts))
        threads = crowd.acquaint(client, accounts, PEOPLE_EACH)
    _comment(accounts)
    Staff.objects.create_superuser("growth", password=None)
    return threads


def _wait_for_accounts(client: SandboxClient, count: int) -> None:
    wait_until(lambda: len(client.stats()["online"]) == count, "the accounts are not held", 120)


def _comment(accounts: list[TelegramAccountSession]) -> None:
    chats = [Chat.objects.create(telegram_id=number, kind=Chat.Kind.SUPERGROUP) for number in (1, 2)]
    channel = TelegramChannel.objects.create(username="growing", chat=chats[0], discussion=chats[1])
    post = TelegramPost.objects.create(channel=channel, message_id=1, created_at=timezone.now())
    of = {one.session_id: one for one in CommentatorAccount.objects.all()}
    rows = [
        GeneratedComment(
            post=post, channel=channel, account=of[one.pk], sender=one, chat=chats[1], status=Status.SENT
        )
        for one in accounts
        # more than a page of them
        for _time in range(2)
    ]
    GeneratedComment.objects.bulk_create(rows)


def _copy(url: str) -> str:
    """The address of a copy of this database."""
    parts = urlsplit(url)
    connection.close()
    with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as db:
        db.execute(f"CREATE DATABASE {GROWN} TEMPLATE {parts.path[1:]}")
    return parts._replace(path=f"/{GROWN}").geturl()


def _look_through(url: str, *tables: str) -> None:
    """What autovacuum and the checkpointer do within minutes, of all tables or of these."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.SQL(", ").join(map(sql.Identifier, tables))))
        db.execute("CHECKPOINT")


@dataclass(frozen=True)
class Side:
    """One of the two databases, and who is in it: 20 accounts, and 10 people for each."""

    # of its database in Valkey
    number: int
    url: str
    accounts: list[int]
    threads: list[Thread]

    @classmethod
    def of(cls, number: int, url: str, threads: list[Thread], accounts: list[int]) -> "Side":
        return cls(number, url, accounts, [thread for thread in threads if thread.account.pk in accounts])

    def grow(self, rows: int) -> None:
        """So many sent messages more."""
        with database_of(self.url), connection.cursor() as cursor:
            # what is copied fits by design
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("SET maintenance_work_mem = '512MB'")
            multiply(cursor, GeneratedComment, rows // 2, self.accounts)
            multiply(cursor, DirectMessage, rows - rows // 2, self.accounts, ANSWERED)

    def open(self) -> None:
        """From now on the other's accounts are not held here."""
        with database_of(self.url):
            others = TelegramAccountSession.objects.exclude(pk__in=self.accounts)
            others.update(state=TelegramAccountSession.State.DISABLED)
        _look_through(self.url)

    def served(self) -> AbstractContextManager[object]:
        """A cluster holds its accounts. What clusters share over Valkey is kept apart, as the databases are."""
        valkey = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{self.number}").geturl()
        return running({"Q_CLUSTER_NAME": "telegram", "DATABASE_URL": self.url, "REDIS_URL": valkey}, "qcluster")

    def sent(self) -> float:
        """Seconds from the moment that messages are queued until all are settled.

        Afterwards what has changed is looked through, or autovacuum would do so in the other's turn.
        """
        with database_of(self.url):
            unsettled = DirectMessage.objects.unsettled()
            now = timezone.now()
            rows = crowd.queue((self.threads[number % len(self.threads)], now) for number in range(MESSAGES))
            began = time.perf_counter()
            notify(CHANNEL)
            # asked so that the question itself costs next to nothing
            wait_until(lambda: not unsettled.exists(), "messages are not sent", PATIENCE)
            took = time.perf_counter() - began
            sent = DirectMessage.objects.filter(id__in=[row.pk for row in rows], status=Status.SENT)
            assert sent.count() == MESSAGES, "messages were not sent"
        _look_through(self.url, *CHANGED)
        return took

    def shown(self) -> float:
        """Seconds for all pages, each by its median."""
        with database_of(self.url):
            browser = Client(SERVER_NAME="127.0.0.1")
            browser.force_login(Staff.objects.get(username="growth"))
            return sum(statistics.median(_asked(browser, reverse(page))) for page in PAGES)


def multiply(
    cursor: Any, model: type[Model], rows: int, senders: Sequence[int], own: dict[str, str] | None = None
) -> None:
    """So many rows more, over the last year, as copies of those of these senders with what is their own."""
    table, values = model._meta.db_table, {**SENT, **(own or {})}
    columns = [str(field.column) for field in model._meta.concrete_fields if not field.primary_key]
    named = ", ".join(f'"{column}"' for column in columns)
    # every name in it is ours
    copied = ", ".join(values.get(column, f'b."{column}"') for column in columns)
    with without_indexes(cursor, table):
        cursor.execute(
            f"WITH b AS (SELECT row_number() OVER () - 1 AS n, * FROM {table} WHERE sender_id = ANY(%s)) "  # noqa: S608
            f"INSERT INTO {table} ({named}) SELECT {copied} FROM generate_series(1, %s) AS g "
            "JOIN b ON b.n = g %% (SELECT count(*) FROM b) "
            "CROSS JOIN LATERAL (SELECT now() - (g + 1) * %s::interval AS at) AS moment",
            [list(senders), rows, timedelta(days=YEAR.days) / rows],
        )


def _asked(browser: Client, address: str) -> list[float]:
    """Seconds each time; what the connection has not met before is asked for once besides."""
    seconds = []
    for _time in range(1 + ASKED):
        began = time.perf_counter()
        answer = browser.get(address)
        seconds.append(time.perf_counter() - began)
        assert answer.status_code == 200, f"{address} answers {answer.status_code}"
    return seconds[1:]
