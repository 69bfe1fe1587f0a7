"""The database from asyncio, and NOTIFY with its transaction."""

import asyncio
from typing import Any

import psycopg
import pytest
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
