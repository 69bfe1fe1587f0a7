"""A runner says that it lives, and which pause of everything it has obeyed.

What it says in `outbox_watch` outlives it: the next one to start sees how long nobody was there (freezing).
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from accounts_mgmt.lines import Line
from relove.host import Process, host_id

# For what is on its way when a pause comes; what takes longer is waited for at the next beat again.
PATIENCE_SECONDS = 1.0

BEAT = """
WITH alive AS (UPDATE outbox_watch SET beat_at = now() WHERE beat_at < now() - interval '5 seconds')
INSERT INTO runner_beats (id, host, pid, since, beat_at, pause_seen) VALUES (%s, %s, %s, now(), now(), %s)
ON CONFLICT (id) DO UPDATE SET beat_at = now(), pause_seen = excluded.pause_seen
RETURNING (SELECT COALESCE(max(id), 0) FROM pauses
           WHERE level = 'everything' AND lifted_at IS NULL AND (until IS NULL OR until > now()))
"""

LEAVE = "DELETE FROM runner_beats WHERE id = %s OR beat_at < now() - interval '1 day'"


class Attending:
    """`quiet` ends when all that was on its way to Telegram has its answer.

    The pause is committed before it is read here, and every later attempt asks for it itself: once what was
    under way has ended, nothing more leaves.
    """

    def __init__(self, line: Line, quiet: Callable[[], Awaitable[None]]) -> None:
        self._line, self._quiet = line, quiet
        self._id = secrets.randbelow(2**62)
        self._obeyed = 0

    async def beat(self) -> None:
        pause = await self._write()
        if pause != self._obeyed and (not pause or await self._is_quiet()):
            self._obeyed = pause
            await self._write()

    async def leave(self) -> None:
        await self._line.rows(LEAVE, [self._id])

    async def _write(self) -> int:
        row = [self._id, host_id(), Process.current().pid, self._obeyed]
        ((pause,),) = await self._line.rows(BEAT, row)
        return int(pause)

    async def _is_quiet(self) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._quiet()
        except TimeoutError:
            return False
        return True
