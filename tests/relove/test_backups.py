"""Backups: whole or not there, private, and nothing leaves a restored database before a person confirms."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts_mgmt import freezing, pauses, reasons
from accounts_mgmt.models import OutboxWatch, RunnerBeat, TelegramAccountSession
from accounts_mgmt.outbox import Status
from commentators.models import GeneratedComment, TelegramPost
from relove import backups, checkup, erasure, suppression
from relove.models import Staff, TelegramUser
from tests.accounts_mgmt import scene as play
from tests.live import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
COPY = "test_keeping_copy"


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("RELOVE_STATE_DIR", str(tmp_path / "state"))
    yield
    connection.close()
    drop(COPY)


def drop(database: str) -> None:
    with backups._server() as server:
        server.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


@pytest.fixture
def stage(settings: Any, tmp_path: Path) -> Iterator[play.Scene]:
    with play.stage(settings, tmp_path) as scene:
        yield scene


@pytest.mark.timeout(180)
def test_what_was_sent_after_the_backup_is_never_sent_again(
    stage: play.Scene, tmp_path: Path, django_user_model: Any
) -> None:
    staff = django_user_model.objects.create_superuser("anna")
    freezing.begin()
    folder = tmp_path / "backups"
    erased = TelegramUser.objects.create(telegram_id=77_001, first_name="Канарейкина")
    waiting, drafts = stage.queue(posts=3, accounts=2), stage.queue(posts=1, accounts=2)
    GeneratedComment.objects.filter(id__in=drafts).update(status=Status.DRAFT, random_id=None)
    call_command("backup", "--to", str(folder))
    (backup,) = backups.kept(folder)

    # life goes on: most of it is sent, one waiting message never; a draft is approved; somebody is erased
    never_sent = waiting[-1]
    GeneratedComment.objects.filter(id=never_sent).update(status=Status.CANCELLED)
    for comment in GeneratedComment.objects.filter(id__in=drafts):
        comment.queue(timezone.now())
        comment.save()
    (lost,) = stage.queue(posts=1, accounts=1)
    late_post = TelegramPost.objects.latest("id")
    with play.runner(stage, "127.0.0.2"):
        stage.wait_until_settled()
    lost_message = GeneratedComment.objects.get(id=lost).message_id
    erasure.erase(erased, timezone.now(), staff)
    sent = len(stage.accepted())
    assert sent == len(waiting) - 1 + len(drafts) + 1

    # Telegram's own memory of random ids must not be what saves us
    stage.client.settings(forget_random_ids=0)
    # nor would it mind this quick a change of machines
    stage.client.settings(duplicated_key_window=0)
    # on another machine, which knows of erasures what stands beside the backups
    suppression.copy_to(folder)
    suppression.file().unlink()
    call_command("restore", str(backup), "--into", COPY)
    with backups.inside(COPY):
        assert TelegramUser.objects.get(pk=erased.pk).first_name == ""
        assert suppression.is_suppressed(77_001)
        with play.runner(stage, "127.0.0.3"):
            freeze = freezing.standing()
            assert freeze is not None
            free = TelegramAccountSession.objects.filter(lease_token=None)
            wait_for(lambda: not free.exists(), "the accounts are held")
            wait_for(lambda: pauses.obeyed(freeze) == pauses.Obeyed(1, 1), "the runner stands still")
            wait_for(lambda: not OutboxWatch.objects.exclude(restored_at=None), "it has looked back")
            drafts_again = GeneratedComment.objects.filter(id__in=drafts)
            assert len(stage.accepted()) == sent, "something left a frozen outbox"

            # a post of the lost hours is read and drafted anew, in other words
            again = GeneratedComment.objects.get(id=waiting[0])
            late_post.save(force_insert=True)
            again.pk, again.post, again.random_id, again.text = lost, late_post, 4711, "Другими словами"
            again.chat = again.reply_to = again.first_attempt_at = None
            again.save(force_insert=True)
            for comment in drafts_again:
                comment.queue(timezone.now())
                comment.save()
            assert freezing.confirm(Staff.objects.get(pk=staff.pk), "Сверили с чатами")
            stage.wait_until_settled(60)
        assert GeneratedComment.objects.get(id=lost).failed_code == reasons.ANSWERED
        ids = [*waiting, *drafts]
        assert set(GeneratedComment.objects.filter(id__in=ids).values_list("status", flat=True)) == {Status.SENT}
        numbers = set(GeneratedComment.objects.filter(id__in=ids).values_list("message_id", flat=True))
        (late,) = stage.accepted()[sent:]
        assert late["random_id"] == GeneratedComment.objects.get(id=never_sent).random_id
        known = {entry["message"] for entry in stage.accepted()} - {lost_message}
        assert numbers == known, "each row knows its own message"
        assert not RunnerBeat.objects.exists()


def test_a_backup_takes_the_place_of_the_database(tmp_path: Path) -> None:
    usual = connection.settings_dict["NAME"]
    Staff.objects.create_user("anna")
    call_command("backup", "--to", str(tmp_path))
    (backup,) = backups.kept(tmp_path)
    Staff.objects.create_user("olga")
    with pytest.raises(CommandError, match="--yes"):
        call_command("restore", str(backup), "--replace")
    # somebody is connected all the while
    with psycopg.connect(os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{usual}", autocommit=True) as other:
        call_command("restore", str(backup), "--replace", "--yes")
        with pytest.raises(psycopg.OperationalError):
            other.execute("SELECT 1")
    assert [person.username for person in Staff.objects.all()] == ["anna"]
    assert freezing.standing() is not None
    with backups._server() as server:
        names = server.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{usual}\\_before\\_%"])
        ((before,),) = names.fetchall()
    with backups.inside(before):
        assert Staff.objects.filter(username="olga").exists()
    drop(before)


def test_a_backup_is_private_and_only_the_newest_are_kept(tmp_path: Path, settings: Any) -> None:
    settings.BACKUPS_KEPT = 1
    folder = tmp_path / "backups"
    old = folder / "relove-20200101-000000.dump"
    folder.mkdir()
    old.write_text("")
    backups.sum_file(old).write_text("")
    call_command("backup", "--to", str(folder))
    (backup,) = backups.kept(folder)
    assert backup != old
    assert backup.stat().st_mode & 0o077 == 0
    names = {backup.name, backups.sum_file(backup).name, "suppression"}
    assert {path.name for path in folder.iterdir()} == names

    settings.BACKUP_DIR = folder
    assert checkup.check_backups().startswith("the newest is 0 hours old")
    days_ago = (timezone.now() - timedelta(days=3)).timestamp()
    os.utime(backup, (days_ago, days_ago))
    with pytest.raises(checkup.Trouble, match="3 days old"):
        checkup.check_backups()


def test_a_damaged_backup_and_a_used_database_are_refused(tmp_path: Path) -> None:
    call_command("backup", "--to", str(tmp_path))
    (backup,) = backups.kept(tmp_path)
    with pytest.raises(CommandError, match="is not empty"):
        call_command("restore", str(backup), "--into", connection.settings_dict["NAME"])
    whole = backup.read_bytes()
    backup.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CommandError, match="checksum"):
        call_command("restore", str(backup), "--into", COPY)
    backups.sum_file(backup).unlink()
    with pytest.raises(CommandError, match="pg_restore failed"):
        call_command("restore", str(backup), "--into", COPY)
    with pytest.raises(CommandError, match="no file"):
        call_command("restore", str(tmp_path / "nothing"), "--into", COPY)


def test_a_restore_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """The mark is part of the transaction: without it there is no data either."""
    call_command("backup", "--to", str(tmp_path))
    (backup,) = backups.kept(tmp_path)
    with pytest.raises(backups.BackupError, match="nothing was restored"):
        backups.restore(backup, COPY, "SELECT 1 / 0;")
    with backups._server(COPY) as there:
        assert there.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_a_backup_that_fails_leaves_no_file(tmp_path: Path) -> None:
    environment = {**os.environ, "DATABASE_URL": "postgres://nobody:x@127.0.0.1:1/none"}
    command = [sys.executable, "manage.py", "backup", "--to", str(tmp_path / "b")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "pg_dump failed" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "b").iterdir()) == []
