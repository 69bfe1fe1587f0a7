"""Storing posts: a reading of channels beside one save() for each, and beside a raw COPY of the same rows."""

import gc
import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from commentators import monitoring
from commentators.handlers import GAP_LIMIT
from commentators.models import TelegramChannel, TelegramPost
from commentators.posts import engagement
from relove.management.benchmark import Bench, Figures, at_least, benchmark, ratios
from relove.models import Chat
from relove.telegram.gateway import Counts, Message, Peer, PeerKind

POSTS = 100_000
CHANNELS = 20
# one save() each takes a minute for all: a part of them tells the rate
SAVED = 10_000
WORDS = "Сегодня говорим о том, как маленькая привычка меняет день, и почему отдых — это тоже работа. "
COPY = """
COPY telegram_posts (channel_id, message_id, text, media_urls, engagement, stage, stage_reason,
                     attempts, created_at, stored_at, names) FROM STDIN
"""

Batch = tuple[TelegramChannel, list[Message]]


# where commits cost nothing, saving each post alone would look cheaper than it is
@benchmark("ingest", {"vs_save": at_least(8), "vs_copy": at_least(0.5)}, durable=True)
def ingest(bench: Bench) -> Figures:
    """Posts a second, each contender into empty tables: the product's reading, save(), COPY."""
    batches = list(_batches())
    # a process that reads channels does not hold 100,000 messages for its collector to walk through
    gc.freeze()
    found = bench.in_turns(
        {
            "ours": lambda: _rate(_read, batches),
            "save": lambda: _rate(_save, _first(batches, SAVED)),
            "copy": lambda: _rate(_copy, batches),
        }
    )
    return {"vs_save": ratios(found["ours"], found["save"]), "vs_copy": ratios(found["ours"], found["copy"])}


def _batches() -> Iterator[Batch]:
    """The posts as readings bring them: of one channel at a time, and at most as many as one call brings."""
    for number in range(CHANNELS):
        chat = Chat.objects.create(telegram_id=number + 1, kind=Chat.Kind.CHANNEL)
        channel = TelegramChannel.objects.create(username=f"channel_{number}", chat=chat)
        messages = (_message(number + 1, post) for post in range(1, POSTS // CHANNELS + 1))
        while batch := list(itertools.islice(messages, GAP_LIMIT)):
            yield channel, batch


def _message(chat: int, number: int) -> Message:
    return Message(
        chat=Peer(PeerKind.CHANNEL, chat),
        id=number,
        text=f"{number}. {WORDS * (1 + number % 4)}",
        date=timezone.now() - timedelta(minutes=number),
        is_post=True,
        counts=Counts(views=1000 + number, reactions=number % 50, replies=number % 7),
    )


def _first(batches: Iterable[Batch], count: int) -> list[Batch]:
    return list(itertools.islice(batches, count // GAP_LIMIT))


def _rate(store: Callable[[list[Batch]], None], batches: list[Batch]) -> float:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE telegram_posts, operation_logs CASCADE")
    started = time.perf_counter()
    store(batches)
    seconds = time.perf_counter() - started
    stored = TelegramPost.objects.count()
    assert stored == sum(len(messages) for _channel, messages in batches), f"{stored} posts are there"
    return stored / seconds


def _read(batches: list[Batch]) -> None:
    for channel, messages in batches:
        monitoring.read(channel.id, messages, timezone.now())


def _save(batches: list[Batch]) -> None:
    for channel, messages in batches:
        for message in messages:
            TelegramPost(
                channel=channel,
                message_id=message.id,
                text=message.text,
                engagement=engagement(message.counts),
                created_at=message.date,
            ).save()


def _copy(batches: list[Batch]) -> None:
    with connection.cursor() as cursor:
        for channel, messages in batches:
            now = timezone.now()
            with cursor.copy(COPY) as copy:
                row: tuple[object, ...]
                for message in messages:
                    counts = json.dumps(engagement(message.counts))
                    row = (channel.id, message.id, message.text, "[]", counts, "new", "", 0, message.date, now, [])
                    copy.write_row(row)
