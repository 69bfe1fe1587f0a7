"""Drafting: the long task of the cluster `llm` beside the time that the model alone would take."""

import time

from django.conf import settings
from django.utils import timezone

from commentators import monitoring
from commentators.models import GeneratedComment, TelegramChannel, TelegramPost
from relove.management import sandbox_world
from relove.management.benchmark import Bench, Figures, at_most, benchmark, running, wait_until
from relove.models import Chat
from relove.sandbox.client import SandboxClient
from relove.telegram.gateway import Message, Peer, PeerKind

POSTS = 200
AT_ONCE = 20
LATENCY = 1.0
# a summary and a draft
QUESTIONS = 2
IDEAL = POSTS * QUESTIONS * LATENCY / AT_ONCE
# as many slots as posts: the accounts' day is not what is measured
SLOTS_A_DAY = 86_400
THEMES = ("привычки", "отдых", "страхи", "цели", "встречи", "семья", "движение", "тишина", "дорога", "утро")


@benchmark("drafts", {"vs_ideal": at_most(1.15)}, {"LLM_CONCURRENCY": str(AT_ONCE)})
def drafts(bench: Bench) -> Figures:
    """Seconds from 200 stored posts to the last draft, against 20 questions at once of a second each."""
    client = SandboxClient(settings.SANDBOX_HTTP)
    now = timezone.now()
    client.world(sandbox_world.description())
    channel = sandbox_world.add_channel(sandbox_world.connect_accounts(client, now), now, SLOTS_A_DAY)
    chats = [Chat.objects.create(telegram_id=number, kind=Chat.Kind.SUPERGROUP) for number in (1, 2)]
    TelegramChannel.objects.filter(id=channel.id).update(chat=chats[0], discussion=chats[1])
    client.call("POST", "llm/settings", {"latency": LATENCY})
    with running({"Q_CLUSTER_NAME": "llm"}, "qcluster"):
        # the first post waits for the cluster to start
        _draft(channel.id, range(1, 2))
        numbers = iter(range(bench.rounds))
        found = bench.in_turns({"seconds": lambda: _round(channel.id, next(numbers))})
    return {"vs_ideal": [seconds / IDEAL for seconds in found["seconds"]], "seconds": found["seconds"]}


def _round(channel_id: int, number: int) -> float:
    first = 2 + number * POSTS
    started = time.perf_counter()
    _draft(channel_id, range(first, first + POSTS))
    return time.perf_counter() - started


def _draft(channel_id: int, numbers: range) -> None:
    """Store posts and wait for their drafts."""
    monitoring.read(channel_id, [_message(number) for number in numbers], timezone.now())
    before = GeneratedComment.objects.count()
    wait_until(lambda: not TelegramPost.objects.unfinished().exists(), "posts wait for a draft", IDEAL * 5)
    drafted = GeneratedComment.objects.count() - before
    if drafted < len(numbers) * 0.95:
        reasons = TelegramPost.objects.filter(message_id__in=numbers).values_list("stage_reason", flat=True)
        raise AssertionError(f"{drafted} of {len(numbers)} posts were drafted; {sorted(set(reasons))}")


def _message(number: int) -> Message:
    theme, other = THEMES[number % len(THEMES)], THEMES[number // len(THEMES) % len(THEMES)]
    text = f"История {number}: {theme} и {other}. Что помогает вам заметить перемены и не бросить на полпути?"
    return Message(Peer(PeerKind.CHANNEL, 1), number, text, timezone.now(), is_post=True)
