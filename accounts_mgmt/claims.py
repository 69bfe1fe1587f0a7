"""The outbox's SQL: claim, attempt, settle, give back, take over. One set for each kind of message.

Every statement of a holder carries its lease token, so that a process which lost an account writes
nothing any more. Rows are named by (id, created_at): id alone would look into every partition.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from django.db import connection
from django.db.models import Q

from accounts_mgmt.outbox import OutgoingMessage
from relove import oplog

CRASHES_ALLOWED = 3
# From here on a row travels alone, so that the next death is its own fault beyond doubt.
SUSPECT_AFTER = CRASHES_ALLOWED - 1
# The code of a row that one of its guards refused.
GUARD = "GUARD"


@dataclass(slots=True)
class Claimed:
    """A row in a runner's hands. `due_in` is in seconds by the database's clock."""

    kind: type[OutgoingMessage]
    id: int
    created_at: datetime
    account: int
    token: int
    chat_id: int | None
    chat_kind: str | None
    chat_telegram_id: int | None
    text: str
    reply_to: int | None
    random_id: int
    retry_count: int
    first_attempt_at: datetime | None
    unclear_for: float
    due_in: float
    # the account writes at half its pace
    slowed: bool = False
    photo_id: int | None = None
    # the history was read since, and the message is not there
    absent: bool = False

    @property
    def table(self) -> str:
        return self.kind._meta.db_table

    @property
    def key(self) -> tuple[str, int]:
        """Recognises a row among those of all kinds."""
        return self.table, self.id

    @property
    def unclear(self) -> bool:
        """Whether an earlier attempt may have delivered it."""
        return self.first_attempt_at is not None and not self.absent


@dataclass(slots=True)
class Settlement:
    """How a row goes on. `delay` in seconds until the next attempt; `unclear` keeps first_attempt_at."""

    row: Claimed
    status: str
    message_id: int | None = None
    sent_at: datetime | None = None
    failed: bool = False
    delay: float | None = None
    unclear: bool = False
    code: str = ""
    reason: str = ""
    set_aside: bool = False
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class Statements:
    """The SQL of one kind of message; parameters in each statement's own order, named."""

    claim: str
    attempt: str
    settle: str
    give_back: str
    give_back_all: str
    unseen: str
    take_over: str
    free: str
    recent: str
    place: str
    attempt_params: tuple[object, ...] = field(default=())


# OFFSET keeps it a question about one row, answered from the index by account, chat and id. As a join the planner,
# which expects next to nothing pending, compares each row of an account with all others of it.
ORDER_KEPT = """
          AND NOT EXISTS (
              SELECT 1 FROM {table} older
              WHERE older.sender_id = m.sender_id AND older.chat_id = m.chat_id AND older.id < m.id
                AND older.status IN ('pending', 'sending', 'unknown') AND NOT older.set_aside
              OFFSET 0)
"""

NOT_PAUSED = """
         AND NOT EXISTS (
             SELECT 1 FROM pauses p
             WHERE p.lifted_at IS NULL AND (p.until IS NULL OR p.until > now())
               AND (p.level = 'everything' OR p.level = 'account' AND p.target_id = a.id))"""

