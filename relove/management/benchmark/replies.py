"""Answers of the main account: our own time from a message's arrival to its answer in the queue.

What the model took is taken off, as llm_calls says; an automatic script, and so no person in between. The time
ends with the log's row about the answer, which is written when the answer stands in the queue for good.
"""

import time
from datetime import datetime

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.private import coming_in
from relove.management import sandbox_world
from relove.management.benchmark import Bench, Figures, at_most, benchmark, percentile, running, wait_until
from relove.models import LLMCall, OperationLog
from relove.sandbox.client import SandboxClient
from relove.telegram.gateway import Message, Peer, PeerKind, Person
from sales.models import ConversationMessage

PEOPLE = 25
LATENCY = 0.2
# seconds between two messages: 14,400 an hour, which no account of a person ever hears
PAUSE = 0.25
SAID = (
    "Здравствуйте",
    "Устала всё тянуть одна",
    "Сколько это стоит?",
    "А вы читали Юнга про сновидения в пустыне?",
)


@benchmark("replies", {"p95_ms": at_most(100)})
def replies(bench: Bench) -> Figures:
    """Milliseconds of our own: the 95th of the hundred messages of each round."""
    client = SandboxClient(settings.SANDBOX_HTTP)
    now = timezone.now()
    client.world(sandbox_world.description())
    main = sandbox_world.connect_main(client, now)
    sandbox_world.add_script(now, automatic=True)
    client.call("POST", "llm/settings", {"latency": LATENCY})
    with running({"Q_CLUSTER_NAME": "llm"}, "qcluster"):
        # the first message waits for the cluster to start
        _answered(main, [(0, "Здравствуйте")])
        found = [_round(main, number) for number in range(bench.rounds)]
    for number, times in enumerate(found, 1):
        bench.tell(f"round {number}: p50 {percentile(times, 50):.1f} ms, p95 {percentile(times, 95):.1f} ms")
    return {
        "p95_ms": [percentile(times, 95) for times in found],
        "p50_ms": [percentile(times, 50) for times in found],
    }


def _round(main: TelegramAccountSession, number: int) -> list[float]:
    people = range(number * PEOPLE + 1, (number + 1) * PEOPLE + 1)
    return [took for text in SAID for took in _answered(main, [(person, text) for person in people])]


def _answered(main: TelegramAccountSession, said: list[tuple[int, str]]) -> list[float]:
    """Milliseconds of our own for each message."""
    began = []
    for person, text in said:
        began.append(_say(main, person, text))
        time.sleep(PAUSE)
    heard = ConversationMessage.objects.received()
    logged = OperationLog.objects.filter(operation_type="answer_client")
    wait_until(lambda: logged.count() >= heard.count(), "messages wait for an answer")
    return [_own_time(main, person, at) for (person, _text), at in zip(said, began, strict=True)]


def _say(main: TelegramAccountSession, person: int, text: str) -> datetime:
    """When the message arrived, as the handler of an update sees it."""
    at = timezone.now()
    who = Person(10_000 + person, "", "Ольга")
    number = ConversationMessage.objects.count() + 1
    chat = Peer(PeerKind.USER, who.id)
    coming_in.saw(main.pk, Message(chat, number, text, at, sender=who), at)
    return at


def _own_time(main: TelegramAccountSession, person: int, arrived: datetime) -> float:
    mine = ConversationMessage.objects.filter(sender=main, user__telegram_id=10_000 + person).order_by("-id")
    answer, heard = mine.filter(direction="out").first(), mine.filter(direction="in").first()
    if answer is None or heard is None or answer.pk < heard.pk:
        raise AssertionError(f"A message of person {person} was not answered: {heard and heard.why}")
    calls = LLMCall.objects.filter(subject_table="conversation_messages", subject_id=heard.pk)
    model_ms = calls.aggregate(total=Sum("duration_ms"))["total"] or 0
    done = OperationLog.objects.get(operation_type="answer_client", subject_id=heard.pk)
    took: float = (done.created_at - arrived).total_seconds() * 1000 - model_ms
    return took
