"""The send loop of the customer's document, answer 8, as it stands there."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from telethon.errors import RPCError as TelegramAPIError

from relove.sandbox.contenders.clients import Clients
from relove.sandbox.contenders.plan import Plan
from relove.sandbox.contenders.table import Row, Table

logger = logging.getLogger(__name__)


class CommentSchedulerService:
    def __init__(self, table: Table, clients: Clients) -> None:
        self._table, self._clients = table, clients

    async def send_scheduled_comments(self) -> int:
        """Send comments and handle errors; how many there were."""
        # 1. comments whose status is "pending"
        comments = await self._table.pending(limit=100)
        for comment in comments:
            try:
                # 2. send the comment
                await self.send_comment(comment)
                # 3. update its status
                comment.status = "sent"
                comment.sent_at = datetime.now(UTC)
            except TelegramAPIError as e:
                # 4. errors of Telegram
                comment.retry_count = (comment.retry_count or 0) + 1
                if comment.retry_count < 3:
                    # again later
                    comment.status = "pending"
                    comment.next_retry = datetime.now(UTC) + timedelta(minutes=5)
                else:
                    # too many attempts
                    comment.status = "failed"
                    comment.failed_reason = str(e)
            except Exception as e:  # noqa: BLE001  as in the document
                # 5. an unexpected error
                logger.error("Unexpected error: %s", e)
                comment.status = "failed"
                comment.failed_reason = str(e)
            finally:
                # 6. save
                await self._table.save(comment)
                # 7. rate limiting
                await asyncio.sleep(0.1)
        return len(comments)

    async def send_comment(self, comment: Row) -> None:
        comment.message_id = await self._clients.send(comment.message)


async def main() -> None:
    plan = Plan.load()
    clients, table = Clients(plan), await Table.connect(plan.database)
    await clients.connect()
    service = CommentSchedulerService(table, clients)
    while await service.send_scheduled_comments():
        continue
    await clients.disconnect()
    await table.close()


if __name__ == "__main__":
    asyncio.run(main())
