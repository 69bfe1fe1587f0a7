"""The database from asyncio, and NOTIFY with its transaction."""

import asyncio
import json
import os
import subprocess
import sys
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction

from relove.db import connect, in_thread, notify
from relove.models import Staff

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_connection_is_autocommit_and_the_same_database() -> None:
    async def story() -> tuple[Any, ...]:
        async with await connect() as line:
            assert line.autocommit
            cursor = await line.execute("SELECT current_database(), %s::text[]", [["а", "б"]])
            return tuple(await cursor.fetchone() or ())

    assert asyncio.run(story()) == (connection.settings_dict["NAME"], ["а", "б"])


def test_work_in_a_thread_has_a_connection_that_is_alive() -> None:
    def broken() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    async def story() -> int:
        with pytest.raises(Exception, match="terminat"):
            await in_thread(broken)
        return await in_thread(Staff.objects.count)

    assert asyncio.run(story()) == 0


def test_work_in_a_thread_takes_arguments_and_raises_what_it_raises() -> None:
    async def story() -> int:
        with pytest.raises(ZeroDivisionError):
            await in_thread(divmod, 1, 0)
        return await in_thread(int, "ff", base=16)

    assert asyncio.run(story()) == 255


async def heard(line: "psycopg.AsyncConnection[Any]", seconds: float) -> list[tuple[str, str]]:
    return [(notice.channel, notice.payload) async for notice in line.notifies(timeout=seconds, stop_after=1)]


def test_a_notice_leaves_with_its_transaction() -> None:
    async def story() -> None:
        async with await connect() as line:
            await line.execute("LISTEN test_news")
            assert await in_thread(rolled_back) == "rolled back"
            await in_thread(notify, "test_news", "да")
            assert await heard(line, 10) == [("test_news", "да")], "the first one heard was committed"

    def rolled_back() -> str:
        try:
            with transaction.atomic():
                notify("test_news", "нет")
                raise ZeroDivisionError
        except ZeroDivisionError:
            return "rolled back"

    asyncio.run(story())


# --- the pool of the process that serves pages ------------------------------------------------------

SERVER = """
import json, threading, time
import relove.asgi
from django.db import connection, connections

found, together = [], threading.Barrier(8)

def ask():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        found.append(cursor.fetchone()[0])
    together.wait()  # eight at once
    connection.close()

def round():
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    pids = set(found)
    found.clear()
    return pids

first = [round() for _ in range(3)]
with connection.cursor() as cursor:
    cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) AS pid WHERE pid <> pg_backend_pid()",
                   [list(set.union(*first))])
connection.close()
began = time.monotonic()
with connection.cursor() as cursor:
    cursor.execute("SELECT 1")
connection.close()
waited = int(1000 * (time.monotonic() - began))
after = round()
stats = connection.pool.get_stats()
print(json.dumps([len(set.union(*first)), waited, len(after), stats["pool_min"], stats["pool_max"]]))
connection.close_pool()
"""


def served(**environment: str) -> list[int]:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "relove.settings", **environment}
    done = subprocess.run([sys.executable, "-c", SERVER], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    numbers: list[int] = json.loads(done.stdout)
    return numbers


def test_the_web_process_keeps_a_pool_and_outlives_the_loss_of_it() -> None:
    """As after a restart of PostgreSQL: the first who asks finds out, and is answered without a pause."""
    pool = {"RELOVE_DB_POOL": "8", "RELOVE_DB_POOL_MAX": "9", "RELOVE_CONN_MAX_AGE": "600"}
    used, waited, after, least, most = served(**pool)
    assert (least, most) == (8, 9)
    assert 8 <= used <= 9, "24 questions by 8 threads, each thread new"
    assert waited < 900, "the pool's own pauses begin at a second"
    assert after == 8


def test_nothing_else_has_a_pool() -> None:
    """A cluster forks and would hang; tests drop their database."""
    assert "pool" not in connection.settings_dict["OPTIONS"]
    assert (settings.DATABASE_POOL["min_size"], settings.DATABASE_POOL["max_size"]) == (20, 60)
