"""The ceiling of the whole system and the pace per chat, shared by all processes and machines.

Every limit has one shape: at most `count` grants in any `seconds`. The ceiling of n a second is
(1, 1/n): a spacing, so no burst ever starts with a second's worth. One question grants all limits of
a message or none of them, and answers how long to wait.

A message passes the ceiling twice: before its last check, so that no more are checked than may leave, and
right before its request, because a check that is held up would set free at once all that was granted meanwhile.

With Redis the question is one script there, without it one SQL statement. Redis forgets at a flush or
a restart; the script notices, and nothing is granted until the windows are rebuilt from what the
database says was attempted in the last minute. When neither answers, nothing is granted.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import psycopg
from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError, WatchError

from accounts_mgmt.lines import Line
from relove import options

RETRY_SECONDS = 1.0
AGAIN_SECONDS = 0.001
# Of who has to wait no longer than this, for the ceiling's spacing, those behind do not pass.
SHORT_WAIT = 0.1
# A limiter that does not answer in time grants nothing.
PATIENCE_SECONDS = 5.0
# Of the ceiling: a hundredth of a second's worth, so that no second holds one more for it.
SLACK = 0.01


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` grants in any `seconds` for everybody who names `key`.

    A grant that comes late by less than `slack` seconds counts as if it had come in time, so that the next one
    makes up for it: for a spacing, whose every grant is late by the way to the limiter.
    """

    key: str
    count: int
    seconds: float
    slack: float = 0.0


def ceiling() -> list[Limit]:
    return _spacing("ceiling")


def leaving() -> list[Limit]:
    """The ceiling once more, for what has been checked and leaves now."""
    return _spacing("leaving")


def _spacing(key: str) -> list[Limit]:
    rate = options.value("SEND_CEILING")
    return [Limit(key, 1, 1 / rate, SLACK)] if rate else []


