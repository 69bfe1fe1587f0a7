"""The judge of `manage.py chaos`: what it calls lost, stuck, held and refused, and by which cause."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import OutgoingMessage, Status
from commentators.models import GeneratedComment
from relove.management.chaos import judge as judging
from relove.management.chaos.judge import Verdict, judge, unsettled
from relove.management.chaos.storm import Diary, family
from tests.accounts_mgmt.scene import stage

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_judge_believes_the_ledger_alone(settings: Any, tmp_path: Path) -> None:
    with stage(settings, tmp_path) as scene:
        rows = GeneratedComment.objects.filter(id__in=scene.queue(posts=1)).order_by("id")
        said, refused, blocked, stopped, ended, waits = rows
        change(said, status=Status.SENT)
        change(refused, status=Status.FAILED, failed_code="MSG_ID_INVALID")
        change(blocked, status=Status.FAILED, failed_code="RPC_CALL_FAIL")
        for row in (stopped, ended):
            TelegramAccountSession.objects.filter(id=row.sender_id).update(state="signed_out")
        hold_all()
        assert unsettled() == 1, "only the last is waited for"
        diary = Diary(kills=3, ended_accounts=[ended.sender.telegram_user_id or 0])
        verdict = judge(diary, committed={"Сообщение № 17"})
    assert not verdict.is_good
    assert verdict.as_dict() == {
        **Verdict().as_dict(),
        "messages": 6,
        "kills": 3,
        # it says that it was sent, and the server has never seen it; a number that was stored is gone
        "lost": 2,
        "stuck": 1,
        "held": 2,
        "held_unexplained": 1,
        "refused": 2,
        "refused_unexplained": 1,
    }
    assert f"generated_comments {waits.pk}: still on its way" in "\n".join(verdict.told)


def test_what_is_accepted_while_the_judge_reads_is_read_anew(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = []

    def while_something_leaves() -> Iterator[OutgoingMessage]:
        yield from rows()
        readings.append(1)
        if len(readings) <= disturbed:
            scene.client.publish(scene.channel_id, "Ещё один пост")

    rows = judging.approved
    monkeypatch.setattr(judging, "approved", while_something_leaves)
    with stage(settings, tmp_path) as scene:
        scene.queue(posts=1)
        disturbed = 2
        judge(Diary(), committed=set())
        assert len(readings) == 3
        readings, disturbed = [], judging.READINGS
        verdict = judge(Diary(), committed=set())
        assert len(readings) == judging.READINGS
        assert "it has not settled" in verdict.told[0]


def test_what_is_waited_for_is_told(settings: Any, tmp_path: Path) -> None:
    with stage(settings, tmp_path) as scene:
        (first, *others) = scene.queue(posts=1)
        change(GeneratedComment.objects.get(pk=first), next_retry=timezone.now(), failed_code="GUARD")
        GeneratedComment.objects.filter(pk__in=others).update(status=Status.SENT)
        unheld = TelegramAccountSession.objects.earliest("id")
        hold_all()
        TelegramAccountSession.objects.filter(pk=unheld.pk).update(lease_until=timezone.now())
        told = list(judging.waited_for())
        assert len(told) == unsettled()
    assert told[0].startswith(f"generated_comments {first}: pending, due ")
    assert "GUARD" in told[0]
    assert told[1].startswith(f"Account {unheld.pk} is held by nobody")


def hold_all() -> None:
    TelegramAccountSession.objects.update(lease_until=timezone.now() + timedelta(minutes=1))


def change(row: GeneratedComment, **fields: Any) -> None:
    GeneratedComment.objects.filter(pk=row.pk).update(**fields)


def test_a_diary_survives_its_journey() -> None:
    diary = Diary(kills=2, ended_accounts=[1], ended_chats=[2], events={"kill": 2})
    assert Diary.of_line(diary.as_line()) == diary


def test_a_family_is_a_process_and_its_descendants() -> None:
    line = [sys.executable, "-c", "import subprocess; subprocess.run(['sleep', '60'])"]
    with subprocess.Popen(line, stdout=subprocess.PIPE) as parent:
        try:
            while len(found := list(family(parent.pid))) < 2:
                assert parent.poll() is None
            assert os.getpid() not in found
            assert parent.pid in found
        finally:
            for pid in family(parent.pid):
                os.kill(pid, 9)
