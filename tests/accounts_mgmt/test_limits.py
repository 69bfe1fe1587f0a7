"""The ceiling and the pace: many askers at once, a Redis that forgets, dies or hangs, no Redis at all."""

import asyncio
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings
from redis.asyncio import Redis

from accounts_mgmt.limits import (
    AGAIN_SECONDS,
    RETRY_SECONDS,
    DatabaseLimiter,
    Limit,
    Limiter,
    RedisLimiter,
    ceiling,
    pace,
    windows,
)
from accounts_mgmt.lines import Line
from relove.embedded.valkey import Valkey

with_database = pytest.mark.django_db(transaction=True)
KINDS = ["redis", pytest.param("database", marks=with_database)]
Attempts = list[tuple[int, int | None, float]]
Grants = list[float]


async def nothing_recent() -> Attempts:
    return []


@asynccontextmanager
async def limiter_of(
    kind: str, recent: Callable[[], Awaitable[Attempts]] = nothing_recent
) -> AsyncIterator[Limiter]:
    """A limiter with a connection of its own, as each process has one."""
    if kind == "redis":
        async with Redis.from_url(django_settings.REDIS_URL) as redis:
            yield RedisLimiter(redis, recent)
    else:
        line = Line()
        yield DatabaseLimiter(line)
        await line.close()


@pytest.fixture
def _empty_redis() -> Iterator[None]:
    asyncio.run(flush())
    yield
    asyncio.run(flush())


async def flush() -> None:
    async with Redis.from_url(django_settings.REDIS_URL) as redis:
        await redis.flushall()


async def grant(limiter: Limiter, limits: list[Limit]) -> float:
    """The answer to one question."""
    [wait] = await limiter.grant([limits])
    return wait


async def granted(limiter: Limiter, limits: list[Limit]) -> float:
    """The limiter's answer once it knows its windows: 0, or the seconds to wait."""
    while 0 < (wait := await grant(limiter, limits)) <= AGAIN_SECONDS:
        continue
    return wait


# Never full: it remembers every grant by the server's own clock, where alone a window can be judged.
MEMORY = Limit("memory", 1000, 60.0)


async def ask(limiter: Limiter, limits: list[Limit], until: float) -> None:
    """Ask as fast as one process can."""
    while time.monotonic() < until:
        wait = await grant(limiter, [*limits, MEMORY])
        await asyncio.sleep(min(wait, 0.01))


async def remembered(kind: str) -> Grants:
    if kind == "redis":
        async with Redis.from_url(django_settings.REDIS_URL) as redis:
            return [float(moment) for moment in await redis.lrange(RedisLimiter.prefix + MEMORY.key, 0, -1)]
    line = Line()
    ((found,),) = await line.rows("SELECT recent FROM send_paces WHERE key = %s", [MEMORY.key])
    await line.close()
    return list(found)


def crowd(kind: str, seconds: float, limits: list[Limit], processes: int = 4) -> Grants:
    """Several loops in threads of their own, each with its own connection; when each grant was given."""
    until = time.monotonic() + seconds

    async def one() -> None:
        async with limiter_of(kind) as limiter:
            await ask(limiter, limits, until)

    in_threads([one] * processes)
    return run(remembered(kind))


