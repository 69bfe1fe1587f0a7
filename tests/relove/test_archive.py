"""The archive: old months go into files and come back whole, whatever happens on the way."""

import gzip
import json
import os
import resource
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts_mgmt.outbox import Status
from commentators.models import GeneratedComment, TelegramPost
from relove import archive, archive_return, checkup, partitions, rollups
from relove import archive_files as files
from relove.models import ArchivedMonth, OperationLog, UserActivityLog
from relove.partitions import MONTHLY, Month
from tests.admin_scene import Scene
from tests.relove.test_partitions import RULES

pytestmark = pytest.mark.django_db(transaction=True)
OLD = Month(2020, 3)
AT = datetime(2020, 3, 17, 12, 30, 15, 123456, tzinfo=UTC)
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _no_old_months() -> Iterator[None]:
    """Partitions outlive the rows that a test's end takes away."""
    yield
    with connection.cursor() as cursor:
        for table in MONTHLY:
            for month in {*partitions.months(table), *partitions.detached(table)}:
                if month < Month(2024, 1):
                    cursor.execute(f"DROP TABLE {month.partition(table)}")


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.ARCHIVE_DIR = tmp_path / "archive"
    return tmp_path / "archive"


@pytest.fixture
def scene(folder: Path) -> Scene:
    """All its comments, operations and activities are of March 2020, and settled."""
    scene = Scene(rows=2)
    for number in range(3):
        details = {"text": f"Строка «{number}»\nи ещё \\ одна", "number": number}
        UserActivityLog.objects.create(user=scene.person, activity_type="touch", details=details)
    UserActivityLog.objects.create(staff=scene.staff, activity_type="login")
    GeneratedComment.objects.filter(status__in=["draft", "pending", "unknown"]).update(status=Status.REJECTED)
    age()
    return scene


