"""The first machine's word of an account to a person says what it is and where the privacy notice stands."""

import random
from typing import Any

import pytest
from django.conf import settings

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import Origin, Status
from accounts_mgmt.private import going_out
from accounts_mgmt.stops import Said, Wish, read
from commentators.models import DirectMessage
from relove.models import Chat, Staff, TelegramUser
from tests.commentators.conftest import NOW, commentator
from tests.commentators.conftest import staff as staff
from tests.commentators.test_direct import approve, attempt, draft, say

OPENINGS = 10_000

QUESTIONS = """ты бот?
Вы бот?
Вы бот или человек?
Скажите, вы живой человек?
А вы настоящий человек?
Это бот пишет?
Это нейросеть?
я разговариваю с ботом?
Я общаюсь с человеком или ботом?
мне отвечает робот?
Бот или человек?
Слушай, ты робот?
Are you a bot?
are you an AI?
Are you human?
are you a real person?
Are you a bot or a human?
Is this a bot?
Am I talking to a robot?
bot or human?""".splitlines()


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return commentator(1).session


def says_what_it_is(text: str, account: TelegramAccountSession) -> bool:
    return settings.PRIVACY_URL in text and account.owner in text and ("ИИ" in text or "AI" in text)


def acquainted(account: TelegramAccountSession, other: TelegramAccountSession) -> list[TelegramUser]:
    """People to whom much was said before, and never by this account what it is."""
    sent = {"sender": account, "direction": "out", "status": Status.SENT}
    before: list[dict[str, Any]] = [
        {},
        sent | {"sender": other, "discloses": True},
        sent | {"status": Status.FAILED, "discloses": True},
        sent | {"status": Status.CANCELLED, "discloses": True},
        sent | {"origin": Origin.PERSON},
        sent | {"direction": "in"},
    ]
    people = [TelegramUser.objects.create(telegram_id=900 + number) for number in range(len(before))]
    for person, fields in zip(people, before, strict=True):
        if fields:
            chat = Chat.objects.create(kind=Chat.Kind.PRIVATE, telegram_id=person.telegram_id)
            DirectMessage.objects.create(user=person, chat=chat, text="Здравствуйте", **fields)
    return people


def test_no_opening_of_ten_thousand_lacks_it(account: TelegramAccountSession) -> None:
    chance = random.Random(7)
    people = acquainted(account, commentator(2).session)
    purposes = list(DirectMessage.Purpose)
    for _ in range(OPENINGS):
        # whichever process holds the account, and whoever held the person: nothing is remembered but the table
        text = "".join(chance.choices("абв xyz «стоп» {owner}\n%s", k=chance.randrange(0, 40)))
        row = DirectMessage(sender=account, user=chance.choice(people), text=text, purpose=chance.choice(purposes))
        row.origin = chance.choice((Origin.MACHINE, Origin.MACHINE_EDITED))
        going_out.disclose(row, chance.choice(("ru", "en", "de")))
        assert row.discloses
        assert says_what_it_is(row.text, account)
        assert text in row.text


def test_a_message_without_it_does_not_leave(account: TelegramAccountSession, staff: Staff) -> None:
    row = approve(draft(account), "Попробуйте начать с малого шага.", staff)
    DirectMessage.objects.filter(pk=row.pk).update(discloses=False)
    assert not attempt(row)


def test_an_opening_that_failed_does_not_count(account: TelegramAccountSession, staff: Staff) -> None:
    first = approve(draft(account), "Попробуйте начать с малого шага.", staff)
    DirectMessage.objects.filter(pk=first.pk).update(status=Status.FAILED)
    second = approve(draft(account), "Можно выбрать одно дело на вечер.", staff)
    assert says_what_it_is(second.text, account)


@pytest.mark.parametrize("text", QUESTIONS)
def test_whether_it_is_a_bot_is_understood(text: str) -> None:
    assert read(text, NOW) == Said(Wish.BOT)


@pytest.mark.parametrize("text", ["Бот завис", "Посоветуйте бот для заметок", "Вы человек слова", "I built a bot"])
def test_other_talk_of_bots_is_no_question(text: str) -> None:
    assert read(text, NOW) is None


def test_the_question_gets_a_fixed_truthful_answer(account: TelegramAccountSession) -> None:
    say(account, "Вы бот?")
    answer = DirectMessage.objects.get(purpose="bot")
    assert answer.text.startswith("Да, ответы здесь составляет программа с ИИ")
    assert says_what_it_is(answer.text, account)
    assert attempt(answer)
