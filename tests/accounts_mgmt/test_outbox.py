"""The outbox's decisions one by one: verdicts, delays, batches, and what each statement may touch."""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts_mgmt import leases
from accounts_mgmt.batching import Batcher
from accounts_mgmt.bookkeeping import settle_columns, unexpected
from accounts_mgmt.claims import CRASHES_ALLOWED, Claimed, Settlement, statements
from accounts_mgmt.delivery import ATTEMPTS, GUARD_SECONDS, refusal, retry_delay, verdict
from accounts_mgmt.lines import PLANNER, Line
from accounts_mgmt.models import AccountChatHold, Pause, TelegramAccountSession
from accounts_mgmt.outbox import Status, outgoing_models
from commentators.models import CommentatorAccount, DirectMessage, GeneratedComment, TelegramChannel, TelegramPost
from relove.fields import Sealed
from relove.models import Chat
from relove.partitions import ensure_partitions
from relove.telegram.gateway import (
    ChatForbidden,
    FloodWait,
    GatewayError,
    OutcomeUnknown,
    PeerFlood,
    SlowMode,
    Temporary,
)

TOKEN, OTHER = 11, 22
# of the claim
PARAMETERS: dict[str, Any] = {
    "accounts": [],
    "tokens": [TOKEN],
    "rooms": [40],
    "ahead": 1.0,
    "suspects": False,
    "blocked": [],
    "limit": 100,
}


def claimed(**fields: Any) -> Claimed:
    values: dict[str, Any] = {
        "kind": GeneratedComment,
        "id": 1,
        "created_at": timezone.now(),
        "account": 1,
        "token": TOKEN,
        "chat_id": 1,
        "chat_kind": Chat.Kind.SUPERGROUP,
        "chat_telegram_id": 5,
        "text": "Привет",
        "reply_to": 1,
        "random_id": 7,
        "retry_count": 0,
        "first_attempt_at": None,
        "unclear_for": 0.0,
        "due_in": 0.0,
    }
    return Claimed(**values | fields)


UNCLEAR = {"first_attempt_at": timezone.now(), "unclear_for": 40.0}


@pytest.mark.parametrize(
    ("error", "before", "requested", "status", "failed", "unclear"),
    [
        (FloodWait("FLOOD_WAIT", retry_after=30), {}, True, Status.PENDING, False, False),
        (FloodWait("FLOOD_WAIT", retry_after=30), UNCLEAR, True, Status.UNKNOWN, False, True),
        (SlowMode("SLOWMODE_WAIT", retry_after=5), {"retry_count": 2}, True, Status.PENDING, False, False),
        (PeerFlood("PEER_FLOOD"), {}, True, Status.PENDING, False, False),
        (OutcomeUnknown("TIMEOUT"), {}, True, Status.UNKNOWN, False, True),
        (OutcomeUnknown("TIMEOUT"), {"retry_count": 2}, True, Status.UNKNOWN, False, True),
        (OutcomeUnknown("TIMEOUT"), {}, False, Status.PENDING, True, False),
        (OutcomeUnknown("TIMEOUT"), UNCLEAR, False, Status.UNKNOWN, True, True),
        (OutcomeUnknown("TIMEOUT"), UNCLEAR | {"absent": True}, False, Status.PENDING, True, False),
        (Temporary("RPC_CALL_FAIL"), {}, True, Status.UNKNOWN, True, True),
        (Temporary("RPC_CALL_FAIL"), {}, False, Status.PENDING, True, False),
        (Temporary("RPC_CALL_FAIL"), {"retry_count": 2}, True, Status.FAILED, True, False),
        (ChatForbidden("CHAT_WRITE_FORBIDDEN"), {}, True, Status.FAILED, True, False),
    ],
)
def test_verdict(
    error: GatewayError, before: dict[str, Any], requested: bool, status: Status, failed: bool, unclear: bool
) -> None:
    found = verdict(claimed(**before), error, requested=requested, jitter=0.0)
    assert (found.status, found.failed, found.unclear) == (status, failed, unclear)
    assert found.code == error.code
    assert found.reason
    if error.retry_after:
        assert found.delay == error.retry_after


def test_an_unknown_outcome_is_asked_after_ever_more_rarely() -> None:
    error = OutcomeUnknown("TIMEOUT")
    delays = [
        verdict(claimed(**UNCLEAR | {"unclear_for": age}), error, requested=True, jitter=0.0).delay
        for age in (0.0, 10.0, 200.0, 2000.0)
    ]
    assert delays == [2.0, 10.0, 200.0, 300.0]