CLAIM = """
WITH due AS (
    SELECT m.id, m.created_at, held.token, m.chat_id, a.slowed_at IS NOT NULL AS slowed,
           EXTRACT(EPOCH FROM COALESCE(m.next_retry, m.scheduled_at) - now())::float8 AS due_in
    FROM unnest(%(accounts)s::bigint[], %(tokens)s::bigint[], %(rooms)s::int[]) AS held (account, token, room)
    JOIN telegram_account_sessions a ON a.id = held.account AND a.lease_token = held.token
         AND a.state = 'active'
         AND (a.flood_until IS NULL OR a.flood_until <= now()){not_paused}
    CROSS JOIN LATERAL (
        SELECT m.id, m.created_at, m.chat_id, m.next_retry, m.scheduled_at
        FROM {table} m
        WHERE m.sender_id = held.account AND m.status IN ('pending', 'unknown') AND NOT m.set_aside
          AND COALESCE(m.next_retry, m.scheduled_at) <= now() + %(ahead)s * interval '1 second'
          AND (m.crashes >= {suspect_after}) = %(suspects)s
          AND (m.chat_id IS NULL OR m.chat_id <> ALL(%(blocked)s::bigint[]))
          AND NOT EXISTS (
              SELECT 1 FROM account_chat_holds hold
              WHERE hold.account_id = m.sender_id AND hold.chat_id = m.chat_id
                AND (hold.until IS NULL OR hold.until > now())){order_kept}
        ORDER BY COALESCE(m.next_retry, m.scheduled_at), m.id
        LIMIT held.room
        FOR UPDATE OF m SKIP LOCKED
    ) m
    LIMIT %(limit)s
)
UPDATE {table} m SET status = 'sending', claimed_by = due.token
FROM due LEFT JOIN chats c ON c.id = due.chat_id
WHERE m.id = due.id AND m.created_at = due.created_at
RETURNING m.id, m.created_at, m.sender_id, due.token, m.chat_id, c.kind, c.telegram_id, m.text, m.reply_to,
          m.random_id, m.retry_count, m.first_attempt_at,
          COALESCE(EXTRACT(EPOCH FROM now() - m.first_attempt_at), 0)::float8, due.due_in, due.slowed, {photo}
"""

# Of rows that are named by their key. Written so that no index takes it: of those being sent the planner expects
# none, and would rather look through all that ever were than by the keys.
IN_HAND = "(m.status = 'sending') IS TRUE"

# Only what is answered here may be sent: the row is still ours and every guard holds now.
ATTEMPT = """
UPDATE {table} m SET attempted_at = now(), first_attempt_at = COALESCE(m.first_attempt_at, now())
FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[]) AS v (id, created_at, token)
WHERE m.id = v.id AND m.created_at = v.created_at AND m.claimed_by = v.token AND {in_hand}
  AND EXISTS ({guarded} AND {table}.id = m.id AND {table}.created_at = m.created_at)
RETURNING m.id
"""

# The verdict and its row of the operation log are one statement: one commit for both, and neither without
# the other.
SETTLE = """
WITH v AS (
    SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::text[], %s::bigint[],
                         %s::timestamptz[], %s::int[], %s::float8[], %s::bool[], %s::text[], %s::text[],
                         %s::bool[], %s::bigint[], %s::int[], %s::bool[])
    AS v (id, created_at, token, status, message_id, sent_at, failed, delay, unclear, code, reason, set_aside,
          account, duration_ms, is_news)
), settled AS (
UPDATE {table} m SET
    status = v.status, message_id = COALESCE(v.message_id, m.message_id),
    sent_at = COALESCE(v.sent_at, m.sent_at),
    retry_count = m.retry_count + v.failed,
    next_retry = CASE WHEN v.delay IS NULL THEN m.next_retry ELSE now() + v.delay * interval '1 second' END,
    first_attempt_at = CASE WHEN v.unclear THEN m.first_attempt_at END,
    failed_code = v.code, failed_reason = v.reason, set_aside = v.set_aside, crashes = 0,
    claimed_by = NULL, updated_at = now()
FROM v
WHERE m.id = v.id AND m.created_at = v.created_at AND m.claimed_by = v.token AND {in_hand}
RETURNING m.id
), logged AS (
    {log}
    SELECT 'send_message', CASE v.status WHEN 'sent' THEN 'success' ELSE 'failed' END, v.duration_ms, v.reason,
           v.account, '{table}', v.id, now()
    FROM v JOIN settled USING (id) WHERE v.is_news
)
SELECT id FROM settled
"""

