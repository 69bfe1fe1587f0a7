"""A stop is understood in many words, confirmed once, and holds for every account at once."""

from datetime import UTC, datetime

import pytest

from accounts_mgmt import contacts
from accounts_mgmt.models import Contact, TelegramAccountSession
from accounts_mgmt.outbox import Status
from accounts_mgmt.private import decisions
from accounts_mgmt.private.dialogues import find_thread
from accounts_mgmt.stops import Said, Wish, read
from commentators.models import DirectMessage
from relove.models import Staff
from tests.commentators.conftest import NOW, commentator
from tests.commentators.conftest import staff as staff
from tests.commentators.test_direct import approve, attempt, draft, say

TUESDAY = datetime(2026, 3, 10, 12, tzinfo=UTC)

STOPS = """стоп
Стоп.
СТОП!!!
«стоп»
стоп стоп стоп
стоп, пожалуйста
Стоп, больше не пишите
Пожалуйста, стоп
не пишите
Не пишите мне
не пишите мне больше
Больше не пишите мне, пожалуйста
не пиши мне
Не пиши мне больше никогда
Не надо мне писать
не надо писать
писать мне больше не надо
Прошу не писать
Прошу вас больше мне не писать
Не нужно мне больше писать
Хватит
хватит писать
Хватит мне писать!
Хватит спамить
Хватит уже
Перестаньте
перестаньте мне писать
Прекратите
Прекратите рассылку
Прекрати писать
Отстаньте
отстань
Отстаньте от меня
Отвяжитесь
Отвалите
Оставьте меня в покое
оставь меня в покое, пожалуйста
Отпишите меня
Отпишите меня от рассылки
Отписаться
Отписка
Хочу отписаться
Удалите меня из рассылки
Удалите мой номер
Уберите меня из списка
Исключите меня из базы
Вычеркните меня
Не хочу получать сообщения
Больше не хочу получать от вас сообщения
Я не хочу с вами общаться
Не хочу переписываться
Не хочу, чтобы вы мне писали
Не беспокойте меня
Не беспокойте
Не тревожьте меня больше
Не присылайте мне ничего
Не присылайте больше сообщения
Больше никаких сообщений
Никаких сообщений
Забудьте мой номер
Спасибо, но больше не пишите
Здравствуйте, не пишите мне больше
Не шлите мне это
Довольно
Достаточно сообщений
Нет, не пишите
Не пишите сюда
Не звоните и не пишите
stop
Stop!
STOP STOP
please stop
Stop please
stop it
Stop writing to me
Stop texting me
please stop messaging me
Stop contacting me
stop spamming
Stop sending messages
stop bothering me
stop this
stop all messages
Don't write to me
don't write to me again
Please don't write to me anymore
Do not write me
Do not contact me
do not contact me again
don't message me
Don't text me
Please do not text me again
Don't bother me
don't dm me
Never write to me again
never contact me again
don't email me
Don't send me messages
don't send me anything
Don't send me any more messages
Unsubscribe
unsubscribe me
Please unsubscribe
I want to unsubscribe
I'd like to unsubscribe
opt out
opt-out
Leave me alone
please leave me alone
leave us alone
Go away
Get lost
Remove me
Remove me from your list
remove me from the mailing list
Take me off your list
delete me
Delete my number
Lose my number
forget my number
delete my contact
No more messages
no more messages please
No more texts
No more automatic messages
I don't want your messages
I don't want any more messages
I do not want messages from you
i don't want to hear from you
I don't want to talk to you
I don't want to chat
I do not want to receive messages
Enough
enough messages
quit messaging me
Quit bothering me
cease contacting me
ok stop
hey, don't message me
Thanks, no more messages""".splitlines()

NO_STOPS = """стоп-кадр
Какой красивый стоп-кадр!
не пишите мне завтра рано, лучше вечером
Нон-стоп
едем автостопом
стоп-сигнал не горит
Стоп машина
что будет, если написать стоп
На знаке «стоп» я остановилась
стоп-лист ресторана
а если я напишу слово стоп
Не пишите длинно
не пишите капсом
Почему вы мне не пишете?
Вы давно не пишете
почему не пишете
Не пишите мне глупости
не стоит об этом писать в дневнике
не пишите завтра утром, пишите вечером
не пишите про политику
пишите мне
Пишите, не стесняйтесь
Не забудьте мне написать
Не могу перестать думать об этом
Хватит ли мне одного месяца?
хватит ли мест
мне хватит двух недель
Перестаньте бояться: хорошая фраза
Как перестать откладывать?
как прекратить ссоры с мужем
Отстаньте от себя: так говорит мой психолог
он мне сказал отстань
Оставьте меня в списке
оставьте мне место
Отпишите мне потом, как решите
Отпишитесь, когда будет ясно с датой
Удалите это сообщение, я ошиблась
Уберите, пожалуйста, опечатку
Не хочу опаздывать
не хочу пропустить сообщение
Я не хочу писать дневник
Не беспокойтесь, всё хорошо
не беспокойтесь
Не тревожьтесь
Ничего не присылайте почтой, я заберу сама
Больше никаких вопросов, спасибо
Не забудьте обо мне
Мой номер не изменился
Достаточно ли прочитать книгу?
достаточно одного занятия в неделю
Отвали от берега на лодке
Завтра не пишите
не пишите до понедельника
не пишите неделю
Сегодня больше не пишите
Напишите мне вечером
стопка книг
стопы болят
поставила точку
Не переставайте писать
не прекращайте рассылку
я не просила остановиться
подписаться
don't stop
Don't stop writing
non-stop
the bus stop is here
Where is the bus stop?
I can't stop thinking about it
I stopped smoking
stop-motion film
Full stop.
it doesn't stop there
one-stop shop
what happens if I write stop
unstoppable
How do I stop procrastinating?
How to stop worrying
stop by any time
Stop me if I am wrong
Never stop learning
don't worry
don't write tomorrow
don't text me until Monday
don't write in caps
Do not write too long
Why don't you write to me?
why did you not write
you never write
please write to me
Please message me in the evening
don't forget to write
Don't forget me
I don't want to miss your messages
I don't want to be late
I don't want to quit
Is that enough?
enough time to read
One hour is enough
leave me a message
Leave me your number
leave the link here
Go away from fear, they say
he told me to get lost
Remove the typo please
delete this photo please
Take me to the group
take me through the steps
No more questions
no more excuses for me
No messages yet?
How do I subscribe?
subscribe me
I never unsubscribed
my number is new
I forgot my number
Delete the last word
bother me any time
Contact me tomorrow
Don't hesitate to contact me
do not hesitate to write
I won't stop now
the message stops there
text me
quit smoking tips
I want to quit sugar
send me more messages
Stop sign on the corner
opt for the evening
I opted out of sugar""".splitlines()


