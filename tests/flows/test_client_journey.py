"""A client from a comment through a dialogue and diagnostics into a study group and to its end.

Processes are killed at random moments all the while (JOURNEY_SEED chooses others), and the sandbox's ledger is
the judge. With JOURNEY_SHOTS=docs/screenshots the pages are photographed at the end.
"""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.utils import timezone

from accounts_mgmt.models import AccountCall, TelegramAccountSession
from accounts_mgmt.outbox import Status, outgoing_models
from commentators import metrics, services
from commentators.models import DirectMessage, GeneratedComment
from diagnostics.models import DiagnosticResult, JourneyProgress, UserSession
from education import services as groups
from education.models import EducationGroup, GroupMessage
from relove.management import sandbox_world
from relove.models import SessionLog, Staff, UserActivityLog
from relove.sandbox.client import SandboxClient
from sales import services as scripts
from sales.models import ClientConversation, ConversationMessage, SalesScript
from tests.education import scene
from tests.flows.hands import at_work, stormy
from tests.flows.test_post_to_metrics import POST, ask
from tests.live import running_sandbox, wait_for
from tests.relove.test_tables import TABLES

LENA = "reader_lena"
SEED, KILLS = int(os.environ.get("JOURNEY_SEED", "6")), 8
SCRIPT = """
steps:
  - key: знакомство
    stage: знакомство
    lines: [{variants: ["Здравствуйте, {name|рады знакомству}! Хотите узнать, где вы на своём пути?"]}]
    transitions: [{intent: согласие, to: вопросы}]
    max_turns: 4
  - key: вопросы
    stage: диагностика
    lines: [{variants: ["Хорошо, начнём с вопросов."]}]
    action: start_diagnostics
    transitions: [{intent: согласие, to: группа}]
    max_turns: 4
  - key: группа
    stage: закрытие
    lines: [{variants: ["Создаём учебную группу, приглашение придёт от нас."]}]
    action: create_education_group
triggers:
  - {key: начало, kind: first_message, to: знакомство}
"""

pytestmark = [pytest.mark.processes, pytest.mark.timeout(400), pytest.mark.django_db(transaction=True)]


class Client:
    """Lena, as she reads and writes in Telegram."""

    def __init__(self, telegram: SandboxClient) -> None:
        self.telegram, self.said = telegram, 0

    def writes(self, text: str) -> None:
        """To the main account; the answer has come when nothing of the dialogue is on its way any more."""
        self.said += 1
        self.telegram.say(LENA, "relove_main", text)
        heard, rows = ConversationMessage.objects.received(), ConversationMessage.objects.all()
        wait_for(lambda: heard.count() == self.said, f"“{text}” is heard", 60)
        wait_for(lambda: not heard.filter(stage="wanted").exists(), f"“{text}” is answered", 60)
        wait_for(lambda: not rows.unsettled().exists(), f"the answer to “{text}” has left", 60)

    def last_read(self) -> str:
        row = ConversationMessage.objects.filter(direction="out", status=Status.SENT).order_by("id").last()
        return row.text if row else ""

    def writes_in_group(self, text: str) -> int:
        """Answers the message's id."""
        chat = EducationGroup.objects.select_related("chat").get().chat
        assert chat is not None
        return int(self.telegram.say(LENA, chat.telegram_id, text)["id"])


def test_a_client_comes_from_a_comment_and_goes_to_the_end_of_a_study_group(settings: Any, tmp_path: Path) -> None:
    with running_sandbox(settings) as telegram:
        stage, staff = scene.stage(telegram), Staff.objects.create_superuser("olga", first_name="Ольга")
        voices = sandbox_world.connect_accounts(telegram, timezone.now(), sandbox_world.VOICES[:2])
        channel = sandbox_world.add_channel(voices, timezone.now(), per_day=86_400)
        the_scripts_are_live()
        client = Client(telegram)
        with at_work(tmp_path) as hands:
            ask(channel, "check_channel")
            ask(channel, "join_channel")
            with stormy(hands, SEED, KILLS) as storm:
                a_comment_is_answered_by_the_client(telegram, channel, staff)
                she_writes_to_us_and_is_told_what_it_came_to(client)
                a_study_group_is_made_for_her(client, telegram)
                it_is_played_to_its_end(client)
                it_is_archived(client, telegram, staff)
                everything_was_said_once(telegram)
            every_table_was_used(telegram, voices[0].session)
        assert set(storm.struck) == {"runner", "llm"}, storm.struck
        if folder := os.environ.get("JOURNEY_SHOTS"):
            from tests.flows import shots

            shots.take(Path(folder), staff, stage.group)


def the_scripts_are_live() -> None:
    now = timezone.now()
    script = scripts.create("sales", "Продажи", yaml.safe_load(SCRIPT), reason="начало", who=None, now=now)
    scripts.publish(script.pk, 1, who=None, now=now)
    scripts.activate(script.pk, True, who=None, now=now)
    SalesScript.objects.filter(pk=script.pk).update(mode=SalesScript.Mode.AUTOMATIC)
    scene.live_scenario(now)


def a_comment_is_answered_by_the_client(telegram: SandboxClient, channel: Any, staff: Staff) -> None:
    published = telegram.publish(channel.username, POST)
    draft = wait_for(lambda: GeneratedComment.objects.drafts().first(), "a comment is drafted", 60)
    services.approve([draft.pk], staff, timezone.now())
    comment = wait_for(lambda: GeneratedComment.objects.filter(status=Status.SENT).first(), "it is sent", 60)
    telegram.comment(LENA, channel.username, published["id"], "Это про меня", reply_to=comment.message_id)
    metrics.ask_due(timezone.now())
    touch = UserActivityLog.objects.filter(subject_table="generated_comments", user__username=LENA)
    wait_for(touch.exists, "her answer to the comment is noted", 60)


