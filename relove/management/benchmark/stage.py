"""Where `send` plays: accounts, each with a discussion group of its own, and what they are to say there.

Several in one group would measure something else: what others said comes to each as a difference to be fetched.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts_mgmt.models import AccountEntity, TelegramAccountSession
from accounts_mgmt.outbox import CHANNEL, draw_random_id
from commentators.models import GeneratedComment, TelegramChannel, TelegramPost
from relove.db import notify
from relove.management import sandbox_world
from relove.management.benchmark import contenders, running, wait_until
from relove.management.sandbox_world import Voice
from relove.models import Chat, OperationLog, SessionLog
from relove.sandbox.client import SandboxClient
from relove.sandbox.contenders.plan import Message, Plan

TEXT = "Спасибо, это отзывается: сегодня попробую начать с малого. Номер {}"
# seconds; each look is a query, which is not the product's
LOOK_EVERY = 0.05
State = TelegramAccountSession.State


@dataclass(frozen=True)
class Place:
    """A post of ours, and its copy in the discussion group, which comments answer."""

    post: TelegramPost
    group: Chat
    copy: int


class Stage:
    """`size` counts from the first account on; all take turns in speaking."""

    def __init__(self, accounts: int) -> None:
        self._client = SandboxClient(settings.SANDBOX_HTTP)
        voices = [Voice(f"account_{n}", f"Аккаунт {n}", "", "", [], []) for n in range(accounts)]
        about = sandbox_world.disclosure()
        users = [{"first_name": v.first_name, "username": v.username, "about": about} for v in voices]
        self._client.world({"users": users})
        self._accounts = sandbox_world.connect_accounts(self._client, timezone.now(), voices)
        self._keys = {
            one.session.telegram_user_id: self._client.session(one.session.username)["auth_key"]
            for one in self._accounts
        }
        self._home = [self._place(number) for number in range(accounts)]
        self._acquaint()
        with connection.cursor() as cursor:
            # what autovacuum does within minutes: without it nobody knows how few accounts and channels there are
            cursor.execute("ANALYZE")

    def _place(self, number: int) -> Place:
        name = f"channel_{number}"
        described = self._client.add_channel(name, username=name, discussion=True)
        published = self._client.publish(name, "О привычках")
        group = Chat.objects.create(telegram_id=described["discussion"]["id"], kind=Chat.Kind.SUPERGROUP)
        channel = TelegramChannel.objects.create(
            username=name,
            chat=Chat.objects.create(telegram_id=described["id"], kind=Chat.Kind.CHANNEL),
            discussion=group,
            basis=TelegramChannel.Basis.OWN,
        )
        post = TelegramPost.objects.create(channel=channel, message_id=published["id"], created_at=timezone.now())
        return Place(post, group, published["discussion_id"])

    def _acquaint(self) -> None:
        """Every account finds the way to its group, by a first comment there."""
        size = len(self._accounts)
        comments = self._comments(size, size)
        for comment in comments:
            comment.chat = comment.reply_to = None
        with self._runner(size):
            self._deliver(comments)

    def deliver(self, size: int, count: int) -> float:
        """Messages a second by the product, from the commit that queues them until all are settled and logged.

        A first comment by each account goes before: what the others' accounts have said there meanwhile is
        fetched with it, which they, who remember nothing, never do.
        """
        with self._runner(size):
            self._deliver(self._comments(size, size))
            self._client.wait_idle(quiet_ms=500)
            return count / self._deliver(self._comments(count, size))

    @contextmanager
    def _runner(self, size: int) -> Iterator[None]:
        """A runner that holds the first accounts, as long as the block runs."""
        TelegramAccountSession.objects.update(state=State.DISABLED)
        ids = [account.session_id for account in self._accounts[:size]]
        TelegramAccountSession.objects.filter(id__in=ids).update(state=State.ACTIVE)
        with running({"Q_CLUSTER_NAME": "telegram"}, "qcluster"):
            held = SessionLog.objects.filter(account_id__in=ids, end_time=None)
            wait_until(lambda: held.count() == size, "not all accounts are held", 120)
            self._client.wait_idle(quiet_ms=500)
            yield

    def _deliver(self, comments: list[GeneratedComment]) -> float:
        """Returns the seconds."""
        before = self._client.stats()["accepted"]
        began = self._queue(comments)
        unsettled = GeneratedComment.objects.unsettled()
        wait_until(lambda: not unsettled.exists(), "rows are not settled", contenders.PATIENCE, LOOK_EVERY)
        written = OperationLog.objects.filter(operation_type="send_message", status="success")
        logs = written.filter(subject_id__in=[comment.id for comment in comments])
        wait_until(lambda: logs.count() == len(comments), "not everything is logged")
        took = time.perf_counter() - began
        assert self._client.stats()["accepted"] - before == len(comments), "something was lost, or sent twice"
        return took

    def _queue(self, comments: list[GeneratedComment]) -> float:
        """Returns the moment before the commit."""
        with transaction.atomic():
            GeneratedComment.objects.bulk_create(comments)
            notify(CHANNEL)
            return time.perf_counter()

    def _comments(self, count: int, size: int) -> list[GeneratedComment]:
        return [self._comment(number, size) for number in range(count)]

    def _comment(self, number: int, size: int) -> GeneratedComment:
        account, place, now = self._accounts[number % size], self._home[number % size], timezone.now()
        comment = GeneratedComment(
            post=place.post,
            channel=place.post.channel,
            account=account,
            sender=account.session,
            chat=place.group,
            reply_to=place.copy,
            text=TEXT.format(number),
            approved_at=now,
        )
        comment.queue(now)
        return comment

    def plan(self, size: int, count: int) -> Plan:
        """The same messages for a contender."""
        hashes = {
            (entity.account_id, entity.entity_id): entity.access_hash for entity in AccountEntity.objects.all()
        }
        messages = []
        for number in range(count):
            account, place = self._accounts[number % size].session, self._home[number % size]
            way = hashes[account.id, -(10**12) - place.group.telegram_id]
            assert account.telegram_user_id is not None
            messages.append(
                Message(
                    number + 1,
                    account.telegram_user_id,
                    place.group.telegram_id,
                    way,
                    place.copy,
                    TEXT.format(number),
                    draw_random_id(),
                )
            )
        host, _colon, port = settings.SANDBOX_TELEGRAM.rpartition(":")
        keys = {message.account: self._keys[message.account] for message in messages}
        return Plan((host, int(port)), keys, messages, os.environ["DATABASE_URL"], settings.REDIS_URL)