def in_threads(works: list[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    with ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(asyncio.run, work()) for work in works]:
            future.result()


def most_within(grants: Grants, seconds: float) -> int:
    """The fullest window, wherever it begins."""
    return max(sum(start <= moment < start + seconds for moment in grants) for start in grants)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


@pytest.mark.usefixtures("_empty_redis")
@pytest.mark.parametrize("kind", KINDS)
def test_the_ceiling_holds_in_every_second_and_is_nearly_reached(kind: str) -> None:
    grants = crowd(kind, 3.0, ceiling())
    assert most_within(grants, 1.0) <= 29
    # 27 on a quiet machine; one that runs other tests beside loses some of it
    assert (len(grants) - 1) / (grants[-1] - grants[0]) >= 20


@pytest.mark.usefixtures("_empty_redis")
@pytest.mark.parametrize("kind", KINDS)
def test_pace_holds_in_both_windows(kind: str) -> None:
    # the customer's 1/s and 20/min, shortened twentyfold
    grants = crowd(kind, 2.0, [Limit("a", 1, 0.05), Limit("b", 10, 1.0)], processes=2)
    assert most_within(grants, 0.0499) == 1
    assert most_within(grants, 0.9999) == 10
    assert len(grants) >= 20


@pytest.mark.usefixtures("_empty_redis")
@pytest.mark.parametrize("kind", KINDS)
def test_pace_counts_for_the_account_and_for_the_chat(kind: str) -> None:
    async def story() -> None:
        async with limiter_of(kind) as limiter:
            assert await granted(limiter, pace(1, 7)) == 0
            assert await grant(limiter, pace(1, 8)) == 0, "another chat"
            assert 0.5 < await grant(limiter, pace(1, 7)) <= 1, "the same chat"
            assert 0.5 < await grant(limiter, pace(2, 7)) <= 1, "another account in the same chat"

    run(story())


def test_pace_names_both_windows(settings: Settings) -> None:
    settings.PACE_PER_SECOND, settings.ACCOUNT_CHAT_PER_MINUTE, settings.CHAT_PER_MINUTE = 1, 10, 20
    assert [(limit.count, limit.seconds) for limit in pace(1, 7)] == [
        *[(1, 1.0), (10, 60.0)],
        *[(1, 1.0), (20, 60.0)],
    ]
    assert len({limit.key for limit in [*pace(1, 7), *pace(2, 7)]}) == 6


@pytest.mark.usefixtures("_empty_redis")
@pytest.mark.parametrize("kind", KINDS)
def test_all_limits_or_none(kind: str) -> None:
    free, full = Limit("free", 1, 60.0), Limit("full", 1, 60.0)

    async def story() -> None:
        async with limiter_of(kind) as limiter:
            assert await granted(limiter, [full]) == 0
            assert await grant(limiter, [free, full]) > 0
            assert await grant(limiter, [free]) == 0, "a refused question used nothing up"

    run(story())


@with_database
def test_the_database_never_deadlocks_over_mixed_keys() -> None:
    limits = [Limit(f"k{n}", 1000, 1.0) for n in range(6)]
    answers: list[float] = []

    async def one() -> None:
        async with limiter_of("database") as limiter:
            for _ in range(60):
                answers.append(await grant(limiter, random.sample(limits, 3)))

    in_threads([one] * 4)
    # a deadlock would come back as a refusal
    assert answers == [0.0] * 240


# --- a Redis that forgets -----------------------------------------------------------------------


@pytest.mark.usefixtures("_empty_redis")
def test_a_flush_in_the_middle_lets_no_burst_through() -> None:
    grants: Grants = []
    until = time.monotonic() + 2.5

    async def recent() -> Attempts:
        now = time.monotonic()
        return [(1, 7, now - moment) for moment in grants]

    async def one() -> None:
        async with limiter_of("redis", recent) as limiter:
            while time.monotonic() < until:
                asked = time.monotonic()
                wait = await grant(limiter, ceiling())
                if wait == 0:
                    grants.append(asked)
                await asyncio.sleep(min(wait, 0.01))

    async def story() -> None:
        async with Redis.from_url(django_settings.REDIS_URL) as redis:
            askers = [asyncio.create_task(one()) for _ in range(4)]
            for _ in range(5):
                await asyncio.sleep(0.4)
                await redis.flushall()
            await asyncio.gather(*askers)

    run(story())
    assert most_within(sorted(grants), 1.0) <= 30
    assert len(grants) >= 50, "it went on after each flush"


@pytest.mark.usefixtures("_empty_redis")
def test_windows_are_rebuilt_from_what_was_attempted() -> None:
    async def recent() -> Attempts:
        return [(1, 7, 0.2), (1, None, 0.4)]

    async def story() -> None:
        async with limiter_of("redis", recent) as limiter:
            assert await grant(limiter, pace(2, 8)) == AGAIN_SECONDS, "nothing is granted before the rebuild"
            assert 0.5 < await granted(limiter, pace(2, 7)) <= 0.8
            assert await grant(limiter, pace(1, 8)) == 0

    run(story())


def test_only_the_grants_that_matter_are_rebuilt(settings: Settings) -> None:
    settings.PACE_PER_SECOND, settings.ACCOUNT_CHAT_PER_MINUTE, settings.CHAT_PER_MINUTE = 1, 2, 2
    found = windows([(1, 7, 3.0), (1, 7, 1.0), (2, 7, 2.0), (2, None, 0.5)], now=100.0)
    by_key = {limit.key: moments for limit, moments in found.items()}
    assert by_key == {
        "ceiling": [99.5],
        "leaving": [99.5],
        "account:1:chat:7:1": [99.0],
        "account:1:chat:7:60": [97.0, 99.0],
        "account:2:chat:7:1": [98.0],
        "account:2:chat:7:60": [98.0],
        "chat:7:1": [99.0],
        "chat:7:60": [98.0, 99.0],
    }


@pytest.mark.usefixtures("_empty_redis")
def test_a_slow_rebuild_does_not_undo_the_grants_of_a_faster_one() -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow() -> Attempts:
        begun.set()
        await may_end.wait()
        return []

    async def story() -> None:
        limit = [Limit("one", 1, 60.0)]
        async with limiter_of("redis", slow) as late, limiter_of("redis") as quick:
            await granted(quick, [MEMORY])
            async with Redis.from_url(django_settings.REDIS_URL) as redis:
                await redis.delete(RedisLimiter.epoch)
            asked = asyncio.create_task(grant(late, limit))
            await begun.wait()
            assert await granted(quick, limit) == 0
            may_end.set()
            assert await asked > 0
            assert await grant(late, limit) > 1, "the quick one's grant is still known"

    run(story())


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder the server's user can reach, which pytest's tmp_path is not."""
    folder = Path(tempfile.mkdtemp(prefix="relove-test-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def test_a_restarted_redis_is_not_trusted(home: Path) -> None:
    """Its append-only file may lack the last second, though the epoch is in it."""
    server = Valkey(home / "valkey", durable=False)
    server.start()
    rebuilds = 0

    async def recent() -> Attempts:
        nonlocal rebuilds
        rebuilds += 1
        return []

    async def story() -> None:
        async with Redis.from_url(server.url()) as redis:
            limiter = RedisLimiter(redis, recent)
            assert [await granted(limiter, [MEMORY]) for _ in range(2)] == [0, 0]
            assert rebuilds == 1
            server.stop()
            server.start()
            await redis.connection_pool.disconnect()
            await redis.set(RedisLimiter.epoch, 1)
            assert await granted(limiter, [MEMORY]) == 0
            assert rebuilds == 2

    try:
        run(story())
    finally:
        server.stop()


# --- nobody answers -----------------------------------------------------------------------------


def test_nothing_is_granted_while_redis_is_away() -> None:
    async def story() -> None:
        async with Redis.from_url("redis://127.0.0.1:1/0") as redis:
            limiter = RedisLimiter(redis, nothing_recent)
            assert [await grant(limiter, ceiling()) for _ in range(3)] == [RETRY_SECONDS] * 3

    run(story())


def test_nothing_is_granted_while_redis_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts_mgmt.limits.PATIENCE_SECONDS", 0.1)

    async def story(port: int) -> None:
        async with Redis.from_url(f"redis://127.0.0.1:{port}/0") as redis:
            assert await grant(RedisLimiter(redis, nothing_recent), ceiling()) == RETRY_SECONDS

    with socket.create_server(("127.0.0.1", 0)) as silent:
        run(story(silent.getsockname()[1]))


@with_database
@pytest.mark.usefixtures("_empty_redis")
def test_nothing_is_granted_when_redis_forgot_and_the_database_is_away() -> None:
    line = Line()

    async def recent() -> Attempts:
        rows: Attempts = await line.rows("SELECT pg_terminate_backend(pg_backend_pid())", None)
        return rows

    async def story() -> None:
        async with limiter_of("redis", recent) as limiter:
            # the first question teaches a fresh server the script, if nobody has
            answers = [await grant(limiter, ceiling()) for _ in range(3)]
            assert answers[1:] == [RETRY_SECONDS] * 2
            assert answers[0] > 0

    run(story())


@with_database
def test_nothing_is_granted_while_the_database_is_away() -> None:
    class Gone(Line):
        async def rows(self, sql: str, parameters: Any) -> list[Any]:
            return await super().rows("SELECT pg_terminate_backend(pg_backend_pid())", None)

    async def story() -> None:
        assert await grant(DatabaseLimiter(Gone()), ceiling()) == RETRY_SECONDS

    run(story())


# --- the settings -------------------------------------------------------------------------------

REAL = {
    "RELOVE_TELEGRAM": "telegram",
    "TELEGRAM_API_ID": "17",
    "TELEGRAM_API_HASH": "hash",
    "RELOVE_PRIVACY_URL": "https://example.org/privacy",
}
SHOW = (
    "import json; from django.conf import settings as s;"
    "print(json.dumps([s.SEND_CEILING, s.PACE_PER_SECOND, s.CHAT_PER_MINUTE, s.ACCOUNT_CHAT_PER_MINUTE]))"
)


def settings_with(**environment: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("RELOVE_TELEGRAM")}
    return subprocess.run(
        [sys.executable, "-c", SHOW],
        env={**env, "DJANGO_SETTINGS_MODULE": "relove.settings", **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"CEILING": "100", "SECOND": "30", "MINUTE": "1800"}, (28.0, 1, 20)),
        ({"CEILING": "0"}, (28.0, 1, 20)),
        ({"CEILING": "5", "MINUTE": "3"}, (5.0, 1, 3)),
    ],
)
def test_with_real_telegram_limits_can_only_be_lowered(
    values: dict[str, str], expected: tuple[float, int, int]
) -> None:
    names = {
        "CEILING": "RELOVE_SEND_CEILING",
        "SECOND": "RELOVE_PACE_PER_SECOND",
        "MINUTE": "RELOVE_PACE_PER_MINUTE",
    }
    found = settings_with(**REAL, **{names[name]: value for name, value in values.items()})
    rate, in_second, in_minute = expected
    assert json.loads(found.stdout) == [rate, in_second, in_minute, in_minute], found.stderr


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"RELOVE_SEND_CEILING": "-1"}, "RELOVE_SEND_CEILING"),
        ({"RELOVE_PACE_PER_MINUTE": "0"}, "RELOVE_PACE_PER_SECOND"),
        ({"RELOVE_TELEGRAM": "Telegram"}, "RELOVE_TELEGRAM"),
        ({"RELOVE_TELEGRAM": "telegram", "TELEGRAM_API_ID": "17"}, "TELEGRAM_API_HASH"),
        ({"RELOVE_TELEGRAM": "telegram", "TELEGRAM_API_HASH": "hash"}, "TELEGRAM_API_ID"),
    ],
)
def test_settings_that_would_lift_a_limit_or_lack_a_key_do_not_start(values: dict[str, str], name: str) -> None:
    refused = settings_with(**values)
    assert refused.returncode == 1
    assert "ImproperlyConfigured" in refused.stderr.splitlines()[-1]
    assert name in refused.stderr.splitlines()[-1]
