"""Words of a diagnosis in a dialogue: read by those to whom diagnostics are open, and each look is noted."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts_mgmt.models import Contact
from accounts_mgmt.outbox import Status
from accounts_mgmt.private import coming_in
from relove import roles
from relove.models import Staff, UserActivityLog
from sales import diagnosing, recording
from sales.models import ClientConversation, ConversationMessage
from tests.sales.scene import NOW, main_account, message, say

pytestmark = pytest.mark.django_db

ANSWER, COMING = "Мне снится пустой вокзал", "Прощаю с трудом"
HIDDEN = "Ответ на вопрос диагностики: виден тем, кому открыта диагностика."
HIDDEN_QUESTION = "Слова диагностики: видны тем, кому открыта диагностика."


@pytest.fixture
def rows() -> list[ConversationMessage]:
    """A greeting, the questionnaire's first words, an answer that was taken in, and one that was not yet."""
    cache.clear()
    account = main_account()
    greeting = say(account, "Здравствуйте, я Ольга")
    ConversationMessage.objects.update(stage="")
    diagnosing.start(ClientConversation.objects.get().pk, NOW)
    ConversationMessage.objects.filter(direction="out").update(status=Status.SENT, sent_at=NOW)
    asked = ConversationMessage.objects.get(direction="out")
    answer = say(account, ANSWER, 2)
    ConversationMessage.objects.filter(pk=answer.pk).update(stage="", step="diagnostics")
    return [greeting, asked, answer, say(account, COMING, 3)]


def reader(role: str) -> Client:
    staff = Staff.objects.create_user(role, is_staff=True)
    staff.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(staff)
    return client


def text_of(client: Client, name: str, *args: object, **query: object) -> str:
    page: Any = client.get(reverse(f"admin:{name}", args=args), query)
    assert page.status_code == 200, name
    return str(page.content.decode())


def pages(client: Client, rows: list[ConversationMessage]) -> dict[str, str]:
    row = rows[2]
    thread = {"account": row.sender_id, "user": row.user_id}
    return {
        "inbox": text_of(client, "sales_conversationmessage_inbox"),
        "thread": text_of(client, "sales_conversationmessage_inbox", **thread),
        "list": text_of(client, "sales_conversationmessage_changelist"),
        "answer": text_of(client, "sales_conversationmessage_change", row.pk),
        "coming": text_of(client, "sales_conversationmessage_change", rows[3].pk),
        "person": text_of(client, "relove_telegramuser_change", row.user_id),
    }


def found(client: Client, words: str) -> int:
    page: Any = client.get(reverse("admin:sales_conversationmessage_changelist"), {"q": words})
    return len(page.context["cl"].result_list)


def looks() -> set[tuple[str, str]]:
    seen = UserActivityLog.objects.filter(activity_type__startswith="view_sensitive")
    return set(seen.values_list("activity_type", "subject_table"))


def test_an_operator_reads_a_sentence_in_their_place_and_finds_nothing(rows: list[ConversationMessage]) -> None:
    operator = reader(roles.OPERATORS)
    question = rows[1].text.splitlines()[-1]
    for name, page in pages(operator, rows).items():
        assert HIDDEN in page, name
        assert not [words for words in (ANSWER, COMING, question) if words in page], name
    shown = pages(operator, rows)
    assert all(HIDDEN_QUESTION in shown[name] for name in ("thread", "list", "person"))
    assert all("Здравствуйте, я Ольга" in shown[name] for name in ("thread", "list", "person"))
    assert "data-answer" in shown["thread"], "whoever answers people may answer this one"
    assert [found(operator, words) for words in ("вокзал", "трудом", "Здравствуйте")] == [0, 0, 1]
    assert looks() == {("view_sensitive", "users")}, "the person's page is noted for everybody"


def test_a_manager_reads_the_words_and_each_look_is_noted_once(rows: list[ConversationMessage]) -> None:
    manager = reader(roles.MANAGERS)
    shown = pages(manager, rows)
    assert not [name for name, page in shown.items() if HIDDEN in page]
    assert all(ANSWER in shown[name] for name in ("thread", "list", "answer", "person"))
    assert COMING in shown["inbox"]
    assert [found(manager, words) for words in ("вокзал", "трудом")] == [1, 1]
    table = "conversation_messages"
    assert looks() == {("view_sensitive", "users"), ("view_sensitive", table), ("view_sensitive_list", table)}
    before = UserActivityLog.objects.filter(subject_table=table).count()
    text_of(manager, "sales_conversationmessage_inbox", account=rows[0].sender_id, user=rows[0].user_id)
    assert UserActivityLog.objects.filter(subject_table=table).count() == before, "a page that reads anew"


def test_a_cry_for_help_is_shown_to_whoever_answers(rows: list[ConversationMessage]) -> None:
    operator, (_greeting, _asked, answer, coming) = reader(roles.OPERATORS), rows
    # the model failed to read it: nobody else has
    ConversationMessage.objects.filter(pk=coming.pk).update(attempts=1)
    assert COMING in pages(operator, rows)["thread"]
    cry = "Я хочу покончить с собой"
    assert say(answer.sender, cry, 4).stage == "person"
    shown = pages(operator, rows)
    assert all(cry in shown[name] for name in ("thread", "list", "person"))
    Contact.objects.update(crisis_at=timezone.now())
    assert ANSWER not in pages(operator, rows)["thread"], "what was said before stays where it was"
    coming_in.edited(answer.sender_id, message(2, f"{ANSWER}. {cry}"), timezone.now())
    ConversationMessage.objects.update(stage="")
    assert f"{ANSWER}. {cry}" in pages(operator, rows)["thread"], "an answer that was changed into one"


def test_answers_get_into_no_test_of_a_script(rows: list[ConversationMessage]) -> None:
    ConversationMessage.objects.filter(pk=rows[3].pk).update(stage="", strategy="script")
    turns = recording.recorded(ClientConversation.objects.get())
    assert [turn["message"] for turn in turns] == [f"Здравствуйте, я [имя]\n{COMING}"]
