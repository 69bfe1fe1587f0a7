"""How long an idle system takes: from approving to Telegram, and from a person's message to the queued answer."""

import time

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts_mgmt.outbox import CHANNEL, Origin, Status
from accounts_mgmt.private import decisions
from accounts_mgmt.private.dialogues import open_thread
from commentators.models import DirectMessage
from relove.management import sandbox_world
from relove.management.benchmark import Bench, Figures, at_most, benchmark, percentile, running, wait_until
from relove.models import Staff, TelegramUser
from relove.sandbox.client import SandboxClient

PEOPLE = 40
# answered by rule: the model has no part in it
QUESTION = "Вы бот?"
Direction, Purpose = DirectMessage.Direction, DirectMessage.Purpose


@benchmark("latency", {"send_p95_ms": at_most(50), "reply_p95_ms": at_most(100)})
def latency(bench: Bench) -> Figures:
    """Milliseconds, one message at a time; each round with people of its own."""
    client = SandboxClient(settings.SANDBOX_HTTP)
    client.world(sandbox_world.description())
    accounts = [one.session for one in sandbox_world.connect_accounts(client, timezone.now())]
    staff = Staff.objects.create_user("approver")
    figures: dict[str, list[float]] = {"send_p95_ms": [], "reply_p95_ms": []}
    with running({"Q_CLUSTER_NAME": "telegram"}, "qcluster"):
        wait_until(lambda: len(client.stats()["online"]) == len(accounts), "the accounts are not held")
        for number in range(bench.rounds):
            people = [client.add_user(f"Гость {number}-{n}")["id"] for n in range(PEOPLE)]
            asked = [
                _answered(client, person, accounts[n % len(accounts)].username) for n, person in enumerate(people)
            ]
            _settled()
            # past the pace of the chats: one message a second
            time.sleep(1.5)
            sent = [_approved(client, person, staff) for person in people]
            figures["reply_p95_ms"].append(percentile(asked, 95))
            figures["send_p95_ms"].append(percentile(sent, 95))
            _settled()
            latest = ", ".join(f"{name} {values[-1]:.1f}" for name, values in figures.items())
            bench.tell(f"round {number + 1}: {latest}")
    return figures


def _answered(client: SandboxClient, person: int, account: str) -> float:
    """From the person's message to our answer in the queue: the commit, which tells the runners of it."""
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
        began = time.time()
        client.say(person, account, QUESTION)
        next(connection.connection.notifies(timeout=60, stop_after=1))
        took = (time.time() - began) * 1000
        cursor.execute(f"UNLISTEN {CHANNEL}")
    rows = DirectMessage.objects.filter(user__telegram_id=person, direction=Direction.OUT, purpose=Purpose.BOT)
    assert rows.exists(), "somebody else's message"
    return took


def _approved(client: SandboxClient, person: int, staff: Staff) -> float:
    """From approving a draft to the server's own time of accepting it."""
    first = DirectMessage.objects.select_related("sender").filter(user__telegram_id=person).first()
    assert first is not None
    thread = open_thread(first.sender, TelegramUser.objects.get(telegram_id=person))
    draft = thread.new(Direction.OUT, "Расскажите, что для вас сейчас важнее всего?", Origin.MACHINE)
    draft.save()
    before = client.stats()["accepted"]
    began = time.time()
    decisions.approve(thread, draft.pk, draft.text, staff, timezone.now())
    wait_until(lambda: client.stats()["accepted"] > before, "a message was not sent", every=0.02)
    [accepted] = client.ledger(before)
    return (float(accepted["time"]) - began) * 1000


def _settled() -> None:
    wait_until(
        lambda: not DirectMessage.objects.filter(status__in=(Status.PENDING, Status.SENDING)).exists(), "rows wait"
    )
