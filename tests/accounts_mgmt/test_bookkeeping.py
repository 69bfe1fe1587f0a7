"""What a runner notes beside the rows themselves: operations, work sessions, who wrote last."""

from django.utils import timezone

from accounts_mgmt.claims import GUARD
from accounts_mgmt.models import AccountSecurityLog, TelegramAccountSession
from commentators.models import CommentatorAccount, GeneratedComment
from relove import oplog
from relove.management import sandbox_world
from relove.models import OperationLog, SessionLog
from tests.accounts_mgmt.scene import Scene
from tests.live import running_runner, wait_for


def test_waiting_for_a_guard_is_no_operation(scene: Scene) -> None:
    silent, writing = scene.accounts[:2]
    TelegramAccountSession.objects.filter(id=silent.session_id).update(owner_consent_at=None)
    ids = scene.queue(1, accounts=2)
    waiting, sent = (GeneratedComment.objects.get(id=number) for number in ids)
    with running_runner():
        refused = GeneratedComment.objects.filter(id=waiting.id, status="pending", failed_code=GUARD)
        wait_for(refused.exists, "the owner's consent is missing")
        noted = OperationLog.objects.filter(operation_type="send_message")
        wait_for(noted.filter(subject_id=sent.id).exists, "the other one is sent")
    assert not noted.filter(subject_id=waiting.id).exists()
    assert (refused.get().retry_count, sent.sender_id) == (0, writing.session_id)


def test_it_is_kept_when_an_account_last_commented(scene: Scene) -> None:
    scene.queue(2, accounts=2)
    with running_runner():
        scene.wait_until_settled()
        used = CommentatorAccount.objects.exclude(last_used=None)
        wait_for(lambda: used.count() == 2, "both have commented")
    for account in scene.accounts[:2]:
        account.refresh_from_db()
        newest = GeneratedComment.objects.filter(account=account).latest("sent_at")
        assert account.last_used == newest.sent_at


def test_the_session_of_a_holder_that_died_is_closed(scene: Scene) -> None:
    one, other = (account.session_id for account in scene.accounts[:2])
    left, elsewhere = (
        oplog.log_session_start(SessionLog.Type.COMMENT, now=timezone.now(), account_id=account)
        for account in (one, 0)
    )
    sessions = SessionLog.objects.filter(account_id__in=(one, other))
    with running_runner():
        wait_for(lambda: sessions.exclude(id=left.id).count() == 2, "both are connected")
        left.refresh_from_db()
        assert (left.status, left.end_time is None) == (SessionLog.Status.FAILED, False)
    assert {one.status for one in sessions.exclude(id=left.id)} == {SessionLog.Status.COMPLETED}
    elsewhere.refresh_from_db()
    assert elsewhere.status == SessionLog.Status.ACTIVE


def test_it_is_logged_once_that_an_account_was_signed_in(scene: Scene) -> None:
    sandbox_world.connect_accounts(scene.client, timezone.now())
    signed_in = AccountSecurityLog.objects.filter(event=AccountSecurityLog.Event.SIGNED_IN)
    assert sorted(signed_in.values_list("account", flat=True)) == sorted(
        account.session_id for account in scene.accounts
    )