def test_retries_come_after_five_and_ten_minutes(settings: Any) -> None:
    settings.RETRY_BASE_SECONDS = 300.0
    assert [retry_delay(n, 0.0) for n in (1, 2)] == [300.0, 600.0]
    assert [retry_delay(1, jitter) for jitter in (-1.0, 1.0)] == [240.0, 360.0]
    assert ATTEMPTS == 3


def test_batches_gather_while_one_is_written() -> None:
    written: list[list[int]] = []

    async def write(items: list[int]) -> list[int]:
        written.append(items)
        await asyncio.sleep(0)
        if 13 in items:
            raise ValueError("thirteen")
        return [item * 2 for item in items]

    async def main() -> list[Any]:
        batcher = Batcher(write, limit=3)
        answers = await asyncio.gather(
            *(batcher.submit(n) for n in (1, 2, 3, 4, 13, 5, 6)), return_exceptions=True
        )
        late = batcher.submit(7)
        await batcher.join()
        assert late.done()
        return answers

    answers = asyncio.run(main())
    assert written == [[1, 2, 3], [4, 13, 5], [6], [7]]
    assert answers[:3] == [2, 4, 6]
    assert all(isinstance(answer, ValueError) for answer in answers[3:6]), "a failure belongs to its batch alone"
    assert answers[6] == 12


# --- the statements, on one connection and rolled back ---------------------------------------------


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return TelegramAccountSession.objects.create(label="Анна", role="commentator", lease_token=TOKEN)


@pytest.fixture
def chat(db: None) -> Chat:
    return Chat.objects.create(kind=Chat.Kind.SUPERGROUP, telegram_id=5)


@pytest.fixture
def rows(account: TelegramAccountSession, chat: Chat) -> list[GeneratedComment]:
    """Three comments to one chat, due."""
    channel = TelegramChannel.objects.create(username="kanal", basis=TelegramChannel.Basis.OWN)
    post = TelegramPost.objects.create(channel=channel, message_id=1, created_at=timezone.now())
    commentator = CommentatorAccount.objects.create(session=account)
    made = []
    for number in range(3):
        row = GeneratedComment(
            post=post, channel=channel, account=commentator, sender=account, chat=chat, text=f"Раз {number}"
        )
        row.queue(timezone.now())
        row.save()
        made.append(row)
    return made


@pytest.fixture
def ordered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(GeneratedComment, "ordered", True)
    statements.cache_clear()
    yield
    statements.cache_clear()


