"""The server's ledger compared with the database: what was lost, doubled, held or refused, and why."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from accounts_mgmt.claims import CRASHES_ALLOWED
from accounts_mgmt.models import AccountChatHold, TelegramAccountSession
from accounts_mgmt.outbox import OutgoingMessage, Status, outgoing_models
from commentators.models import DirectMessage
from education.models import EducationGroup, GroupMessage
from relove.management.chaos import POISON
from relove.management.chaos.storm import ENDINGS, PASSING, Diary
from relove.models import LLMCall
from relove.sandbox.client import SandboxClient
from relove.sandbox.llm import digest
from sales.models import ConversationMessage

# The messages that leave late are few: one of so many readings falls between them.
READINGS = 20
UNSETTLED = (Status.PENDING, Status.SENDING, Status.UNKNOWN)
REFUSED = (Status.FAILED, Status.CANCELLED, Status.EXPIRED)
# What a row may end or wait with under this storm: three passing errors in a row, an ending, a chat's end.
KNOWN_CODES = {kind for kind, _share in PASSING} | set(ENDINGS) | {"TIMEOUT", "CONNECTION_LOST", "RETRIES"}
Key = tuple[int, int]


@dataclass(slots=True)
class Verdict:
    """What the command prints, under the names it promises; `told` explains what is wrong, in sentences."""

    messages: int = 0
    kills: int = 0
    lost: int = 0
    duplicated: int = 0
    unknown: int = 0
    wrong_order: int = 0
    stuck: int = 0
    held: int = 0
    held_unexplained: int = 0
    refused: int = 0
    refused_unexplained: int = 0
    llm_calls_repeated: int = 0
    llm_calls_paid_twice: int = 0
    told: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        wrong = (self.lost, self.duplicated, self.unknown, self.wrong_order, self.stuck)
        unexplained = (self.held_unexplained, self.refused_unexplained, self.llm_calls_paid_twice)
        return bool(self.messages) and not self.told and not any((*wrong, *unexplained))

    def as_dict(self) -> dict[str, int]:
        values = asdict(self)
        del values["told"]
        return values


def approved() -> Iterator[OutgoingMessage]:
    """Every row that was to leave."""
    for kind in outgoing_models():
        yield from kind._default_manager.exclude(random_id=None).select_related("sender", "chat")


def held() -> Q:
    """Waiting for something that a person can see: an account that stopped, or a decision."""
    return Q(set_aside=True) | ~Q(sender__state=TelegramAccountSession.State.ACTIVE)


def unsettled() -> int:
    """How many are on their way that nothing visible holds; what waits for an answer, groups and accounts, too."""
    waiting = [*_on_their_way(), _unanswered(), _moving_groups(), _unheld_accounts()]
    return sum(rows.count() for rows in waiting)


def waited_for() -> Iterator[str]:
    """Each of them, and what a claim would look at, for whoever has to find out why none comes."""
    for rows in _on_their_way():
        for row in rows.select_related("sender"):
            yield f"{_name(row)}: {row.status}{_waits_for(row)} ({row.failed_code} {row.failed_reason})"
    for asked in _unanswered():
        yield f"{_name(asked)}: waits for an answer until {asked.next_try}, {asked.stage_reason}"
    yield from map(_stands, _moving_groups())
    for account in _unheld_accounts():
        yield f"Account {account.pk} is held by nobody: leased until {account.lease_until}"


def _on_their_way() -> Iterator[Any]:
    for kind in outgoing_models():
        yield kind._default_manager.filter(status__in=UNSETTLED).exclude(held())


def _unanswered() -> Any:
    return ConversationMessage.objects.received().filter(stage=ConversationMessage.Stage.WANTED)


def _moving_groups() -> Any:
    return EducationGroup.objects.open().exclude(state=EducationGroup.State.PAUSED)


def _unheld_accounts() -> Any:
    """What they are told is not heard yet."""
    active = TelegramAccountSession.objects.filter(state=TelegramAccountSession.State.ACTIVE)
    return active.filter(Q(lease_until=None) | Q(lease_until__lt=Now()))


def _name(row: OutgoingMessage) -> str:
    return f"{row._meta.db_table} {row.pk}"


def read_both(client: SandboxClient, verdict: Verdict) -> tuple[dict[Key, OutgoingMessage], list[dict[str, Any]]]:
    """The database and the ledger of one moment: nothing was accepted between the two readings."""
    for _try in range(READINGS):
        accepted = client.stats()["accepted"]
        rows = {(row.sender.telegram_user_id or 0, row.random_id or 0): row for row in approved()}
        ledger = client.ledger()
        if len(ledger) == accepted:
            break
    else:
        verdict.told.append(f"Something was accepted at each of {READINGS} readings: it has not settled.")
    return rows, [entry for entry in ledger if entry["random_id"]]


def judge(diary: Diary, committed: set[str]) -> Verdict:
    """`committed` are the texts of messages whose writer was told that they are stored."""
    client = SandboxClient(settings.SANDBOX_HTTP)
    verdict = Verdict(kills=diary.kills)
    rows, ledger = read_both(client, verdict)
    verdict.messages = len(rows)
    times = Counter((entry["account"], entry["random_id"]) for entry in ledger)
    verdict.duplicated = sum(times.values()) - len(times)
    for key in times.keys() - rows.keys():
        verdict.duplicated += 1
        verdict.told.append(f"Nobody asked for message {key}.")
    for key, row in rows.items():
        _judge_row(row, times[key], diary, verdict)
    _judge_texts(committed, verdict)
    _judge_groups(client, verdict)
    _judge_order(rows, ledger, verdict)
    _judge_model(client, diary, verdict)
    return verdict


def _judge_row(row: OutgoingMessage, delivered: int, diary: Diary, verdict: Verdict) -> None:
    wrong = ""
    if POISON in row.text and not row.set_aside:
        verdict.told.append(f"{_name(row)} kills, and was not set aside.")
    if row.status in REFUSED:
        verdict.refused += 1
        if delivered or not _refusal_explained(row, diary):
            verdict.refused_unexplained += 1
            wrong = "refused, and delivered" if delivered else "refused without a cause"
    elif row.status in UNSETTLED and (row.set_aside or row.sender.state != "active"):
        verdict.held += 1
        if not _hold_explained(row, diary):
            verdict.held_unexplained += 1
            wrong = "held without a cause"
    elif row.status == Status.UNKNOWN:
        verdict.unknown += 1
        wrong = "its outcome is unknown"
    elif row.status in UNSETTLED:
        verdict.stuck += 1
        wrong = f"still on its way{_waits_for(row)}"
    elif not delivered:
        verdict.lost += 1
        wrong = "lost"
    if delivered > 1:
        wrong = f"delivered {delivered} times"
    if wrong:
        why = f"{row.status} {row.failed_code} {row.failed_reason}".strip()
        when = f"first attempt {row.first_attempt_at}, sent {row.sent_at} as {row.message_id}"
        verdict.told.append(f"{_name(row)}: {wrong} ({why}; crashes {row.crashes}; {when}; {row.text[:60]!r}).")


def _waits_for(row: OutgoingMessage) -> str:
    account = row.sender
    holds = AccountChatHold.objects.filter(account=account, chat=row.chat).values_list("until", flat=True)
    return (
        f", due {row.next_retry or row.scheduled_at}, by account {account.pk} in chat {row.chat_id}: waits until "
        f"{account.flood_until}, leased until {account.lease_until}, holds {list(holds)}"
    )


def _refusal_explained(row: OutgoingMessage, diary: Diary) -> bool:
    if row.chat is not None and row.chat.telegram_id in diary.ended_chats:
        return row.failed_code in ("USER_IS_BLOCKED", "CHAT_WRITE_FORBIDDEN")
    return row.failed_code in KNOWN_CODES


def _hold_explained(row: OutgoingMessage, diary: Diary) -> bool:
    if row.sender.telegram_user_id in diary.ended_accounts:
        return True
    if row.crashes >= CRASHES_ALLOWED:
        return POISON in row.text or diary.kills + CRASHES_ALLOWED >= row.crashes
    return row.set_aside and (row.failed_code in KNOWN_CODES or _refusal_explained(row, diary))


def _judge_texts(committed: set[str], verdict: Verdict) -> None:
    """A server that forgets what it has confirmed loses messages before anybody could send them."""
    for kind in (DirectMessage, GroupMessage):
        committed = committed - set(
            kind._default_manager.filter(text__in=committed).values_list("text", flat=True)
        )
    verdict.lost += len(committed)
    verdict.told += [f"“{text}” was stored, and is gone." for text in sorted(committed)]


def _judge_groups(client: SandboxClient, verdict: Verdict) -> None:
    """Each group was made once, and stands still only with a reason."""
    groups = EducationGroup.objects.all()
    made = client.stats()["groups"]
    if not groups.exclude(chat=None).count() <= made <= groups.count():
        verdict.duplicated += 1
        verdict.told.append(f"Telegram has {made} groups, and we know {groups.exclude(chat=None).count()}.")
    moving = groups.open().exclude(state=EducationGroup.State.PAUSED, state_reason__gt="")
    verdict.stuck += moving.count()
    verdict.told += [_stands(one) for one in moving]


def _stands(group: EducationGroup) -> str:
    """What a claim, and then the scenario, would look at."""
    rows = GroupMessage.objects.filter(group=group).order_by("-id")[:4]
    newest = [
        (row.pk, row.direction, row.purpose or row.beat, row.status, row.stage, row.sender_id, str(row.created_at))
        for row in rows
    ]
    place = f"{group.scene} {group.beat} since {group.beat_since}"
    due = f"due {group.due_at}, claimed until {group.claimed_until}, {group.state_reason}"
    return f"Group {group.pk} stands at {group.state} {group.step}, {place}: {due}; newest first: {newest}"


def _judge_order(rows: dict[Key, OutgoingMessage], ledger: list[dict[str, Any]], verdict: Verdict) -> None:
    """In one conversation nothing overtakes what was written before it."""
    newest: dict[tuple[str, int, int | None], int] = {}
    for entry in ledger:
        row = rows.get((entry["account"], entry["random_id"]))
        if row is None or not row.ordered:
            continue
        conversation = (row._meta.db_table, row.sender_id, row.chat_id)
        if newest.get(conversation, 0) > row.pk:
            verdict.wrong_order += 1
            verdict.told.append(f"{_name(row)} was overtaken by {newest[conversation]}.")
        newest[conversation] = max(row.pk, newest.get(conversation, 0))


def _judge_model(client: SandboxClient, diary: Diary, verdict: Verdict) -> None:
    """Asked again after its answer was stored: paid twice. Asked again because no answer was: repeated."""
    stored: dict[str, list[datetime]] = {}
    for call in LLMCall.objects.filter(status=LLMCall.Status.ANSWERED).exclude(answered_at=None).iterator():
        stored.setdefault(digest(call.request), []).append(call.answered_at)  # type: ignore[arg-type]
    for question, asked in client.call("GET", "llm/answers").items():
        known = stored.get(question, [])
        verdict.llm_calls_repeated += max(0, len(asked) - len(known))
        last = max(known).timestamp() if known else float("inf")
        verdict.llm_calls_paid_twice += sum(moment > last for moment in asked)
    if verdict.llm_calls_repeated > diary.calls_at_risk:
        verdict.told.append(
            f"{verdict.llm_calls_repeated} answers were paid for and not stored, "
            f"and only {diary.calls_at_risk} calls were under way when something died."
        )