GIVE_BACK = """
UPDATE {table} m SET status = CASE WHEN m.first_attempt_at IS NULL THEN 'pending' ELSE 'unknown' END,
    claimed_by = NULL, updated_at = now()
FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[]) AS v (id, created_at, token)
WHERE m.id = v.id AND m.created_at = v.created_at AND m.claimed_by = v.token AND {in_hand}
"""

# Before a lease is given back: whatever is left in its name.
GIVE_BACK_ALL = """
UPDATE {table} SET status = CASE WHEN first_attempt_at IS NULL THEN 'pending' ELSE 'unknown' END,
    claimed_by = NULL, updated_at = now()
WHERE sender_id = %s AND status = 'sending' AND claimed_by = %s
"""

# What stands in the names of leases, to be compared with what their holder knows of.
UNSEEN = """
SELECT id, created_at, claimed_by FROM {table}
WHERE sender_id = ANY(%s) AND status = 'sending' AND claimed_by = ANY(%s)
"""

# Attempts of the last minute: account, chat, age in seconds.
RECENT = """
SELECT sender_id, chat_id, EXTRACT(EPOCH FROM now() - attempted_at)::float8
FROM {table} WHERE attempted_at > now() - interval '1 minute'
"""

# How a row goes on whose holder died with it in its hands.
ORPHANED = f"""
    status = CASE WHEN m.first_attempt_at IS NOT NULL THEN 'unknown'
                  WHEN m.crashes + 1 >= {CRASHES_ALLOWED} THEN 'failed' ELSE 'pending' END,
    set_aside = m.crashes + 1 >= {CRASHES_ALLOWED},
    failed_reason = CASE WHEN m.crashes + 1 >= {CRASHES_ALLOWED} THEN %s ELSE m.failed_reason END,
    crashes = m.crashes + 1, claimed_by = NULL, updated_at = now()
"""

# By the account's next holder.
TAKE_OVER = f"""
UPDATE {{table}} m SET {ORPHANED}
FROM unnest(%s::bigint[], %s::bigint[]) AS held (account, token)
WHERE m.sender_id = held.account AND m.status = 'sending' AND m.claimed_by IS DISTINCT FROM held.token
"""

# Where nobody holds the account any more; as long after a lease as a successor would wait.
FREE = f"""
UPDATE {{table}} m SET {ORPHANED}
FROM telegram_account_sessions a
WHERE a.id = m.sender_id AND m.status = 'sending'
  AND (a.lease_token IS NULL OR a.lease_until < now() - %s / 3 * interval '1 second')
"""

PLACE = """
UPDATE {table} m SET chat_id = %s, reply_to = %s
WHERE m.id = %s AND m.created_at = %s AND m.claimed_by = %s AND m.status = 'sending'
"""


@lru_cache(maxsize=32)
def statements(kind: type[OutgoingMessage]) -> Statements:
    """The SQL for a kind of message; its guards are compiled in."""
    table = kind._meta.db_table
    every = Q()
    for guard in kind.guards():
        every &= guard.condition
    query = kind._default_manager.filter(every).order_by().values("id").query
    guarded, params = query.get_compiler(connection=connection).as_sql()
    return Statements(
        claim=CLAIM.format(
            table=table,
            order_kept=ORDER_KEPT.format(table=table) if kind.ordered else "",
            not_paused="" if kind.passes_pauses else NOT_PAUSED,
            suspect_after=SUSPECT_AFTER,
            photo="m.photo_id" if kind.carries_photos else "NULL::bigint",
        ),
        attempt=ATTEMPT.format(table=table, guarded=guarded, in_hand=IN_HAND),
        settle=SETTLE.format(table=table, log=oplog.INSERT_INTO, in_hand=IN_HAND),
        give_back=GIVE_BACK.format(table=table, in_hand=IN_HAND),
        give_back_all=GIVE_BACK_ALL.format(table=table),
        unseen=UNSEEN.format(table=table),
        take_over=TAKE_OVER.format(table=table),
        free=FREE.format(table=table),
        recent=RECENT.format(table=table),
        place=PLACE.format(table=table),
        attempt_params=tuple(params),
    )
