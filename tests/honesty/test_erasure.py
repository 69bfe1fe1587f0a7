"""Erasing a person: nothing of theirs is found anywhere afterwards, and nobody writes to them again."""

import gzip
import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts_mgmt.models import AccountCall, AccountEntity, Contact
from accounts_mgmt.outbox import Status
from accounts_mgmt.private import coming_in
from commentators.models import DirectMessage
from diagnostics import services
from diagnostics.models import DiagnosticResult, Stage
from relove import archive, erasure, oplog, people, rollups, suppression
from relove.models import LLMCall, OperationLog, Staff, Suppression, TelegramUser, UserActivityLog
from relove.telegram.gateway import Message, Peer, PeerKind, Person
from tests.commentators.conftest import NOW, commentator

ID = 990_771_553
NAME, SURNAME, NICK, WORDS = "Канарейкина", "Певчая", "canary_nick", "тайна-кенара"
TRACES = [NAME, SURNAME, NICK, WORDS, str(ID)]


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELOVE_STATE_DIR", str(tmp_path))


@pytest.fixture
def user(db: None) -> TelegramUser:
    """A person who left traces in every table that knows people."""
    if not Stage.objects.exists():
        import_module("diagnostics.migrations.0002_reference").load(apps, None)
    account = commentator(1).session
    hear(account.pk, 1, f"Расскажу вам: {WORDS}")
    person = TelegramUser.objects.get(telegram_id=ID)
    person.profile, person.history_summary = {"заметка": WORDS}, WORDS
    person.save()
    row = DirectMessage.objects.get(user=person)
    subject = (DirectMessage._meta.db_table, row.pk)
    LLMCall.objects.create(
        key="k1", purpose="reply", model="m", subject_table=subject[0], subject_id=subject[1],
        request={"messages": WORDS}, response={"text": WORDS}, status="answered",
    )  # fmt: skip
    oplog.log_operation("draft_reply", "failed", 3, f"{WORDS}", user_id=person.pk, subject=subject)
    oplog.log_activity("touch", user_id=person.pk, text=WORDS)
    AccountEntity.objects.create(account=account, entity_id=ID, access_hash=5, username=NICK)
    AccountCall.objects.create(
        account=account, kind="mark_read", arguments={"user": ID}, result={"name": NAME}, deadline=NOW
    )
    diagnose(person)
    return person


def hear(account_id: int, number: int, text: str) -> None:
    sender = Person(ID, NICK, NAME, SURNAME)
    message = Message(Peer(PeerKind.USER, ID), number, text, NOW, sender)
    coming_in.saw(account_id, message, NOW + timedelta(minutes=number))


def diagnose(person: TelegramUser) -> None:
    session, turn = services.start(person, "ru", NOW)
    services.answer(session.pk, "да", NOW)
    services.answer(session.pk, WORDS, NOW)
    while not turn.ended:
        turn = services.answer(session.pk, "1", NOW)
    assert DiagnosticResult.objects.filter(user=person).exists()


def traces() -> dict[str, list[str]]:
    """Where anything of the person stands, in every table and partition, attached or not, of the database."""
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            for trace in TRACES:
                cursor.execute(f'SELECT 1 FROM "{table}" t WHERE t::text ILIKE %s LIMIT 1', [f"%{trace}%"])
                if cursor.fetchone():
                    found.setdefault(table, []).append(trace)
    return found


def test_nothing_of_the_person_is_found_afterwards(user: TelegramUser) -> None:
    before = traces()
    erasure.erase(user, NOW)

    assert {"users", "direct_messages", "llm_calls", "user_sessions", "user_activity_log"} <= before.keys()
    assert traces() == {}
    assert DirectMessage.objects.count() == 0
    assert UserActivityLog.objects.filter(activity_type="erase_person").exists()


def archived_traces(folder: Path) -> set[str]:
    """What of the person stands in the files of the archive, unpacked."""
    texts = [gzip.decompress(path.read_bytes()).decode() for path in folder.glob("*.gz")]
    assert texts
    return {trace for trace in TRACES for text in texts if trace in text}