@pytest.mark.parametrize("text", STOPS)
def test_a_stop_is_understood(text: str) -> None:
    assert read(text, TUESDAY) == Said(Wish.STOP)


@pytest.mark.parametrize("text", NO_STOPS)
def test_what_only_sounds_like_it_is_no_stop(text: str) -> None:
    said = read(text, TUESDAY)
    assert said is None or said.wish != Wish.STOP


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("Завтра не пишите", datetime(2026, 3, 12, tzinfo=UTC)),
        ("не пишите мне завтра", datetime(2026, 3, 12, tzinfo=UTC)),
        ("Сегодня больше не пишите, пожалуйста", datetime(2026, 3, 11, tzinfo=UTC)),
        ("не пишите до завтра", datetime(2026, 3, 11, tzinfo=UTC)),
        ("Не пишите до понедельника", datetime(2026, 3, 16, tzinfo=UTC)),
        ("не беспокойте до вторника", datetime(2026, 3, 17, tzinfo=UTC)),
        ("не пишите на этой неделе", datetime(2026, 3, 16, tzinfo=UTC)),
        ("не пишите мне неделю", datetime(2026, 3, 17, 12, tzinfo=UTC)),
        ("Не пишите 3 дня", datetime(2026, 3, 13, 12, tzinfo=UTC)),
        ("don't write tomorrow", datetime(2026, 3, 12, tzinfo=UTC)),
        ("Please don't text me until Friday", datetime(2026, 3, 13, tzinfo=UTC)),
        ("do not message me for 2 weeks", datetime(2026, 3, 24, 12, tzinfo=UTC)),
    ],
)
def test_a_pause_lasts_as_long_as_it_says(text: str, until: datetime) -> None:
    assert read(text, TUESDAY) == Said(Wish.PAUSE, until)


def test_a_long_run_of_the_same_words_is_read_quickly() -> None:
    assert read("больше " * 600, TUESDAY) is None


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return commentator(1).session


def confirmations() -> list[DirectMessage]:
    return list(DirectMessage.objects.filter(purpose="stop"))


def test_one_confirmation_then_nothing_automatic_from_any_account(
    account: TelegramAccountSession, staff: Staff
) -> None:
    queued = approve(draft(account), "Попробуйте начать с малого шага.", staff)
    other = commentator(2).session
    for number in (71, 72):
        say(other, "Стоп", number)
    queued.refresh_from_db()
    [confirmation] = confirmations()
    assert (queued.status, confirmation.status) == (Status.CANCELLED, Status.PENDING)
    assert "старт" in confirmation.text
    assert attempt(confirmation)
    assert say(account, "А ещё вопрос", 73).stage == "person"


def test_a_stop_between_claim_and_request_still_holds(account: TelegramAccountSession, staff: Staff) -> None:
    row = approve(draft(account), "Попробуйте начать с малого шага.", staff)
    assert attempt(row)
    Contact.objects.update(stopped_at=NOW)
    assert not attempt(row)


def test_only_the_word_or_a_person_brings_it_back(account: TelegramAccountSession, staff: Staff) -> None:
    say(account, "стоп")
    for number, text in enumerate(["Ладно, пишите", "да", "продолжайте"], 2):
        say(account, text, number)
        assert Contact.objects.get().stopped_at
    say(account, "Старт!", 9)
    assert Contact.objects.get().stopped_at is None
    say(account, "стоп", 10)
    assert len(confirmations()) == 2
    contacts.resume(Contact.objects.get(), staff, "asked by phone")
    assert Contact.objects.get().stopped_at is None


def test_a_pause_holds_until_its_end(account: TelegramAccountSession, staff: Staff) -> None:
    row = approve(draft(account), "Попробуйте начать с малого шага.", staff)
    Contact.objects.update(paused_until=datetime(2099, 1, 1, tzinfo=UTC))
    assert not attempt(row)
    Contact.objects.update(paused_until=datetime(2020, 1, 1, tzinfo=UTC))
    assert attempt(row)


def test_staff_may_still_answer_by_hand(account: TelegramAccountSession, staff: Staff) -> None:
    row = say(account, "стоп")
    thread = find_thread(account.pk, row.user_id)
    assert attempt(decisions.write(thread, "Здравствуйте, это Анна. Всё отключила.", staff, NOW))
