"""A cluster killed at every point of a message's way: each message leaves exactly once all the same."""

import os
import signal
from pathlib import Path

import pytest

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import Status
from commentators.models import CommentPhoto, GeneratedComment
from tests.accounts_mgmt.scene import Scene, cluster
from tests.commentators.test_pictures import jpeg
from tests.live import wait_for

pytestmark = pytest.mark.processes


def picture() -> CommentPhoto:
    small = jpeg((64, 48))
    return CommentPhoto.objects.create(image=small, width=64, height=48, description="Тропа в лесу")


@pytest.mark.parametrize("point", ["after_claim", "before_request:7", "answer_read:7", "after_commit:2"])
def test_killed_at(point: str, scene: Scene, tmp_path: Path) -> None:
    flag = tmp_path / "died"  # and the point's name
    # every other message carries a picture, which is uploaded anew with each attempt
    ids = scene.queue(posts=4) + scene.queue(posts=4, photo=picture())
    with cluster(scene, RELOVE_FAULT_POINT=point, RELOVE_FAULT_FLAG=str(flag)):
        scene.wait_until_settled()
        assert flag.with_name(f"died.{point}").exists(), "nobody died"
        scene.assert_each_sent_once(ids)


@pytest.mark.parametrize("repeat", ["error", "echo", "forgotten"])
def test_killed_with_the_answer_unread(repeat: str, scene: Scene) -> None:
    """The server has the messages, the process dies; the successor repeats them or reads the history."""
    environment = {}
    if repeat == "forgotten":
        scene.client.settings(forget_random_ids=0)
        environment["RELOVE_RECONCILE_AFTER_SECONDS"] = "0"
    else:
        scene.client.settings(duplicate_answer=repeat)
    scene.client.add_fault("silence", method="messages.SendMessage", times=20)
    ids = scene.queue(posts=8)
    with cluster(scene, RELOVE_TELEGRAM_REQUEST_TIMEOUT="20", **environment):
        scene.wait_until_accepted(20)
        (pid,) = scene.holders()
        os.kill(pid, signal.SIGKILL)
        scene.wait_until_settled()
        assert scene.holders() != {pid}
        scene.assert_each_sent_once(ids)


@pytest.mark.parametrize("answer", ["slow:1", "silence"])
def test_stopped_in_a_batch(answer: str, scene: Scene) -> None:
    """SIGTERM: what is in flight settles, the rest goes back, nothing is held, all within ten seconds."""
    ids = scene.queue(posts=10)
    scene.client.add_fault(answer, method="messages.SendMessage")
    with cluster(scene, RELOVE_TELEGRAM_REQUEST_TIMEOUT="20") as runners:
        scene.wait_until_accepted(30)
        assert runners.stop(seconds=10) == 0
    rows = GeneratedComment.objects.filter(id__in=ids)
    accepted = {entry["random_id"] for entry in scene.accepted()}
    assert len(accepted) == len(scene.accepted())
    settled = Status.SENT if answer.startswith("slow") else Status.UNKNOWN
    assert set(rows.filter(status=settled).values_list("random_id", flat=True)) == accepted
    assert rows.filter(status=Status.PENDING).count() == len(ids) - len(accepted)
    assert not rows.exclude(claimed_by=None).exists()
    assert not TelegramAccountSession.objects.exclude(lease_token=None).exists()
    assert wait_for(lambda: not scene.client.stats()["online"], "nobody is online")
