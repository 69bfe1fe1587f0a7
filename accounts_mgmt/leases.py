"""Who holds an account: one process at a time.

A lease is a guarded UPDATE with a random token that fences every later UPDATE of its holder. A holder
that could not renew for two thirds of the lease disconnects by itself; a successor waits for the end
and a third of the lease more, unless the owner was a process of this very host that is provably dead.

An account given back waits as long for other hosts: Telegram destroys a key that it meets from two source
addresses within a few seconds. The host that gave it back may take it at once.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any

import psycopg

from relove.host import Process, boottime, host_id

# Limited accounts are held too: they listen, and may be asked, but the claim passes them by. So it does
# those being signed in, which have no session yet.
HELD_STATES = ("active", "limited", "signing_in")

# In a WITH of its own, which is worked out once: within the UPDATE a plan may ask it again for each account, and
# find others each time, whatever the limit.
ACQUIRE = """
WITH free AS (
    SELECT id FROM telegram_account_sessions
    WHERE state = ANY(%(states)s) AND (session IS NOT NULL OR state = 'signing_in')
      AND id <> ALL(%(avoid)s::bigint[])
      AND (lease_until IS NULL OR lease_until < now() - %(seconds)s / 3 * interval '1 second'
           OR (lease_host = %(host)s AND (lease_token IS NULL OR lease_token = ANY(%(dead)s::bigint[]))))
    ORDER BY lease_until NULLS FIRST, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE telegram_account_sessions a SET
    lease_token = %(token)s + a.id, lease_until = now() + %(seconds)s * interval '1 second',
    lease_host = %(host)s, lease_pid = %(pid)s, lease_pid_started = %(started)s,
    lease_since = now(), heartbeat_at = now()
FROM free WHERE a.id = free.id
RETURNING a.id, a.lease_token
"""

RENEW = """
UPDATE telegram_account_sessions a SET
    lease_until = now() + %s * interval '1 second', heartbeat_at = now(), last_seen = now()
FROM unnest(%s::bigint[], %s::bigint[]) AS held (account, token)
WHERE a.id = held.account AND a.lease_token = held.token AND a.state = ANY(%s)
RETURNING a.id
"""

RELEASE = """
UPDATE telegram_account_sessions a SET lease_token = NULL, lease_until = now(), lease_since = NULL
FROM unnest(%s::bigint[], %s::bigint[]) AS held (account, token)
WHERE a.id = held.account AND a.lease_token = held.token
"""

NEIGHBOURS = """
SELECT lease_token, lease_pid, lease_pid_started FROM telegram_account_sessions
WHERE lease_host = %s AND lease_token IS NOT NULL AND lease_pid IS NOT NULL
"""


@dataclass(slots=True)
class Lease:
    """An account in our hands until `deadline` (our own boot-time clock, never the wall's)."""

    account: int
    token: int
    deadline: float

    @property
    def is_valid(self) -> bool:
        return boottime() < self.deadline


@dataclass(slots=True)
class Leases:
    """Acquires, renews and gives back for one runner; `seconds` is the lease's length."""

    database: psycopg.AsyncConnection[Any]
    seconds: float
    process: Process = field(default_factory=Process.current)

    def _deadline(self, asked_at: float) -> float:
        return asked_at + self.seconds * 2 / 3

    async def acquire(self, limit: int, avoid: list[int]) -> list[Lease]:
        asked_at = boottime()
        # below 2^62, so that adding an id stays a bigint
        parameters = {
            "token": secrets.randbelow(2**62),
            "seconds": self.seconds,
            "host": host_id(),
            "pid": self.process.pid,
            "started": self.process.started,
            "states": list(HELD_STATES),
            "avoid": avoid,
            "dead": await self._dead_neighbours(),
            "limit": limit,
        }
        cursor = await self.database.execute(ACQUIRE, parameters)
        return [Lease(account, token, self._deadline(asked_at)) for account, token in await cursor.fetchall()]

    async def _dead_neighbours(self) -> list[int]:
        cursor = await self.database.execute(NEIGHBOURS, [host_id()])
        return [
            token for token, pid, started in await cursor.fetchall() if not Process(pid, started or 0).is_alive
        ]

    async def renew(self, leases: list[Lease]) -> list[Lease]:
        """Renews; returns those that are lost (taken over, or no longer to be held), invalid from now on."""
        asked_at = boottime()
        accounts, tokens = [lease.account for lease in leases], [lease.token for lease in leases]
        cursor = await self.database.execute(RENEW, [self.seconds, accounts, tokens, list(HELD_STATES)])
        kept = {account for (account,) in await cursor.fetchall()}
        for lease in leases:
            lease.deadline = self._deadline(asked_at) if lease.account in kept else 0.0
        return [lease for lease in leases if lease.account not in kept]

    async def release(self, leases: list[Lease]) -> None:
        accounts, tokens = [lease.account for lease in leases], [lease.token for lease in leases]
        await self.database.execute(RELEASE, [accounts, tokens])
