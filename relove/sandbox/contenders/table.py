"""The contenders' queue in PostgreSQL: a plain table of theirs, one statement for each row and step.

It has less to carry than ours: no partitions, and no index but its key and that of the state.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from relove.sandbox.contenders.plan import Message

CREATE = """
CREATE TABLE IF NOT EXISTS contender_messages (
    id bigint PRIMARY KEY, account bigint NOT NULL, "group" bigint NOT NULL, access_hash bigint NOT NULL,
    reply_to bigint NOT NULL, text text NOT NULL, random_id bigint NOT NULL,
    status text NOT NULL DEFAULT 'pending', message_id bigint, sent_at timestamptz,
    retry_count int, next_retry timestamptz, failed_reason text);
CREATE INDEX IF NOT EXISTS contender_status ON contender_messages (status, id);
TRUNCATE contender_messages;
"""
INSERT = """
INSERT INTO contender_messages (id, account, "group", access_hash, reply_to, text, random_id)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
SELECT = 'SELECT id, account, "group", access_hash, reply_to, text, random_id FROM contender_messages WHERE '
UPDATE = """
UPDATE contender_messages SET status = %s, message_id = %s, sent_at = %s, retry_count = %s, next_retry = %s,
    failed_reason = %s
WHERE id = %s
"""


@dataclass
class Row:
    """A message with its state, as an object mapper would hand it out."""

    id: int
    account: int
    group: int
    access_hash: int
    reply_to: int
    text: str
    random_id: int
    status: str = "pending"
    message_id: int | None = None
    sent_at: datetime | None = None
    retry_count: int | None = None
    next_retry: datetime | None = None
    failed_reason: str | None = None

    @property
    def message(self) -> Message:
        return Message(
            self.id, self.account, self.group, self.access_hash, self.reply_to, self.text, self.random_id
        )


class Table:
    """One connection; every save is a transaction of its own."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection

    @classmethod
    async def connect(cls, database: str) -> "Table":
        return cls(await psycopg.AsyncConnection.connect(database, autocommit=True, prepare_threshold=1))

    async def close(self) -> None:
        await self._connection.close()

    async def get(self, id: int) -> Row:
        return (await self._rows(SELECT + "id = %s", [id]))[0]

    async def pending(self, limit: int) -> list[Row]:
        due = "status = 'pending' AND (next_retry IS NULL OR next_retry <= now()) ORDER BY id LIMIT %s"
        return await self._rows(SELECT + due, [limit])

    async def _rows(self, sql: str, parameters: list[int]) -> list[Row]:
        async with self._connection.cursor(row_factory=class_row(Row)) as cursor:
            await cursor.execute(sql, parameters)
            return await cursor.fetchall()

    async def save(self, row: Row) -> None:
        state = [row.status, row.message_id, row.sent_at, row.retry_count, row.next_retry, row.failed_reason]
        await self._connection.execute(UPDATE, [*state, row.id])
