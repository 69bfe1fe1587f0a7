"""A client's forty messages to the main account, with the real parts: script, free replies and people."""

from typing import Any

import pytest
from django.utils import timezone

from accounts_mgmt.outbox import Status
from accounts_mgmt.private import decisions
from accounts_mgmt.private.dialogues import find_thread
from relove.management import sandbox_world
from relove.models import SessionLog, Staff
from sales import conversations
from sales.models import ClientConversation, ConversationMessage
from tests.live import running_drafting, running_runner, running_sandbox, wait_for

# What the client says, and what it must lead to: strategy and trigger, where the script decides by a rule.
SAID: list[tuple[str, str]] = [
    ("Здравствуйте", "script_80"),
    ("После развода тяжело, хочу найти опору", "script_80"),
    ("А вы читали Юнга про тень и что думаете про сновидения в пустыне?", "free_20"),
    ("Устала всё тянуть одна", "script_80"),
    ("А кошки видят сны, если засыпают на подоконнике возле окна днём?", "free_20"),
    ("Сколько это стоит?", "script_80"),
    ("Для меня дорого", "script_80"),
    ("А можно дешевле?", "person"),
]
ROUNDS = 5

pytestmark = pytest.mark.django_db(transaction=True)


def test_forty_messages_are_each_answered_once_or_left_to_a_person_with_the_reason(settings: Any) -> None:
    settings.PACE_PER_SECOND, settings.ACCOUNT_CHAT_PER_MINUTE, settings.CHAT_PER_MINUTE = 30, 1800, 1800
    settings.LLM_CONCURRENCY = 4
    now = timezone.now()
    staff = Staff.objects.create_user("olga")
    with running_sandbox(settings) as telegram:
        telegram.world(sandbox_world.description())
        main = sandbox_world.connect_main(telegram, now)
        sandbox_world.add_script(now, automatic=True)
        with running_runner(), running_drafting():
            connected = SessionLog.objects.filter(account_id=main.pk, session_type="comment", status="active")
            wait_for(connected.exists, "the account is connected")
            for number in range(ROUNDS * len(SAID)):
                answered(telegram, staff, SAID[number % len(SAID)][0], number + 1)
        rows = list(ConversationMessage.objects.order_by("id"))
        heard = [row for row in rows if row.direction == "in"]
        said = [row for row in rows if row.direction == "out"]
        assert len(heard) == 40
        assert {row.strategy for row in heard} == {"script_80", "free_20", "person"}
        assert all(row.why and row.analysis and row.version_id for row in heard)
        by_machine = [row for row in said if row.origin == "machine"]
        assert all(row.why and row.score is not None and row.tokens and row.model for row in by_machine)
        entries = [entry for entry in telegram.ledger() if entry["random_id"]]
        assert sorted(entry["random_id"] for entry in entries) == sorted(row.random_id for row in said)
        assert [row.strategy for row in heard[: len(SAID)]] == [strategy for _text, strategy in SAID]
        told = ClientConversation.objects.get()
        assert told.touch_rule == "wrote_by_themselves"
        assert len(told.stages) >= 3


def answered(telegram: Any, staff: Staff, text: str, count: int) -> None:
    """Say it, and wait for the answer; where it is left to a person, one answers and hands back."""
    telegram.say("reader_lena", "relove_main", text)
    heard = ConversationMessage.objects.received()
    wait_for(
        lambda: heard.count() == count and not heard.filter(stage="wanted").exists(), f"message {count} is read"
    )
    waiting = heard.order_by("-id").exclude(stage="").first()
    if waiting is not None:
        conversation = ClientConversation.objects.get()
        by_a_person(waiting, conversation, staff)
    wait_for(
        lambda: not ConversationMessage.objects.unsettled().exists(), f"the answer to message {count} is sent"
    )
    failed = ConversationMessage.objects.filter(status__in=(Status.FAILED, Status.EXPIRED, Status.UNKNOWN))
    assert not failed.exists()


def by_a_person(row: ConversationMessage, conversation: ClientConversation, staff: Staff) -> None:
    assert row.stage_reason
    assert row.strategy == "person" or conversation.lead == "person" or row.why

    thread = find_thread(row.sender_id, row.user_id)
    decisions.write(thread, "Это Ольга из команды, отвечаю сама.", staff, timezone.now())
    conversations.hand_back(conversation, staff, timezone.now())
