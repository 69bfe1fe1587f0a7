"""The logs: written by one module, counted by it, and not to be changed afterwards."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts_mgmt.models import AccountSecurityLog, TelegramAccountSession
from relove import oplog
from relove.models import Chat, OperationLog, SessionLog, Staff, TelegramUser, UserActivityLog
from relove.oplog import Operation

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def person() -> TelegramUser:
    return TelegramUser.objects.create(telegram_id=5)


# --- sessions -----------------------------------------------------------------------------------


def test_a_session_begins_and_ends_once(person: TelegramUser) -> None:
    log = oplog.log_session_start(SessionLog.Type.SALES, now=NOW, user_id=person.pk)
    assert (log.status, log.start_time, log.user, log.account_id) == ("active", NOW, person, None)
    oplog.log_session_end(log.pk, "completed", now=NOW + timedelta(minutes=5), messages=3)
    oplog.log_session_end(log.pk, "failed", now=NOW + timedelta(minutes=9))
    log.refresh_from_db()
    assert (log.status, log.end_time, log.metadata) == ("completed", NOW + timedelta(minutes=5), {"messages": 3})


def test_sessions_of_a_person_are_counted_by_status(person: TelegramUser) -> None:
    other = TelegramUser.objects.create(telegram_id=6)
    for user, status in ((person, "completed"), (person, "completed"), (person, "failed"), (other, "failed")):
        log = oplog.log_session_start(SessionLog.Type.SALES, now=NOW, user_id=user.pk)
        oplog.log_session_end(log.pk, status, now=NOW)
    oplog.log_session_start(SessionLog.Type.EDUCATION, now=NOW, user_id=person.pk)
    assert oplog.get_session_stats(person.pk) == {"completed": 2, "failed": 1, "active": 1}
    assert oplog.get_session_stats(0) == {}


# --- operations ---------------------------------------------------------------------------------


def test_an_operation_names_what_it_was_about(person: TelegramUser) -> None:
    oplog.log_operation(
        "summarise", "failed", 120, "timeout", account_id=3, user_id=person.pk, subject=("telegram_posts", 9)
    )
    row = OperationLog.objects.get()
    assert (row.operation_type, row.status, row.duration_ms, row.error_message) == (
        "summarise",
        "failed",
        120,
        "timeout",
    )
    assert (row.account_id, row.user, row.subject_table, row.subject_id) == (3, person, "telegram_posts", 9)
    assert abs(row.created_at - timezone.now()) < timedelta(minutes=1)


def test_operations_are_counted_with_failures_and_mean_time() -> None:
    def done(kind: str, status: str, milliseconds: int, ago: int) -> Operation:
        return Operation(kind, status, milliseconds, at=NOW - timedelta(minutes=ago))

    oplog.log_operations(
        [
            done("send", "success", 100, 1),
            done("send", "failed", 300, 2),
            done("send", "success", 9000, 60),
            done("draft", "success", 50, 3),
        ]
    )
    assert oplog.get_operation_stats(NOW - timedelta(minutes=30)) == {
        "send": {"total": 2, "failed": 1, "mean_ms": 200.0},
        "draft": {"total": 1, "failed": 0, "mean_ms": 50.0},
    }
    assert oplog.get_operation_stats(NOW + timedelta(minutes=1)) == {}


# --- activity -----------------------------------------------------------------------------------


def test_an_activity_has_one_actor(person: TelegramUser) -> None:
    chat, staff = Chat.objects.create(kind="private", telegram_id=5), Staff.objects.create_user("olga")
    oplog.log_activity("reply", user_id=person.pk, chat_id=chat.pk, subject=("generated_comments", 4), text="да")
    oplog.log_activity("approve", staff_id=staff.pk)
    reply, approval = UserActivityLog.objects.order_by("id")
    assert (reply.user, reply.chat, reply.subject_id, reply.details) == (person, chat, 4, {"text": "да"})
    assert (approval.staff, approval.user, approval.subject_table) == (staff, None, "")
    for actors in ({}, {"user_id": person.pk, "staff_id": staff.pk}):
        with pytest.raises(DatabaseError, match="activity_one_actor"), transaction.atomic():
            oplog.log_activity("nobody", **actors)


# --- append-only --------------------------------------------------------------------------------


@pytest.fixture(params=["account_security_logs", "user_activity_log"])
def log(request: pytest.FixtureRequest) -> str:
    """A table with one row."""
    if request.param == "account_security_logs":
        account = TelegramAccountSession.objects.create(label="Анна", role="main")
        AccountSecurityLog.objects.create(account=account, event="leased")
    else:
        oplog.log_activity("login", staff_id=Staff.objects.create_user("olga").pk)
    return str(request.param)


CHANGES = ["UPDATE {} SET details = '{{\"a\": 1}}'", "DELETE FROM {}"]


def execute(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.rowcount)


@pytest.mark.parametrize("change", CHANGES)
def test_rows_are_not_changed_or_deleted(log: str, change: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        execute(change.format(log))


@pytest.mark.parametrize("change", CHANGES)
def test_erasing_a_person_is_the_one_exception(log: str, change: str) -> None:
    execute("SET LOCAL relove.erasing = 'on'")
    assert execute(change.format(log)) == 1
    assert execute(f"SELECT 1 FROM {log} WHERE details = '{{}}'") == 0, "it was done, not skipped"
    execute("SET LOCAL relove.erasing = 'off'")


@pytest.mark.django_db(transaction=True)
def test_the_exception_ends_with_its_transaction(log: str) -> None:
    with transaction.atomic():
        execute("SET LOCAL relove.erasing = 'on'")
    with pytest.raises(DatabaseError, match="append-only"):
        execute(f"DELETE FROM {log}")


def test_nothing_but_the_erasing_function_sets_the_exception() -> None:
    """In the product's code: the function itself, and the triggers that ask for it."""
    root = Path(__file__).resolve().parents[2]
    apps = ("relove", "accounts_mgmt", "commentators", "sales", "education", "diagnostics")
    files = [path for app in apps for path in (root / app).rglob("*.py")]
    naming = {path.name for path in files if "relove.erasing" in path.read_text()}
    assert len(files) > 300
    assert naming == {"0002_append_only.py", "0005_erasing.py"}
