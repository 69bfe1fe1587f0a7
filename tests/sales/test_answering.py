"""A message of a client to the main account: decided once, sent, proposed or left to a person, with the reason."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts_mgmt.models import Contact, TelegramAccountSession
from accounts_mgmt.outbox import Status
from accounts_mgmt.private import decisions
from accounts_mgmt.private.dialogues import find_thread
from relove.models import SessionLog, Staff, TelegramUser, UserActivityLog
from sales import answering, conversations, services
from sales.answering import Answered, find_setting, store
from sales.models import ClientConversation, ConversationMessage, SalesScript, ScriptTrigger
from sales.models.scripts import Running
from sales.player import play
from sales.replies import Reply, as_written
from tests.sales.scene import NOW, analysed, live_script, main_account, say, worded


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return main_account()


@pytest.fixture
def staff(db: None) -> Staff:
    member: Staff = Staff.objects.create_user("olga")
    return member


def decided(row: ConversationMessage, intent: str = "other", score: float = 0.9, **reply: Any) -> Answered:
    """What the engine makes of a message that the model read so."""
    setting = find_setting(row.pk)
    assert setting.script is not None
    analysis = analysed(intent, score)
    decision = play(setting.script, setting.progress, setting.said.text, analysis.value)
    text = as_written(decision).text if decision.line else "Расскажите подробнее?"
    words = Reply("") if decision.strategy is None else Reply(**{"text": text, "answer": worded(text)} | reply)
    return Answered(analysis, decision, words)


def answer(row: ConversationMessage, **made: Any) -> ConversationMessage | None:
    return store(find_setting(row.pk), decided(row, **made), NOW)


def test_a_first_message_opens_a_dialogue_with_what_brought_the_person(account: TelegramAccountSession) -> None:
    row = say(account, "/start march_post")
    conversation = row.conversation
    assert (row.stage, conversation.lead, conversation.touch_rule) == ("wanted", "script", "link:march_post")
    assert SessionLog.objects.get(session_type="sales").user_id == row.user_id
    say(account, "/start other", 2)
    assert ClientConversation.objects.get().touch_rule == "link:march_post"


def test_a_session_ends_with_the_script_and_begins_when_it_leads_again(
    account: TelegramAccountSession, staff: Staff
) -> None:
    conversation = say(account, "Здравствуйте").conversation
    conversations.take_over(conversation, staff, NOW)
    say(account, "Вы здесь?", 2)
    assert [log.metadata["how"] for log in SessionLog.objects.filter(status="completed")] == ["handed_over"]
    assert not SessionLog.objects.filter(status="active").exists()
    conversations.hand_back(conversation, staff, NOW)
    assert SessionLog.objects.filter(status="active").count() == 1


def test_the_last_step_completes_a_session(account: TelegramAccountSession) -> None:
    document = {"steps": [{"key": "end", "lines": [{"variants": ["До встречи."]}]}]}
    live_script("automatic", document)
    answer(say(account, "Здравствуйте"))
    assert SessionLog.objects.get().metadata["how"] == "completed"


def test_a_touch_that_other_rooms_know_is_kept_with_its_rule(account: TelegramAccountSession) -> None:
    user = TelegramUser.objects.create(telegram_id=900)
    for number, rule in enumerate(("comment_same_post", "comment_reply", "comment_reply"), 4):
        UserActivityLog.objects.create(
            user=user, activity_type=rule, subject_table="generated_comments", subject_id=number
        )
    conversation = say(account, "Здравствуйте").conversation
    found = (conversation.touch_table, conversation.touch_id, conversation.touch_rule)
    assert found == ("generated_comments", 5, "comment_reply")


def test_a_draft_script_proposes_and_moves_nothing_yet(account: TelegramAccountSession) -> None:
    live_script()
    row = say(account, "Здравствуйте")
    draft = answer(row)
    assert draft is not None
    assert (draft.status, draft.step, draft.strategy) == (Status.DRAFT, "приветствие", "script_80")
    assert "Ольга" in draft.text
    assert (draft.score, draft.threshold, draft.tokens, draft.model) == (0.9, 0.7, 30, "sandbox")
    assert draft.version == SalesScript.objects.get().live
    assert draft.why
    assert ClientConversation.objects.get().progress == {}


def test_an_automatic_script_queues_and_moves_on(account: TelegramAccountSession) -> None:
    live_script("automatic")
    sent = answer(say(account, "Здравствуйте"))
    assert sent is not None
    assert (sent.status, sent.discloses) == (Status.PENDING, True)
    conversation = ClientConversation.objects.get()
    assert (conversation.stage, conversation.stands.step, conversation.stands.asked) == (
        "знакомство",
        "приветствие",
        "запрос",
    )
    next_one = answer(say(account, "После развода не могу прийти в себя", 2), intent="рассказ")
    conversation.refresh_from_db()
    assert (conversation.stands.step, conversation.stages) == ("боль", ["знакомство", "потребность"])
    assert conversation.learnt["запрос"] == "После развода не могу прийти в себя"
    assert next_one is not None
    assert "развода" in next_one.text


def test_an_answer_is_stored_once_and_not_after_the_dialogue_went_on(account: TelegramAccountSession) -> None:
    live_script("automatic")
    row = say(account, "Здравствуйте")
    setting, made = find_setting(row.pk), decided(row)
    assert store(setting, made, NOW) is not None
    assert store(setting, made, NOW) is None
    late = say(account, "А сколько стоит?", 2)
    made = decided(late)
    setting = find_setting(late.pk)
    say(account, "И когда начало?", 3)
    assert store(setting, made, NOW) is None


def test_messages_that_came_meanwhile_are_answered_together(account: TelegramAccountSession) -> None:
    live_script()
    say(account, "Здравствуйте")
    last = say(account, "Подскажите по цене", 2)
    assert find_setting(last.pk).said.text == "Здравствуйте\nПодскажите по цене"
    assert answering.claim(5) == [(last.pk,)]


def test_what_the_reply_may_not_say_waits_for_a_person(account: TelegramAccountSession) -> None:
    live_script("automatic")
    row = say(account, "А вы читали Юнга?")
    draft = answer(row, score=0.2, text="Для вас всего 900 ₽", refusal="Ни скрипт, ни клиент этого не называли")
    row.refresh_from_db()
    assert draft is not None
    assert (draft.status, row.stage, row.stage_reason) == (
        Status.DRAFT,
        "person",
        "Ни скрипт, ни клиент этого не называли",
    )


def test_no_analysis_means_a_person(account: TelegramAccountSession) -> None:
    live_script("automatic")
    row = say(account, "Здравствуйте")
    setting = find_setting(row.pk)
    assert setting.script is not None
    store(setting, Answered(None, play(setting.script, setting.progress, "", None), Reply("")), NOW)
    conversation = ClientConversation.objects.get()
    row.refresh_from_db()
    assert (conversation.lead, row.stage, row.strategy) == ("person", "person", "person")
    assert say(account, "Алло", 2).stage == "person"
    assert not ConversationMessage.objects.filter(direction="out").exists()


def test_a_trigger_that_fired_is_counted(account: TelegramAccountSession) -> None:
    live_script("automatic")
    answer(say(account, "Здравствуйте"))
    made = answer(say(account, "Какая цена?", 2))
    assert made is not None
    assert made.trigger
    assert ScriptTrigger.objects.get(key=made.trigger).hits == 1


@pytest.mark.parametrize(
    ("running", "moves"), [(Running.STAY, False), (Running.NEXT_STEP, False), (Running.NOW, True)]
)
def test_a_running_dialogue_moves_as_the_publisher_chose(
    account: TelegramAccountSession, running: Running, moves: bool
) -> None:
    script = live_script("automatic")
    answer(say(account, "Здравствуйте"))
    services.save(script.pk, script.content, started_from=1, reason="правка", who=None, now=NOW)
    services.publish(script.pk, 2, who=None, now=NOW, running=running)
    row = say(account, "После развода не могу прийти в себя", 2)
    setting = find_setting(row.pk)
    assert setting.conversation.version is not None
    assert (setting.conversation.version.number == 2) is moves
    answer(row, intent="рассказ")
    version = ClientConversation.objects.get().version
    assert version is not None
    assert (version.number == 2) is (running != Running.STAY)


def test_a_stop_holds_the_script_and_pictures_wait_for_a_person(account: TelegramAccountSession) -> None:
    live_script("automatic")
    assert say(account, "", media="voice").stage == "person"
    draft = answer(say(account, "Здравствуйте", 2))
    say(account, "стоп", 3)
    assert draft is not None
    draft.refresh_from_db()
    assert draft.status == Status.CANCELLED
    assert Contact.objects.get().stopped_at
    assert say(account, "А ещё вопрос", 4).stage == "person"


def test_a_draft_that_is_approved_moves_the_dialogue(account: TelegramAccountSession, staff: Staff) -> None:
    live_script()
    draft = answer(say(account, "Здравствуйте"))
    assert draft is not None
    decisions.approve(find_thread(account.pk, draft.user_id), draft.pk, draft.text, staff, NOW)
    conversation = ClientConversation.objects.get()
    assert conversation.stands.step == "приветствие"
    assert ConversationMessage.objects.get(pk=draft.pk).status == Status.PENDING


def test_a_person_takes_over_and_hands_back(account: TelegramAccountSession, staff: Staff) -> None:
    live_script("automatic")
    waiting = answer(say(account, "Здравствуйте"))
    conversation = ClientConversation.objects.get()
    conversations.take_over(conversation, staff, NOW)
    assert waiting is not None
    waiting.refresh_from_db()
    assert (waiting.status, conversation.owner) == (Status.CANCELLED, staff)
    row = say(account, "Вы здесь?", 2)
    assert row.stage == "person"
    conversations.hand_back(conversation, staff, NOW)
    row.refresh_from_db()
    assert (row.stage, ClientConversation.objects.get().lead) == ("wanted", "script")


def test_who_leads_may_ask_for_a_draft_that_is_never_sent_by_itself(
    account: TelegramAccountSession, staff: Staff
) -> None:
    live_script("automatic")
    row = say(account, "Здравствуйте")
    conversation = ClientConversation.objects.get()
    conversations.take_over(conversation, staff, NOW)
    conversations.propose(conversation, staff)
    row.refresh_from_db()
    draft = answer(row)
    assert draft is not None
    assert draft.status == Status.DRAFT
    assert ClientConversation.objects.get().lead == "person"


def test_two_people_never_answer_at_once(account: TelegramAccountSession, staff: Staff) -> None:
    conversation = say(account, "Здравствуйте").conversation
    other = Staff.objects.create_user("boris")
    conversations.lock(conversation, staff, NOW)
    conversations.lock(conversation, staff, NOW + timedelta(seconds=60))
    with pytest.raises(ValidationError, match="olga"):
        conversations.lock(conversation, other, NOW + timedelta(seconds=100))
    conversations.lock(conversation, other, NOW + timedelta(seconds=200))


def test_ready_answers_come_from_the_script(account: TelegramAccountSession) -> None:
    live_script("automatic")
    answer(say(account, "Здравствуйте"))
    answers = dict(conversations.ready_answers(ClientConversation.objects.get()))
    assert answers
    assert all("{" not in text for text in answers.values())