def pace(account: int, chat: int, *, slowed: bool = False) -> list[Limit]:
    """The windows of an account in a chat, half as many a minute where it is `slowed`, and those of the chat."""
    per_minute = options.value("ACCOUNT_CHAT_PER_MINUTE")
    own = _windows(f"account:{account}:chat:{chat}", max(per_minute // 2, 1) if slowed else per_minute)
    return own + _windows(f"chat:{chat}", options.value("CHAT_PER_MINUTE"))


def _windows(key: str, per_minute: int) -> list[Limit]:
    # the key without the count: what was sent under another one counts on when staff change it
    windows = ((settings.PACE_PER_SECOND, 1.0), (per_minute, 60.0))
    return [Limit(f"{key}:{seconds:g}", count, seconds) for count, seconds in windows]


class Limiter(Protocol):
    async def grant(self, questions: Sequence[Sequence[Limit]]) -> list[float]:
        """For each in turn 0 when granted, else the seconds to wait before asking again.

        Answers the first of them at least, and none behind one that has to wait for SHORT_WAIT or less.
        """


# KEYS: one list of grant times for each limit of each question, then the epoch. ARGV: the short wait, then for
# each question the number of its limits, and count, seconds and slack of each.
SCRIPT = """
local last = #KEYS
if redis.call('EXISTS', KEYS[last]) == 0 then return {'-1'} end
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local short, answers, key, at = tonumber(ARGV[1]), {}, 0, 2
while at <= #ARGV do
    local limits, wait = tonumber(ARGV[at]), 0
    for i = 1, limits do
        local count, seconds = tonumber(ARGV[at + 3 * i - 2]), tonumber(ARGV[at + 3 * i - 1])
        local oldest = redis.call('LINDEX', KEYS[key + i], -count)
        if oldest and tonumber(oldest) + seconds > now then
            wait = math.max(wait, tonumber(oldest) + seconds - now)
        end
    end
    if wait == 0 then
        for i = 1, limits do
            local count, seconds = tonumber(ARGV[at + 3 * i - 2]), tonumber(ARGV[at + 3 * i - 1])
            local slack = tonumber(ARGV[at + 3 * i])
            local oldest, moment = redis.call('LINDEX', KEYS[key + i], -count), now
            if slack > 0 and oldest then
                moment = math.max(tonumber(oldest) + seconds, now - slack)
            end
            redis.call('RPUSH', KEYS[key + i], string.format('%.6f', moment))
            redis.call('LTRIM', KEYS[key + i], -count, -1)
            redis.call('PEXPIRE', KEYS[key + i], math.ceil(seconds * 1000) + 1000)
        end
    end
    answers[#answers + 1] = tostring(wait)
    if wait > 0 and wait <= short then break end
    key, at = key + limits, at + 1 + 3 * limits
end
return answers
"""

# Attempts of the last minute by account and chat, with their age in seconds.
Recent = Callable[[], Awaitable[list[tuple[int, int | None, float]]]]


class RedisLimiter:
    """The script above. `recent` tells what was attempted in the last minute, for a rebuild.

    A flushed Redis lacks the epoch; a restarted one, which may have lost its last second, no longer
    knows the script. Either is rebuilt before anything is granted.
    """

    prefix = "relove:limits:"
    epoch = prefix + "epoch"

    def __init__(self, redis: Redis, recent: Recent) -> None:
        self._redis = redis
        self._recent = recent
        self._sha = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()

    async def grant(self, questions: Sequence[Sequence[Limit]]) -> list[float]:
        keys = [self.prefix + limit.key for limits in questions for limit in limits] + [self.epoch]
        arguments: list[float] = [SHORT_WAIT]
        for limits in questions:
            arguments += [len(limits)]
            arguments += [value for limit in limits for value in (limit.count, limit.seconds, limit.slack)]
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                answers = await self._redis.evalsha(self._sha, len(keys), *keys, *arguments)
                if float(answers[0]) < 0:
                    await self._rebuild()
                    return [AGAIN_SECONDS]
        except NoScriptError:
            return [await self._teach()] * len(questions)
        except (RedisError, OSError, psycopg.OperationalError):
            return [RETRY_SECONDS] * len(questions)
        return [float(answer) for answer in answers]

    async def _teach(self) -> float:
        try:
            # first forgotten, then taught: nobody may use the script on windows that lack a second
            await self._redis.delete(self.epoch)
            await self._redis.script_load(SCRIPT)
        except (RedisError, OSError):
            return RETRY_SECONDS
        return AGAIN_SECONDS

    async def _rebuild(self) -> None:
        """Windows from the database. Of several processes the first wins; nothing is granted before."""
        async with self._redis.pipeline(transaction=True) as pipe:
            await pipe.watch(self.epoch)
            if await pipe.exists(self.epoch):
                return
            seconds, micros = await pipe.time()
            times = windows(await self._recent(), seconds + micros / 1e6)
            pipe.multi()  # type: ignore[no-untyped-call]
            for limit, grants in times.items():
                key = self.prefix + limit.key
                pipe.delete(key)
                pipe.rpush(key, *(f"{moment:.6f}" for moment in grants))
                pipe.pexpire(key, int(limit.seconds * 1000) + 1000)
            pipe.set(self.epoch, seconds)
            with contextlib.suppress(WatchError):
                await pipe.execute()


def windows(recent: Sequence[tuple[int, int | None, float]], now: float) -> dict[Limit, list[float]]:
    """The grants that matter, oldest first, by limit: from (account, chat, age in seconds)."""
    times: dict[Limit, list[float]] = {}
    for account, chat, age in recent:
        for limit in [*ceiling(), *leaving(), *(pace(account, chat) if chat else [])]:
            times.setdefault(limit, []).append(now - age)
    return {limit: sorted(moments)[-limit.count :] for limit, moments in times.items()}


class DatabaseLimiter:
    """The SQL function relove_grant: the same question of the table send_paces."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def grant(self, questions: Sequence[Sequence[Limit]]) -> list[float]:
        # one question at a time: its locks are gone before the next takes others
        limits = questions[0]
        # one order for everybody, or two processes could wait for one another
        ordered = sorted(limits, key=lambda limit: limit.key)
        parameters = (
            [limit.key for limit in ordered],
            [limit.count for limit in ordered],
            [limit.seconds for limit in ordered],
        )
        try:
            ((wait,),) = await self._line.rows(
                "SELECT relove_grant(%s::text[], %s::int[], %s::float8[])", parameters
            )
        except psycopg.OperationalError:
            return [RETRY_SECONDS] * len(questions)
        return [float(wait)]