def age() -> None:
    """Make everything old that is not yet."""
    rollups.fold(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SET relove.erasing = 'on'")
        for table in MONTHLY:
            cursor.execute(f"UPDATE {table} SET created_at = %s + id * interval '1 second'", [AT])
        cursor.execute("SET relove.erasing = ''")


def stored() -> Rows:
    found: Rows = {}
    with connection.cursor() as cursor:
        for table in MONTHLY:
            cursor.execute(
                f"SELECT row_to_json(t)::text FROM {table} t WHERE created_at < '2024-01-01' ORDER BY id"
            )
            found[table] = [json.loads(line) for (line,) in cursor.fetchall()]
    return found


def nothing() -> Rows:
    return {table: [] for table in MONTHLY}


def said(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    return captured.out + captured.err


def test_a_month_goes_and_comes_back_as_it_was(
    scene: Scene, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stored()
    sums = rollups.series("day", AT, timezone.now())
    assert all(before.values())
    call_command("archive", "--dry-run")
    assert said(capsys).count("would be moved") == 3
    assert stored() == before
    call_command("archive")

    assert stored() == nothing()
    assert not any(OLD in partitions.months(table) for table in MONTHLY)
    manifests = files.manifests(folder)
    assert {one.table: one.rows for one in manifests} == {table: len(rows) for table, rows in before.items()}
    for one in manifests:
        with gzip.open(folder / one.file, "rt", encoding="utf-8") as lines:
            assert [json.loads(line) for line in lines] == before[one.table]
    assert len(list(folder.iterdir())) == 6, "a file and its manifest for each table, nothing else"
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert checkup.check_archive().startswith("3 files")
    assert rollups.series("day", AT, timezone.now()) == sums, "sums of operations stay"

    capsys.readouterr()
    call_command("restore_archive")
    assert said(capsys).count("2020-03") == 3
    call_command("restore_archive", "2020-03")
    assert stored() == before
    assert list(folder.iterdir()) == []
    assert not ArchivedMonth.objects.exists()
    with connection.cursor() as cursor:
        for table in MONTHLY:
            cursor.execute(RULES, {"table": OLD.partition(table)})
            own = dict(cursor.fetchall())
            cursor.execute(RULES, {"table": table})
            assert all(own[kind] >= count for kind, count in cursor.fetchall())
    assert rollups.fold(timezone.now()) == 0, "nothing is summed up twice"
    with pytest.raises(CommandError, match="Not in the archive: 2020-03"):
        call_command("restore_archive", "2020-03")


def test_what_is_not_settled_stays_and_is_named(
    scene: Scene, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    GeneratedComment.objects.filter(pk=scene.comments["sent"][0].pk).update(status="unknown")
    OperationLog.objects.create(operation_type="x", status="success", created_at=AT)
    before = stored()
    call_command("archive")
    words = said(capsys)
    assert "generated_comments 2020-03 stays: 1 messages in it are not settled" in words
    assert "operation_logs 2020-03 stays: not all of its operations are summed up yet" in words
    assert stored() == {**before, "user_activity_log": []}


def test_young_months_stay(scene: Scene, settings: Any) -> None:
    settings.ARCHIVE_AFTER_MONTHS = 12
    assert (OLD, "operation_logs") in {(month, table) for table, month in archive.due(timezone.now())}
    partitions.ensure_partitions(datetime(2021, 3, 1, tzinfo=UTC), ahead=0)
    assert archive.due(datetime(2021, 3, 31, tzinfo=UTC)) == []
    assert {month for _table, month in archive.due(datetime(2021, 4, 1, tzinfo=UTC))} == {OLD}


def test_a_change_at_the_last_moment_is_not_lost(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment = scene.comments["sent"][0]

    def meanwhile(point: str) -> None:
        if point == "archive_written":
            GeneratedComment.objects.filter(pk=comment.pk).update(text="Изменён в последний миг")

    monkeypatch.setattr(archive, "reach", meanwhile)
    with pytest.raises(CommandError, match="nothing is lost"):
        call_command("archive")
    assert GeneratedComment.objects.get(pk=comment.pk).text == "Изменён в последний миг"
    assert not [path for path in folder.iterdir() if "generated_comments" in path.name]
    monkeypatch.undo()
    call_command("archive")
    call_command("restore_archive", "2020-03", "--table", "generated_comments")
    assert GeneratedComment.objects.get(pk=comment.pk).text == "Изменён в последний миг"


def test_rows_that_come_late_get_a_file_of_their_own(scene: Scene, folder: Path) -> None:
    call_command("archive")
    OperationLog.objects.create(operation_type="late", status="success", created_at=AT)
    rollups.fold(timezone.now())
    call_command("archive")
    assert [one.part for one in files.manifests(folder) if one.table == "operation_logs"] == [2, 1]
    call_command("restore_archive", "2020-03")
    assert OperationLog.objects.filter(operation_type="late").count() == 1
    assert OperationLog.objects.count() > 1


def test_references_to_what_is_gone_are_emptied_or_the_row_stays_out(
    scene: Scene, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("archive")
    kept, lost = (TelegramPost.objects.get(pk=post.pk) for post in scene.posts)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM telegram_posts WHERE id = %s", [lost.pk])
    scene.schedule.delete()
    call_command("restore_archive", "2020-03", "--table", "generated_comments")
    assert "7 were left out" in said(capsys)
    assert GeneratedComment.objects.count() == 7
    assert set(GeneratedComment.objects.values_list("post", "schedule")) == {(kept.pk, None)}


def test_a_damaged_or_missing_file_is_refused(scene: Scene, folder: Path) -> None:
    call_command("archive")
    manifest = next(one for one in files.manifests(folder) if one.table == "operation_logs")
    place = folder / manifest.file
    whole = place.read_bytes()
    rows = gzip.decompress(whole).replace(b"failed", b"passed", 1)
    for damaged in (whole[:-20], gzip.compress(rows), b""):
        place.write_bytes(damaged)
        with pytest.raises(CommandError, match="Take it from a backup"):
            call_command("restore_archive", "2020-03", "--table", "operation_logs")
        assert stored() == nothing()
    place.write_bytes(whole)
    (folder / f"{manifest.name}.json").unlink()
    with pytest.raises(checkup.Trouble, match=manifest.name):
        checkup.check_archive()


def test_a_full_disk_leaves_the_month_where_it_is(
    scene: Scene, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(40):
        noise = secrets.token_hex(2000)
        OperationLog.objects.create(operation_type="x", status="failed", error_message=noise, created_at=AT)
    age()
    before = stored()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(CommandError, match="1 months stay for now"):
            call_command("archive")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "File too large" in said(capsys)
    assert stored() == {**nothing(), "operation_logs": before["operation_logs"]}
    assert not [path for path in folder.iterdir() if "operation_logs" in path.name]


def test_one_at_a_time(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    other = connection.copy()
    monkeypatch.setattr(archive, "LOCK_SECONDS", 0.2)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [archive.LOCK])
            for command in ("archive", "restore_archive"):
                with pytest.raises(CommandError, match="at work on the archive"):
                    call_command(command)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [archive.LOCK])
    finally:
        other.close()
    call_command("archive")
    assert stored() == nothing()


def test_a_dead_holder_is_waited_for(scene: Scene) -> None:
    """Its server's process is still in a statement and has not noticed."""
    other = connection.copy()
    other.inc_thread_sharing()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [archive.LOCK])
    noticing = threading.Timer(1, other.close)
    noticing.start()
    call_command("archive")
    noticing.join()
    assert stored() == nothing()


@pytest.mark.processes
@pytest.mark.timeout(240)
def test_killed_at_every_step_it_loses_nothing(scene: Scene, folder: Path) -> None:
    """Each death is followed by the next, without a run that ends well in between."""
    before = stored()
    for point in ("archive_written", "archive_detached", "archive_dropped"):
        assert run("archive", point, folder) == -9, point
    call_command("archive")
    assert stored() == nothing()
    assert len(files.manifests(folder)) == 3
    assert run("restore_archive", "return_committed", folder) == -9
    call_command("restore_archive", "2020-03")
    assert stored() == before
    assert list(folder.iterdir()) == []


def test_a_database_that_goes_away_in_between_loses_nothing(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored()
    other = connection.copy()

    def cut(point: str) -> None:
        if point == "archive_detached":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pid = cursor.fetchone()[0]
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    monkeypatch.setattr(archive, "reach", cut)
    with pytest.raises(CommandError, match="Run it again"):
        call_command("archive")
    connection.close()
    other.close()
    monkeypatch.undo()
    call_command("archive")
    assert stored() == nothing()
    call_command("restore_archive", "2020-03")
    assert stored() == before


def test_a_return_that_breaks_off_is_begun_anew(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored()
    call_command("archive")
    monkeypatch.setattr(archive_return, "reach", lambda point: 1 / (point != "return_loaded"))
    with pytest.raises(ZeroDivisionError):
        call_command("restore_archive", "2020-03")
    assert stored() == nothing()
    monkeypatch.undo()
    call_command("restore_archive", "2020-03")
    assert stored() == before


def run(command: str, point: str, folder: Path) -> int:
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    environment = {
        **os.environ,
        "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}",
        "RELOVE_ARCHIVE_DIR": str(folder),
        "RELOVE_FAULT_POINT": point,
    }
    months = ["2020-03"] if command == "restore_archive" else []
    return subprocess.run([sys.executable, "manage.py", command, *months], env=environment).returncode
