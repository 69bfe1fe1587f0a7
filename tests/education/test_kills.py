"""The runner dies at every step of a group in the making: nothing is made twice, and the group stands whole."""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts_mgmt.models import AccountCall, AccountEntity, Contact
from education.models import EducationGroup, GroupMessage
from relove.models import TelegramUser
from tests.education import scene
from tests.flows.hands import Hand
from tests.live import running_drafting, running_sandbox, wait_for

# Before Telegram was asked, and after it has done what nobody could store any more.
POINTS = [
    "done_create_group",
    "call_dress_group",
    "done_dress_group",
    "done_link_group",
    "done_join_group",
    "done_invite_client",
    "done_look_for_client",
    "before_request",
    "answer_read",
    "done_pin_welcome",
]

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300), pytest.mark.django_db(transaction=True)]


def client_of(stage: scene.Stage) -> TelegramUser:
    known = stage.telegram.session("reader_lena")["user"]
    client = TelegramUser.objects.create(telegram_id=known["id"], username="reader_lena", first_name="Лена")
    Contact.objects.create(user=client, account=stage.host, wrote_at=timezone.now())
    return client


def dies(hand: Hand, stage: scene.Stage) -> bool:
    """Whether it died at its point; meanwhile the group says how far it is."""
    assert stage.group.state in ("creating", "running"), stage.group.state_reason
    assert stage.group.get_step_display()
    return hand.process.poll() is not None


def test_killed_at_every_step(settings: Any, tmp_path: Path) -> None:
    with running_sandbox(settings) as telegram, running_drafting():
        stage = scene.stage(telegram)
        scene.live_scenario(timezone.now())
        scene.ask_for_group(stage.host, client_of(stage))
        for point in POINTS:
            # whom an account has met is stored a second later at the latest: it may be lost as well
            AccountEntity.objects.all().delete()
            hand = Hand("runner", tmp_path, RELOVE_FAULT_POINT=point)
            hand.start()
            try:
                wait_for(lambda hand=hand: dies(hand, stage), f"it dies at {point}", 60)
            finally:
                hand.kill()
        last = Hand("runner", tmp_path)
        last.start()
        try:
            wait_for(lambda: stage.group.state == "running", "the group is made", 60)
            wait_for(GroupMessage.objects.filter(scene="знакомство", status="sent").exists, "its scenario begins")
        finally:
            last.end()
        group = stage.group
        assert group.chat is not None
        made = telegram.change_channel(group.chat.telegram_id)
        welcome = GroupMessage.objects.get(purpose="welcome")
        assert (made["title"], made["has_photo"], made["members"]) == ("Практика: Лена", True, 4)
        assert made["pinned"] == [welcome.message_id]
        chat = telegram.messages(group.chat.telegram_id)
        assert [one["text"] for one in chat].count(welcome.text) == 1
        counts = {one["method"]: one["count"] for one in telegram.stats()["requests"]}
        assert counts["channels.CreateChannel"] - counts.get("channels.DeleteChannel", 0) == 1
        assert set(AccountCall.objects.values_list("state", flat=True)) == {"done"}
        assert EducationGroup.objects.count() == 1
