"""Answers that get lost on the way: cut lines, silence, duplicates, a server that forgets."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts_mgmt.models import AccountEntity
from accounts_mgmt.outbox import Status
from commentators.models import GeneratedComment
from tests.accounts_mgmt.scene import Scene
from tests.live import running_runner, wait_for

pytestmark = pytest.mark.processes

SEND = "messages.SendMessage"


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    settings.PACE_PER_SECOND, settings.ACCOUNT_CHAT_PER_MINUTE, settings.CHAT_PER_MINUTE = 1000, 60_000, 60_000
    settings.SEND_CEILING = 0
    settings.REDIS_URL = ""
    settings.RETRY_BASE_SECONDS = 0.2
    settings.TELEGRAM_REQUEST_TIMEOUT = 6.0


@pytest.fixture
def sending(scene: Scene) -> Iterator[Scene]:
    with running_runner():
        yield scene


@pytest.mark.parametrize("answer", ["error", "echo"])
@pytest.mark.parametrize("fault", ["drop_after", "drop_before"])
def test_a_cut_connection(fault: str, answer: str, sending: Scene) -> None:
    """The client connects again by itself and repeats; the server knows the message or does not."""
    sending.client.settings(duplicate_answer=answer)
    sending.client.add_fault(fault, method=SEND, times=4)
    ids = sending.queue(posts=4)
    sending.wait_until_settled()
    sending.assert_each_sent_once(ids)


@pytest.mark.parametrize("answer", ["error", "echo"])
def test_no_answer(answer: str, settings: Any, scene: Scene) -> None:
    settings.TELEGRAM_REQUEST_TIMEOUT = 3.0
    scene.client.settings(duplicate_answer=answer)
    scene.client.add_fault("silence", method=SEND, times=4)
    ids = scene.queue(posts=4)
    with running_runner():
        scene.wait_until_settled()
        scene.assert_each_sent_once(ids)


def test_a_server_that_forgets(settings: Any, scene: Scene) -> None:
    """Past the time it is trusted to remember, the history decides, however much was written since."""
    settings.TELEGRAM_REQUEST_TIMEOUT, settings.RECONCILE_AFTER_SECONDS = 1.0, 0.0
    scene.client.settings(forget_random_ids=0)
    scene.client.add_fault("silence", method=SEND, times=4)
    ids = scene.queue(posts=3)
    with running_runner():
        unclear = GeneratedComment.objects.filter(status=Status.UNKNOWN)
        wait_for(lambda: unclear.count() == 4, "four have no answer")
        group = GeneratedComment.objects.exclude(chat=None)[0].chat.telegram_id
        for number in range(250):
            scene.client.say("reader_lena", group, f"Разговор {number}")
        scene.wait_until_settled()
        scene.assert_each_sent_once(ids)


def test_a_reconnect_repeats_nothing_that_was_given_up(settings: Any, scene: Scene) -> None:
    """A request nobody waits for any more must not leave after a reconnect: by then it may be forgotten."""
    settings.TELEGRAM_REQUEST_TIMEOUT, settings.RECONCILE_AFTER_SECONDS = 1.0, 0.0
    scene.client.settings(forget_random_ids=0)
    scene.client.add_fault("silence", method=SEND, times=3)
    ids = scene.queue(posts=1, accounts=3)
    with running_runner():
        wait_for(lambda: GeneratedComment.objects.filter(status=Status.UNKNOWN).count() == 3, "no answers")
        assert scene.client.disconnect() >= 3
        scene.wait_until_settled()
        assert scene.client.wait_idle(quiet_ms=1500)
        scene.assert_each_sent_once(ids)


def test_a_chat_whose_address_was_lost(scene: Scene) -> None:
    """A process died before it stored whom it had met: the way there is found again."""
    ids = scene.queue(posts=1)
    with running_runner():
        scene.wait_until_settled()
    lost = {"status": Status.UNKNOWN, "first_attempt_at": timezone.now(), "message_id": None, "sent_at": None}
    GeneratedComment.objects.update(**lost)
    AccountEntity.objects.all().delete()
    with running_runner():
        scene.wait_until_settled()
        scene.assert_each_sent_once(ids)


def test_refused_after_it_may_have_arrived(settings: Any, scene: Scene) -> None:
    """The chat is closed by the time of the repeat: what had arrived counts as sent all the same."""
    settings.TELEGRAM_REQUEST_TIMEOUT = 1.0
    scene.client.add_fault("silence", method=SEND, times=2)
    scene.client.add_fault("CHAT_WRITE_FORBIDDEN", method=SEND)
    ids = scene.queue(posts=1, accounts=2)
    with running_runner():
        scene.wait_until_settled()
        scene.assert_each_sent_once(ids)


def test_the_database_drops_every_connection(sending: Scene) -> None:
    """Statements end without an answer, committed or not: what is in our name is found again."""
    sending.client.add_fault("slow:0.1", method=SEND)
    ids = sending.queue(posts=16)
    for accepted in (10, 30, 50, 70):
        sending.wait_until_accepted(accepted)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    sending.wait_until_settled()
    sending.assert_each_sent_once(ids)