def she_writes_to_us_and_is_told_what_it_came_to(client: Client) -> None:
    client.writes("Здравствуйте")
    assert ClientConversation.objects.get().touch_table == "generated_comments"
    client.writes("Да, хочу")
    assert "18" in client.last_read(), "consent comes first"
    client.writes("Да, согласна")
    session = UserSession.objects.get()
    assert (session.consent_version, bool(session.consent_at)) == ("1", True)
    # by number, back, a pause, in words of her own, and on by numbers to the end
    for text in ("1", "назад", "2", "пауза", "продолжить", "Слушаю, тепло ли с этими людьми"):
        client.writes(text)
    assert client.last_read().startswith("3/20.")
    while not DiagnosticResult.objects.exists():
        client.writes("2")
    assert "✅" in client.last_read() or "🔥" in client.last_read()
    assert JourneyProgress.objects.get().transitions
    client.writes("мой путь")
    assert "вы здесь" in client.last_read()
    wait_for(lambda: DiagnosticResult.objects.get().wording, "the model has retold the result for staff", 60)


def a_study_group_is_made_for_her(client: Client, telegram: SandboxClient) -> None:
    client.writes("Да, хочу в группу")
    group = wait_for(lambda: EducationGroup.objects.filter(state="running").first(), "the group is made", 120)
    made = telegram.change_channel(group.chat.telegram_id)
    welcome = GroupMessage.objects.get(purpose="welcome")
    assert (made["title"], made["has_photo"]) == ("Практика: Лена", True)
    assert "ИИ" in made["about"]
    assert made["pinned"] == [welcome.message_id]
    assert made["members"] == 4, "host, two partners, the client"


def it_is_played_to_its_end(client: Client) -> None:
    said = GroupMessage.objects.filter(direction="out", status=Status.SENT)
    wait_for(said.filter(scene="знакомство", beat=3).exists, "she is asked what she wants", 120)
    client.writes_in_group("Хочу меньше откладывать")
    wait_for(said.filter(scene="задание", beat=2).exists, "the task and its question are said", 120)
    client.writes_in_group("Позвоню маме вечером")
    wait_for(said.filter(purpose="summary").exists, "the summary is said", 120)
    group = EducationGroup.objects.get()
    assert (group.state, group.knows["шаг"]) == ("ended", "Позвоню маме вечером")
    assert "Позвоню маме вечером" in group.summary
    assert SessionLog.objects.get(session_type="education").status == "completed"


def it_is_archived(client: Client, telegram: SandboxClient, staff: Staff) -> None:
    """What is said and changed after the end is kept as well; then nobody but us may write there."""
    group = EducationGroup.objects.select_related("chat").get()
    assert group.chat is not None
    number = client.writes_in_group("Спасибо")
    wait_for(GroupMessage.objects.filter(message_id=number, stage="person").exists, "it waits for a person", 60)
    telegram.edit(group.chat.telegram_id, number, "Спасибо вам")
    wait_for(GroupMessage.objects.filter(text="Спасибо вам").exists, "the change is here", 60)
    groups.say(group.pk, "host", "Спасибо, что были с нами!", staff, timezone.now())
    wait_for(lambda: not GroupMessage.objects.unsettled().exists(), "our last word has left", 60)
    groups.archive(group.pk, staff, timezone.now())
    wait_for(lambda: telegram.change_channel(group.chat.telegram_id)["closed"], "the group is closed", 60)
    wait_for(lambda: AccountCall.objects.get(kind="close_group").state == "done", "we know it", 60)


def everything_was_said_once(telegram: SandboxClient) -> None:
    """By the ledger: every row of ours once, in Telegram's words, and nothing that no row stands for."""
    accepted = [entry for entry in telegram.ledger() if entry["random_id"]]
    assert [key for key, count in Counter(e["random_id"] for e in accepted).items() if count > 1] == []
    rows = [row for kind in outgoing_models() for row in kind._default_manager.exclude(random_id=None)]
    sent = {row.random_id: row.message_id for row in rows if row.status == Status.SENT}
    assert {entry["random_id"]: entry["message"] for entry in accepted} == sent
    assert {row.status for row in rows} <= {Status.SENT, Status.CANCELLED}
    counts = Counter({one["method"]: one["count"] for one in telegram.stats()["requests"]})
    assert counts["channels.CreateChannel"] - counts["channels.DeleteChannel"] == 1
    group = EducationGroup.objects.select_related("chat").get()
    assert group.chat is not None
    chat = telegram.messages(group.chat.telegram_id)
    kept = GroupMessage.objects.filter(status=Status.SENT).order_by("message_id")
    assert [(one["id"], one["text"]) for one in chat] == list(kept.values_list("message_id", "text"))
    assert [old["text"] for row in kept for old in row.edits] == ["Спасибо"]


def every_table_was_used(telegram: SandboxClient, commentator: TelegramAccountSession) -> None:
    """The story leaves rows in all 25 tables of the customer's document."""
    # she writes to the commentator as well, who is no main account
    telegram.say(LENA, commentator.username, "А вы кто?")
    wait_for(DirectMessage.objects.filter(direction="in").exists, "the commentator's account hears it", 60)
    models = {model._meta.db_table: model for model in apps.get_models()}
    assert [table for table in sorted(TABLES) if not models[table]._default_manager.exists()] == []