@pytest.fixture
def archived(transactional_db: None, user: TelegramUser, settings: Any, tmp_path: Path) -> Iterator[Path]:
    """The folder of the archive, into which all that the logs know of the person has gone."""
    settings.ARCHIVE_DIR = tmp_path / "archive"
    rollups.fold(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SET relove.erasing = 'on'")
        for table in ("user_activity_log", "operation_logs"):
            cursor.execute(f"UPDATE {table} SET created_at = '2020-03-17'")
        cursor.execute("SET relove.erasing = ''")
    call_command("archive")
    assert not UserActivityLog.objects.exists()
    yield settings.ARCHIVE_DIR
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS user_activity_log_2020_03, operation_logs_2020_03")


def test_the_archive_is_rewritten_and_an_old_copy_of_it_brings_nothing_back(
    archived: Path, user: TelegramUser, tmp_path: Path
) -> None:
    shutil.copytree(archived, tmp_path / "copy")
    assert archived_traces(archived) == {WORDS}
    erasure.erase(user, NOW)
    assert archived_traces(archived) == set()
    assert traces() == {}
    call_command("restore_archive", "2020-03")
    assert UserActivityLog.objects.filter(activity_type="touch", details={}).exists()
    assert OperationLog.objects.filter(operation_type="draft_reply", error_message="").exists()
    assert traces() == {}

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM operation_logs")
        cursor.execute("SET relove.erasing = 'on'")
        cursor.execute("DELETE FROM user_activity_log")
        cursor.execute("SET relove.erasing = ''")
    shutil.copytree(tmp_path / "copy", archived, dirs_exist_ok=True)
    call_command("restore_archive", "2020-03")
    assert UserActivityLog.objects.filter(activity_type="touch").exists()
    assert traces() == {}


def test_nobody_is_erased_while_a_part_of_the_archive_is_out_of_reach(
    archived: Path, user: TelegramUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "LOCK_SECONDS", 0.2)
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [archive.LOCK])
        with pytest.raises(erasure.NotYet):
            erasure.erase(user, NOW)
        cursor.execute("SELECT pg_advisory_unlock(%s)", [archive.LOCK])
    other.close()
    archived.rename(archived.with_name("elsewhere"))
    with pytest.raises(erasure.NotYet):
        erasure.erase(user, NOW)
    assert TelegramUser.objects.get(pk=user.pk).first_name == NAME
    archived.with_name("elsewhere").rename(archived)
    erasure.erase(user, NOW)
    assert archived_traces(archived) == set()


def test_the_logs_stay_closed_to_everybody_else(user: TelegramUser) -> None:
    erasure.erase(user, NOW)
    with pytest.raises(Exception, match="append-only"):
        UserActivityLog.objects.update(details={})


def test_who_was_erased_is_met_as_a_stranger_whom_nobody_writes_to(user: TelegramUser) -> None:
    account = Contact.objects.get(user=user).account
    assert account is not None
    erasure.erase(user, NOW)
    hear(account.pk, 2, "Здравствуйте, это снова я")
    returned = TelegramUser.objects.get(telegram_id=ID)

    assert returned.pk != user.pk
    assert Contact.objects.get(user=returned).stopped_at is not None
    hear(account.pk, 3, "старт")
    assert Contact.objects.get(user=returned).stopped_at is None


def test_a_message_on_its_way_comes_first(user: TelegramUser) -> None:
    DirectMessage.objects.update(status=Status.UNKNOWN)
    with pytest.raises(erasure.NotYet):
        erasure.erase(user, NOW)

    assert traces() != {}
    assert not Suppression.objects.exists()


def test_an_older_backup_does_not_bring_anybody_back(user: TelegramUser) -> None:
    suppression.keep(suppression.hash_of(ID))

    assert erasure.reapply(NOW) == 1
    assert traces() == {}
    assert erasure.reapply(NOW) == 0


def test_everything_is_exported(user: TelegramUser, tmp_path: Path) -> None:
    path = tmp_path / "person.json"
    call_command("person", str(ID), "--export", str(path))
    data = json.loads(path.read_text(encoding="utf-8"))

    assert data.keys() == {"users"} | {model._meta.db_table for model in people.covered()}
    assert data["users"][0]["first_name"] == NAME
    assert WORDS in data["direct_messages"][0]["text"]
    assert data["diagnostic_results"][0]["psychotype"] == "ANALYTICAL"
    assert path.stat().st_mode & 0o077 == 0


def test_erasing_by_command_has_to_be_meant(user: TelegramUser) -> None:
    with pytest.raises(CommandError, match="--yes"):
        call_command("person", str(ID), "--erase")
    call_command("person", str(ID), "--erase", "--yes")

    assert traces() == {}
    with pytest.raises(CommandError, match="Nobody"):
        call_command("person", str(ID), "--erase", "--yes")


def test_the_buttons_ask_for_rights_of_their_own(admin_client: Client, user: TelegramUser) -> None:
    erase = reverse("admin:relove_telegramuser_erase_person", args=[user.pk])
    export = reverse("admin:relove_telegramuser_export_person", args=[user.pk])
    clerk = Client()
    clerk.force_login(Staff.objects.create_user("clerk", password=None, is_staff=True))

    assert clerk.get(export).status_code == 403
    assert clerk.post(erase, {"confirmed": "1"}).status_code == 403
    assert WORDS in admin_client.get(export).content.decode()
    assert admin_client.get(erase).status_code == 200
    assert traces() != {}
    admin_client.post(erase, {"confirmed": "1"})
    assert traces() == {}
