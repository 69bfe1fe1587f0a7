"""Private messages: stored once, answered by rule, drafted, decided by people."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts_mgmt import contacts
from accounts_mgmt.claims import statements
from accounts_mgmt.models import AccountCall, Contact, TelegramAccountSession
from accounts_mgmt.outbox import Origin, Status
from accounts_mgmt.private import coming_in, decisions, drafting
from accounts_mgmt.private.dialogues import find_thread
from commentators.models import DirectMessage
from commentators.prompts import Draft
from relove import llm
from relove.models import LLMCall, Staff, TelegramUser, UserActivityLog
from relove.telegram.gateway import Message, Peer, PeerKind, Person
from tests.commentators.conftest import NOW, commentator

PERSON = Person(900, "olga", "Ольга")


def message(number: int, text: str, **fields: Any) -> Message:
    values = {"chat": Peer(PeerKind.USER, PERSON.id), "id": number, "text": text, "date": NOW, "sender": PERSON}
    return Message(**values | fields)


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return commentator(1).session


def say(account: TelegramAccountSession, text: str, number: int = 1, **fields: Any) -> DirectMessage:
    coming_in.saw(account.pk, message(number, text, **fields), NOW)
    row: DirectMessage = DirectMessage.objects.received().get(sender=account, message_id=number)
    return row


def answer(text: str) -> Any:
    call = LLMCall.objects.create(key=f"{text}{LLMCall.objects.count()}", purpose="reply", model="sandbox")
    return llm.Answer(
        value=Draft(text=text),
        model="sandbox",
        call_id=call.pk,
        prompt_tokens=1,
        completion_tokens=1,
        cost=Decimal(0),
    )


def draft(account: TelegramAccountSession, text: str = "Попробуйте начать с малого шага.") -> DirectMessage:
    row = say(account, "С чего мне начать?", DirectMessage.objects.count() + 1)
    made = drafting.store(row, text, answer(text))
    assert isinstance(made, DirectMessage)
    return made


def approve(row: DirectMessage, text: str, staff: Staff) -> DirectMessage:
    found = decisions.approve(find_thread(row.sender_id, row.user_id), row.pk, text, staff, NOW)
    assert isinstance(found, DirectMessage)
    return found


def reject(row: DirectMessage, staff: Staff) -> None:
    decisions.reject(find_thread(row.sender_id, row.user_id), row.pk, staff, NOW)


def attempt(row: DirectMessage) -> bool:
    """Whether the statement just before the request lets it through."""
    DirectMessage.objects.filter(pk=row.pk).update(status=Status.SENDING, claimed_by=5)
    sql = statements(DirectMessage)
    ids, times = [row.pk], [row.created_at]
    with connection.cursor() as cursor:
        cursor.execute(sql.attempt, [ids, times, [5], *sql.attempt_params])
        return bool(cursor.fetchall())


def delivered(row: DirectMessage) -> None:
    DirectMessage.objects.filter(pk=row.pk).update(status=Status.SENT, sent_at=NOW)


def test_a_message_is_stored_once_and_asks_for_a_draft(account: TelegramAccountSession) -> None:
    for _ in range(2):
        row = say(account, "Здравствуйте! С чего начать?")
    assert DirectMessage.objects.count() == 1
    assert (row.stage, row.is_read, row.account_id) == ("wanted", False, account.commentator.pk)
    assert TelegramUser.objects.get().first_name == "Ольга"
    assert UserActivityLog.objects.get(activity_type="message").subject_id == row.pk
    assert Contact.objects.get().account == account


@pytest.mark.parametrize("telegram_id", [777000, 2])
def test_telegram_itself_and_our_own_accounts_are_not_heard(
    account: TelegramAccountSession, telegram_id: int
) -> None:
    commentator(2)
    other = Person(telegram_id, "", "Код")
    coming_in.saw(account.pk, message(1, "12345", chat=Peer(PeerKind.USER, telegram_id), sender=other), NOW)
    assert not DirectMessage.objects.exists()


def test_what_is_not_text_alone_is_stored_as_what_it_is_and_waits_for_a_person(
    account: TelegramAccountSession,
) -> None:
    row = say(account, "Смотрите", media="photo")
    assert (row.media, row.stage) == ("photo", "person")


def test_edits_and_deletions_are_followed(account: TelegramAccountSession) -> None:
    row = say(account, "Привет")
    coming_in.edited(account.pk, message(1, "Привет, как начать?"), NOW)
    row.refresh_from_db()
    assert row.text == "Привет, как начать?"
    coming_in.deleted(account.pk, (1,), NOW)
    row.refresh_from_db()
    assert (row.status, row.stage) == (Status.DELETED, "")


def test_a_stop_written_into_an_old_message_counts(account: TelegramAccountSession) -> None:
    say(account, "Привет")
    coming_in.edited(account.pk, message(1, "стоп"), NOW)
    assert Contact.objects.get().stopped_at


def test_what_the_owner_writes_elsewhere_is_stored_and_ends_the_draft(account: TelegramAccountSession) -> None:
    made = draft(account)
    coming_in.saw(account.pk, message(50, "Отвечу сама", out=True, sender=None), NOW)
    coming_in.saw(account.pk, message(50, "Отвечу сама", out=True, sender=None), NOW)
    made.refresh_from_db()
    assert made.status == Status.CANCELLED
    assert DirectMessage.objects.get(direction="out", status=Status.SENT).origin == Origin.PERSON


def test_our_own_message_coming_back_is_not_stored_again(account: TelegramAccountSession, staff: Staff) -> None:
    row = approve(draft(account), "Попробуйте начать с малого шага.", staff)
    coming_in.saw(account.pk, message(51, row.text, out=True, sender=None), NOW)
    assert DirectMessage.objects.filter(direction="out").count() == 1


def test_a_newer_message_outdates_the_draft(account: TelegramAccountSession) -> None:
    made = draft(account)
    newer = say(account, "И ещё вопрос", 60)
    made.refresh_from_db()
    assert (made.status, newer.stage) == (Status.CANCELLED, "wanted")


def test_a_draft_of_a_thread_that_went_on_is_not_kept(account: TelegramAccountSession) -> None:
    row = say(account, "С чего начать?")
    say(account, "Уже не важно, другой вопрос", 2)
    assert drafting.store(row, "Начните", answer("Начните")) is None


def test_approving_queues_with_the_disclosure_once(account: TelegramAccountSession, staff: Staff) -> None:
    first = approve(draft(account), "Попробуйте начать с малого шага.", staff)
    assert (first.status, first.discloses, first.origin) == (Status.PENDING, True, Origin.MACHINE)
    assert first.text.endswith("Попробуйте начать с малого шага.")
    assert attempt(first)
    delivered(first)
    second = approve(draft(account), "Можно выбрать одно дело на вечер.", staff)
    assert (second.text, second.origin) == ("Можно выбрать одно дело на вечер.", Origin.MACHINE_EDITED)
    assert attempt(second)


def test_an_edit_is_checked_like_a_draft(account: TelegramAccountSession, staff: Staff) -> None:
    made = draft(account)
    with pytest.raises(ValidationError):
        approve(made, "Мой муж тоже так начинал, мне помогло", staff)
    made.refresh_from_db()
    assert made.status == Status.DRAFT


def test_a_rejected_draft_leaves_the_message_to_a_person(account: TelegramAccountSession, staff: Staff) -> None:
    made = draft(account)
    reject(made, staff)
    assert DirectMessage.objects.received().get().stage == "person"
    with pytest.raises(ValidationError):
        approve(made, made.text, staff)


def test_writing_by_hand_goes_before_what_the_machine_had_waiting(
    account: TelegramAccountSession, staff: Staff
) -> None:
    waiting = approve(draft(account), "Попробуйте начать с малого шага.", staff)
    contacts.lock(waiting.user)
    Contact.objects.update(stopped_at=NOW, crisis_at=NOW)
    row = decisions.write(find_thread(account.pk, waiting.user_id), "Добрый день, это Анна.", staff, NOW)
    waiting.refresh_from_db()
    assert (waiting.status, row.discloses) == (Status.CANCELLED, False)
    assert attempt(row)


def test_a_practice_partner_says_once_who_it_is(account: TelegramAccountSession) -> None:
    TelegramAccountSession.objects.filter(pk=account.pk).update(role="student")
    TelegramAccountSession.objects.create(label="Главный", role="main", username="relove_main", state="active")
    rows = [say(account, "Привет! Как дела на потоке?", number) for number in (1, 2)]
    said = DirectMessage.objects.get(direction="out")
    assert "https://t.me/relove_main" in said.text
    assert [row.stage for row in rows] == ["person", "person"]
    assert attempt(said)


def test_reading_is_noted_and_told_to_telegram(account: TelegramAccountSession) -> None:
    row = say(account, "Привет", 7)
    thread = find_thread(account.pk, row.user_id)
    for _ in range(2):
        decisions.read(thread, NOW)
    call = AccountCall.objects.get(kind="read_private")
    assert call.arguments == {"user": PERSON.id, "up_to": 7}
    assert not DirectMessage.objects.unread().exists()


def test_what_the_person_read_is_marked(account: TelegramAccountSession, staff: Staff) -> None:
    row = approve(draft(account), "Попробуйте начать с малого шага.", staff)
    DirectMessage.objects.filter(pk=row.pk).update(status=Status.SENT, message_id=80)
    coming_in.read(account.pk, PERSON.id, 79, ours=True)
    row.refresh_from_db()
    assert not row.is_read
    coming_in.read(account.pk, PERSON.id, 80, ours=True)
    row.refresh_from_db()
    assert row.is_read


def test_a_failing_model_sends_nothing_and_ends_at_a_person(account: TelegramAccountSession) -> None:
    row = say(account, "С чего начать?")
    for _ in range(drafting.FAILURES):
        row.refresh_from_db()
        drafting.wait(row, llm.LLMError("down"), NOW + timedelta(hours=1))
    row.refresh_from_db()
    assert (row.stage, DirectMessage.objects.filter(direction="out").count()) == ("person", 0)
