"""A study group from the wish to its end, with the real parts: made, played, waiting for people, ended."""

from itertools import pairwise
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts_mgmt.models import AccountCall
from accounts_mgmt.private.dialogues import open_thread
from education import building, playing, services
from education.models import EducationGroup, GroupMessage
from relove.models import SessionLog, Staff, TelegramUser
from sales.models import ConversationMessage
from tests.education import scene
from tests.live import running_drafting, running_runner, running_sandbox, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
State = EducationGroup.State


@pytest.fixture(autouse=True)
def _quick(settings: Any) -> None:
    settings.PACE_PER_SECOND, settings.ACCOUNT_CHAT_PER_MINUTE, settings.CHAT_PER_MINUTE = 30, 1800, 1800


def has_written(stage: scene.Stage, who: str = "reader_lena") -> TelegramUser:
    connected = SessionLog.objects.filter(session_type="comment", status="active")
    wait_for(lambda: connected.count() == 3, "host and partners are connected")
    stage.telegram.say(who, "relove_main", "Здравствуйте")
    heard = ConversationMessage.objects.filter(direction="in", user__username=who)
    wait_for(heard.exists, "the client's message is here")
    found: TelegramUser = TelegramUser.objects.get(username=who)
    return found


def sent(**which: Any) -> Any:
    return GroupMessage.objects.filter(status="sent", direction="out", **which)


def test_a_group_is_made_played_and_ended(settings: Any) -> None:
    with running_sandbox(settings) as telegram:
        stage = scene.stage(telegram)
        scene.live_scenario(timezone.now())
        with running_runner(), running_drafting():
            client = has_written(stage)
            scene.ask_for_group(stage.host, client)
            wait_for(lambda: stage.group.state == State.RUNNING, "the group is made", 60)
            asked = sent(scene="знакомство", beat=3)
            wait_for(asked.exists, "the client is asked", 60)
            stage.say("Хочу меньше откладывать")
            wait_for(sent(purpose="answer").exists, "the host answers before the scenario goes on", 60)
            wait_for(sent(scene="задание", beat=2).exists, "the task and its question are said", 60)
            stage.say("Позвоню маме вечером")
            wait_for(sent(purpose="summary").exists, "the summary is said", 60)
        group = stage.group
        assert group.state == State.ENDED
        assert "Позвоню маме вечером" in group.summary
        chat = telegram.messages(group.chat.telegram_id)
        assert len(chat) == GroupMessage.objects.count(), "everything is stored once"
        assert [one["id"] for one in chat] == list(
            GroupMessage.objects.order_by("message_id").values_list("message_id", flat=True)
        )
        first = GroupMessage.objects.order_by("message_id").first()
        assert first is not None
        assert first.purpose == "welcome"
        assert "relove_marina" in first.text
        assert "ИИ" in first.text
        partner = GroupMessage.objects.get(scene="задание", beat=0, status="sent")
        assert (partner.role, partner.sender_id) == ("напоминает", stage.bots[1].session_id)
        assert partner.llm_call_id
        log = SessionLog.objects.get(pk=group.session_id)
        assert (log.session_type, log.status) == ("education", "completed")
        assert not AccountCall.objects.exclude(state="done").exists()


def test_who_forbids_invitations_gets_the_link_and_the_scenario_waits_for_them(settings: Any) -> None:
    with running_sandbox(settings) as telegram:
        stage = scene.stage(telegram)
        scene.live_scenario(timezone.now())
        telegram.add_user("Ева", username="eva", uninvited=True)
        with running_runner(), running_drafting():
            group = scene.ask_for_group(stage.host, has_written(stage, "eva"))
            handed = ConversationMessage.objects.filter(text__contains="https://t.me/+", status="sent")
            wait_for(handed.exists, "the link stands in the dialogue", 60)
            wait_for(lambda: stage.group.state_reason, "the group says what it waits for", 60)
        assert stage.group.step == EducationGroup.Step.ARRIVE
        assert not GroupMessage.objects.exists()
        assert open_thread(stage.host, group.user).messages.filter(text__contains=stage.group.invite_link).exists()


def test_a_group_that_telegram_made_unheard_is_found_again_and_has_no_double(settings: Any) -> None:
    with running_sandbox(settings) as telegram:
        stage = scene.stage(telegram)
        scene.live_scenario(timezone.now())
        telegram.add_fault("drop_after", method="channels.CreateChannel", times=1)
        with running_runner(), running_drafting():
            client = has_written(stage)
            scene.ask_for_group(stage.host, client)
            wait_for(lambda: stage.group.chat_id, "the group is known", 90)
            wait_for(lambda: stage.group.invite_link, "it goes on", 60)
        # the cut had the request sent once more, and the double was taken away
        counts = {one["method"]: one["count"] for one in telegram.stats()["requests"]}
        assert counts["channels.CreateChannel"] - counts["channels.DeleteChannel"] == 1


def test_what_is_refused_again_and_again_stands_still_and_goes_on_from_there() -> None:
    now = timezone.now()
    host, _bots, client = scene.rows(now)
    scene.live_scenario(now)
    group = scene.ask_for_group(host, client)
    for _try in range(building.ATTEMPTS):
        playing.advance(group.pk, now)
        AccountCall.objects.filter(state="waiting").update(state="refused", error="Нет прав.")
        playing.advance(group.pk, now)
    group.refresh_from_db()
    assert group.state == State.PAUSED
    assert "Нет прав." in group.state_reason
    services.resume(group.pk, Staff.objects.create_user("olga"), now)
    playing.advance(group.pk, now)
    AccountCall.objects.filter(state="waiting").update(state="done", result={"chat": 5})
    playing.advance(group.pk, now)
    group.refresh_from_db()
    assert (group.state, group.step) == (State.CREATING, EducationGroup.Step.DRESS)


def test_the_same_wish_twice_is_one_group_and_needs_partners_who_are_free() -> None:
    now = timezone.now()
    host, _bots, client = scene.rows(now)
    scene.live_scenario(now)
    assert scene.ask_for_group(host, client) == scene.ask_for_group(host, client)
    EducationGroup.objects.update(state=State.ENDED)
    with pytest.raises(ValidationError):
        scene.ask_for_group(host, client)


def test_two_groups_at_once_share_their_accounts_and_keep_the_pace(settings: Any) -> None:
    settings.PACE_PER_SECOND = 1
    with running_sandbox(settings) as telegram:
        stage = scene.stage(telegram)
        scene.live_scenario(timezone.now())
        with running_runner(), running_drafting():
            clients = [has_written(stage, who) for who in ("reader_lena", "reader_igor")]
            made = [scene.ask_for_group(stage.host, client) for client in clients]
            asked = sent(scene="знакомство", beat=3)
            wait_for(lambda: asked.count() == 2, "both clients are asked", 90)
        assert {bot.places.count() for bot in stage.bots} == {2}, "the same partners are in both"
        entries = telegram.ledger()
        chats = [group.chat.telegram_id for group in EducationGroup.objects.select_related("chat")]
        assert len(made) == len(set(chats)) == 2
        for chat in chats:
            times = [entry["time"] for entry in entries if entry["chat"] == chat and entry["random_id"]]
            assert len(times) >= 5
            assert min(later - earlier for earlier, later in pairwise(times)) > 0.9, "one a second in a chat"