def run(sql: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def claim(account: TelegramAccountSession, **changes: Any) -> list[Claimed]:
    found = run(statements(GeneratedComment).claim, PARAMETERS | {"accounts": [account.id]} | changes)
    # which comes first is the planner's affair
    return sorted((Claimed(GeneratedComment, *row) for row in found), key=lambda row: row.id)


def settle(settlement: Settlement) -> list[tuple[Any, ...]]:
    return run(statements(GeneratedComment).settle, settle_columns([settlement]))


def attempt(row: Claimed) -> bool:
    sql = statements(GeneratedComment)
    parameters = [[row.id], [row.created_at], [row.token], *sql.attempt_params]
    return bool(run(sql.attempt, parameters))


def give_back(row: Claimed) -> None:
    run(statements(GeneratedComment).give_back, [[row.id], [row.created_at], [row.token]])


def take_over(account: TelegramAccountSession, token: int) -> None:
    """What a successor does first: the lease is another's from here on."""
    TelegramAccountSession.objects.update(lease_token=token)
    run(statements(GeneratedComment).take_over, ["Отложено", [account.id], [token]])


def status(row: GeneratedComment | Claimed) -> str:
    return GeneratedComment.objects.get(id=row.id).status


def test_comments_are_claimed_together_and_once(
    account: TelegramAccountSession, rows: list[GeneratedComment]
) -> None:
    assert [row.id for row in claim(account)] == [row.id for row in rows]
    assert claim(account) == []


def test_a_dialogue_is_claimed_one_by_one(
    ordered: None, account: TelegramAccountSession, rows: list[GeneratedComment]
) -> None:
    (first,) = claim(account)
    assert first.id == rows[0].id
    assert claim(account) == [], "the first is on its way"
    settle(Settlement(first, Status.UNKNOWN, unclear=True, delay=60.0))
    assert claim(account) == [], "the first may still come"
    GeneratedComment.objects.filter(id=first.id).update(set_aside=True)
    (second,) = claim(account)
    assert second.id == rows[1].id, "what waits for a person holds nobody up"
    settle(Settlement(second, Status.SENT, message_id=1))
    assert [row.id for row in claim(account)] == [rows[2].id]


def test_order_and_last_check_are_asked_by_index(db: None) -> None:
    """Where few are pending and people are few, the planner would rather read all of them for each row."""
    sql = statements(DirectMessage)
    run(PLANNER.replace("SET ", "SET LOCAL "), [])
    # of a table that nobody has analysed it expects bitmaps to pay
    run("SET LOCAL enable_bitmapscan = off", [])
    claim_plan = plan(sql.claim, PARAMETERS)
    assert re.search(r"older .*\n +Index Cond: \(\(sender_id = .*\(chat_id = .*\(id < ", claim_plan), claim_plan
    attempt_plan = plan(sql.attempt, [[], [], [], *sql.attempt_params])
    assert not re.search(r"Seq Scan on (users|contacts|telegram_account_sessions)", attempt_plan), attempt_plan


def plan(sql: str, parameters: Any) -> str:
    return "\n".join(line for (line,) in run(f"EXPLAIN {sql}", parameters))


def test_a_runners_line_reads_no_whole_table() -> None:
    async def shown() -> list[Any]:
        line = Line()
        try:
            return await line.rows("SHOW enable_seqscan", [])
        finally:
            await line.close()

    assert asyncio.run(shown()) == [("off",)]


def test_pages_keep_room_for_the_next_states_of_their_rows(db: None) -> None:
    """In a full page each state of a row is written elsewhere, and all of the table's indexes with it."""
    ensure_partitions(timezone.now())
    tables = [kind._meta.db_table for kind in outgoing_models()]
    found = run(
        "SELECT c.relname, c.reloptions FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid "
        "WHERE c.relkind = 'r' AND COALESCE(i.inhparent, c.oid)::regclass::text = ANY(%s)",
        [tables],
    )
    assert len(found) > len(tables)
    assert [name for name, options in found if "fillfactor=70" not in (options or [])] == []


@pytest.mark.parametrize(
    "hindrance", ["blocked", "hold", "state", "flood", "paused", "everything", "token", "later"]
)
def test_what_is_not_claimed(
    hindrance: str, account: TelegramAccountSession, chat: Chat, rows: list[GeneratedComment]
) -> None:
    later = timezone.now() + timedelta(hours=1)
    changes: dict[str, Any] = {}
    accounts = TelegramAccountSession.objects.filter(id=account.id)
    if hindrance == "blocked":
        changes = {"blocked": [chat.id]}
    elif hindrance == "hold":
        AccountChatHold.objects.create(account=account, chat=chat, reason="SLOWMODE_WAIT", until=later)
    elif hindrance == "paused":
        Pause.objects.create(level="account", target_id=account.id, until=later)
    elif hindrance == "everything":
        Pause.objects.create(level="everything")
    elif hindrance == "token":
        changes = {"tokens": [OTHER]}
    elif hindrance == "later":
        GeneratedComment.objects.update(next_retry=later)
    else:
        values = {
            "state": {"state": "limited"},
            "flood": {"flood_until": later},
        }
        accounts.update(**values[hindrance])
    assert claim(account, **changes) == []
    assert status(rows[0]) == Status.PENDING


@pytest.mark.parametrize("hindrance", ["state", "everything", "account"])
def test_what_the_claim_asks_as_well_costs_no_wait(
    hindrance: str, account: TelegramAccountSession, rows: list[GeneratedComment]
) -> None:
    """The pause ends between the refusal and its note."""
    accounts = TelegramAccountSession.objects.filter(id=account.id)
    row = claim(account)[0]
    if hindrance == "state":
        accounts.update(state="limited")
    else:
        Pause.objects.create(level=hindrance, target_id=account.id if hindrance == "account" else None)
    assert not attempt(row)
    refused = refusal(row)
    assert refused is not None
    accounts.update(state="active")
    Pause.objects.update(lifted_at=timezone.now())
    settle(refused)
    assert [row.id for row in claim(account)] == [row.id]


def test_what_the_claim_does_not_ask_is_looked_at_again_later(
    account: TelegramAccountSession, rows: list[GeneratedComment]
) -> None:
    TelegramAccountSession.objects.update(owner_consent_at=None)
    row = claim(account)[0]
    assert not attempt(row)
    refused = refusal(row)
    assert refused is not None
    assert (refused.status, refused.delay) == (Status.PENDING, GUARD_SECONDS)
    settle(refused)
    assert claim(account) == []


def test_a_row_given_back_untouched_is_pending_again(
    account: TelegramAccountSession, rows: list[GeneratedComment]
) -> None:
    row = claim(account)[0]
    give_back(row)
    assert status(row) == Status.PENDING


def test_a_row_given_back_after_its_attempt_is_unknown(
    account: TelegramAccountSession, rows: list[GeneratedComment]
) -> None:
    row = claim(account)[0]
    GeneratedComment.objects.update(origin="person")
    assert attempt(row)
    run(statements(GeneratedComment).give_back_all, [account.id, TOKEN])
    assert status(row) == Status.UNKNOWN
    assert status(rows[1]) == Status.PENDING


def test_a_guard_holds_until_the_last_moment(
    account: TelegramAccountSession, rows: list[GeneratedComment]
) -> None:
    row, other = claim(account)[:2]
    assert not attempt(row), "written by machine, and the profile does not say so"
    GeneratedComment.objects.filter(id=other.id).update(origin="person")
    assert attempt(other)


def test_a_former_holder_writes_nothing(account: TelegramAccountSession, rows: list[GeneratedComment]) -> None:
    GeneratedComment.objects.update(origin="person")
    row, other = claim(account)[:2]
    attempt(row)
    take_over(account, OTHER)
    assert settle(Settlement(row, Status.SENT, message_id=1)) == []
    assert settle(unexpected(other)) == []
    assert not attempt(other)
    give_back(row)
    assert [status(one) for one in rows] == [Status.UNKNOWN, Status.PENDING, Status.PENDING]


def test_a_poison_row_is_set_aside(account: TelegramAccountSession, rows: list[GeneratedComment]) -> None:
    """Three processes die with it; from the second death on it travels alone, the others go on."""
    poison, *others = rows
    for death in range(CRASHES_ALLOWED):
        suspects = death == CRASHES_ALLOWED - 1
        taken = claim(account, suspects=suspects, limit=1 if suspects else 100)
        assert poison.id in [row.id for row in taken]
        if suspects:
            assert len(taken) == 1
        for row in taken:
            if row.id != poison.id:
                settle(Settlement(row, Status.PENDING))
        take_over(account, OTHER + death)
        TelegramAccountSession.objects.update(lease_token=TOKEN)
    poison.refresh_from_db()
    assert (poison.status, poison.set_aside, poison.crashes) == (Status.FAILED, True, CRASHES_ALLOWED)
    assert poison.failed_reason
    assert claim(account, suspects=True) == []
    assert [row.id for row in claim(account)] == [row.id for row in others]


def test_an_unclear_poison_row_waits_for_a_person(
    account: TelegramAccountSession, rows: list[GeneratedComment]
) -> None:
    GeneratedComment.objects.filter(id=rows[0].id).update(
        status=Status.SENDING, claimed_by=TOKEN, crashes=2, first_attempt_at=timezone.now()
    )
    take_over(account, OTHER)
    row = GeneratedComment.objects.get(id=rows[0].id)
    assert (row.status, row.set_aside) == (Status.UNKNOWN, True), (
        "it may have been delivered: nobody calls it failed"
    )


def acquire(account: TelegramAccountSession, host: str) -> bool:
    parameters = {
        "token": OTHER,
        "seconds": 15.0,
        "host": host,
        "pid": 1,
        "started": 1,
        "states": ["active"],
        "avoid": [],
        "dead": [],
        "limit": 1,
    }
    return bool(run(leases.ACQUIRE, parameters))


@pytest.mark.parametrize(("host", "free"), [("here", True), ("elsewhere", False)])
def test_an_account_given_back_waits_for_other_hosts(
    host: str, free: bool, account: TelegramAccountSession
) -> None:
    """A key that is met from two addresses within seconds is destroyed."""
    TelegramAccountSession.objects.update(lease_host="here", session=Sealed.seal("session", "{}"))
    run(leases.RELEASE, [[account.id], [TOKEN]])
    assert acquire(account, host) == free
    TelegramAccountSession.objects.update(lease_token=None, lease_until=timezone.now() - timedelta(seconds=6))
    assert acquire(account, host)
