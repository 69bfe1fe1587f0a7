"""A cry for help is found by phrases, answered once with help contacts, and halts everything automatic."""

import asyncio
from datetime import UTC, date, datetime

import pytest
from pytest_django import Settings

from accounts_mgmt import contacts
from accounts_mgmt.models import Contact, CrisisContact, TelegramAccountSession
from accounts_mgmt.outbox import Status
from accounts_mgmt.stops import Said, Wish, read
from accounts_mgmt.tasks import _wait_for_help_contacts
from commentators.models import DirectMessage
from relove.cluster import Drain
from relove.models import Staff
from tests.commentators.conftest import NOW, commentator
from tests.commentators.conftest import staff as staff
from tests.commentators.test_direct import approve, attempt, draft, say

TUESDAY = datetime(2026, 3, 10, 12, tzinfo=UTC)

CRISES = """Хочу умереть
я просто хочу умереть
Мне хочется умереть
умереть хочу
Я хотела бы уснуть и не проснуться
Хочу исчезнуть навсегда
Я не хочу жить
не хочу больше жить
Не хочется жить
жить не хочу
Жить больше не хочется
Жить незачем
жить надоело
я больше не могу жить
Нет смысла жить
Не вижу смысла в жизни
нет никакого смысла жить
Незачем жить
Я устала жить
Думаю покончить с собой
хочу покончить с жизнью
свести счёты с жизнью
наложить на себя руки
хочу уйти из жизни
Я хочу убить себя
я себя убью
Хочется порезать себя
я режу себя
Хочу вскрыть вены
порежу себе вены
Я повешусь
хочу выйти в окно
Прыгнуть с крыши и всё
мысли о суициде
Думаю о самоубийстве
у меня самоповреждения
Лучше бы я умерла
лучше бы меня не было
Всем будет лучше без меня
без меня всем станет лучше
Наглоталась таблеток
Муж меня бьёт
Он меня избивает
отчим опять избил меня
меня избивают дома
Меня изнасиловали
Он угрожает меня убить
меня хотят убить
Я его убью
Хочу убить его.
Я больше не выдержу
Больше так не вынесу
Нет сил жить
Не вижу выхода
Я на грани
меня держат взаперти
Хочу умереть со смеху, а если честно, не хочу жить
Здравствуйте! Вчера был пост. Я, если честно, не хочу жить.
парень меня душит
I want to kill myself
i want to die
I just want to die
I wanna die
I feel like die
I wish I was dead
wish i were never born
I'm better off dead
everyone is better off without me
I don't want to live
I do not want to be alive
dont want to wake up
No reason to live
there is no point in living
nothing to live for
I can't go on like this
I can't go on
tired of living
I am tired of being alive
I am suicidal
thinking about suicide
I self-harm
self harm again
I cut myself
I hurt myself yesterday
I keep cutting myself
I will hang myself
I'll shoot myself
take my own life
I want to end my life
I want to end it all
slit my wrists
I want to disappear forever
I took an overdose
jump off a bridge
He beats me
he hits me
My husband beats me
my boyfriend hit me
my father raped me
she strangles me
my dad keeps hitting me
they abuse me
I was raped
I am being abused
I got beaten
He threatened to kill me
he is threatening to kill me
I am going to kill him
I will kill her
want to kill everyone
I'm going to hurt myself
ready to die
better off without me
I'd like to die
Sorry for the long letter. Honestly I don't want to live anymore.
cannot go on
I want to drown myself
harm myself
she beat me
no point to go on
my stepfather abuses me""".splitlines()

CALM = """Умереть со смеху!
хочу умереть от смеха
чуть не умерла от скуки
Умереть от стыда можно
не хочу жить прошлым
Не хочу жить в Москве
не хочу жить как все
Не хочу жить одним днём
хочу жить у моря
хочу убить время до поезда
как убить время
убить двух зайцев
Отряд самоубийц — смешное кино
смотрю детектив про убийство
убийственно красиво
Я убита этой новостью, шучу
Режу салат
порезала палец
режу лук и плачу
Порезала торт на десять кусков
бьёт по карману
Меня бьёт током от свитера
сердце бьётся
он бьёт рекорды
Муж меня обнимает
мама меня хвалит
выйти из окна возможностей
вышла на крышу посмотреть закат
прыгнуть с парашютом
прыжок с моста на верёвке мечта детства
нет сил идти на работу
нет сил, устала на работе
Устала жить на два города? шучу, привыкла
не вижу смысла в рекламе
нет смысла спорить
смысл жизни в детях
Ищу смысл жизни
незачем спешить
таблетки от головы помогли
выпила таблетку
Я на грани прорыва шучу
в прошлой жизни я была кошкой
Жить хочется!
жить хорошо
хочу жить
это было в лучшем случае странно
лучше бы я пошла в кино
лучше бы меня позвали раньше
всем будет лучше вместе
без меня не начинайте
исчезнуть на выходные
хочу исчезнуть на недельку в отпуск
хочу уснуть пораньше
не хочу просыпаться в шесть
покончить с прокрастинацией
покончить с этой привычкой
свести дебет с кредитом
руки опускаются
угрожает дождь
убью на это вечер
I am dying to meet you
dying of laughter
die laughing
I could die of shame
cake to die for
kill time
killing it today
I'm killing time at the airport
Suicide Squad is a film
this deadline kills me
my feet are killing me
he beats me at chess? no, I win
I cut my hair
I cut my finger
cut the rope
hurt my knee
hang my coat
shoot a film
I want to diet
I want to live by the sea
a reason to live well
the point of living together
what a way to go on holiday
go on like this, great
I can't go on Sunday
tired of working
tired of winter
life is good
take my place
end of my day
end of the week
I want to end this chapter
I want to disappear for a weekend
jump off the couch
jump into water
he hit the ball
she beat the record
he hugs me
they support me
it strikes me as odd
I was late
I was asked
I got lost
I will call him
going to kiss her
want to thank everyone
die Katze ist da
ready to dive
like to dance
better off early
better without sugar
wish I was there
wish I were taller
nothing to wear
no point in rushing
wake up early
I don't want to wait
I don't want to leave
overdone steak
harmony""".splitlines()


@pytest.mark.parametrize("text", CRISES)
def test_a_cry_for_help_is_heard(text: str) -> None:
    assert read(text, TUESDAY) == Said(Wish.CRISIS)


@pytest.mark.parametrize("text", CALM)
def test_what_only_sounds_like_it_is_none(text: str) -> None:
    said = read(text, TUESDAY)
    assert said is None or said.wish != Wish.CRISIS


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return commentator(1).session


def test_everything_automatic_halts_and_help_is_named_once(account: TelegramAccountSession, staff: Staff) -> None:
    CrisisContact.objects.create(
        country="Россия", text="8-800-000-00-00", confirmed_by="Анна", confirmed_at=date(2026, 1, 1)
    )
    CrisisContact.objects.create(country="Чили", text="123")
    queued = approve(draft(account), "Попробуйте начать с малого шага.", staff)
    rows = [say(account, "Я не хочу жить", number) for number in (71, 72)]
    queued.refresh_from_db()
    help_text = DirectMessage.objects.get(purpose="crisis")
    assert queued.status == Status.CANCELLED
    assert "Россия: 8-800-000-00-00" in help_text.text
    assert "123" not in help_text.text
    assert attempt(help_text)
    assert {row.stage for row in rows} == {"person"}
    assert Contact.objects.alerting().exists()


def test_a_crisis_is_taken_over_before_automation_goes_on(account: TelegramAccountSession, staff: Staff) -> None:
    say(account, "Я не хочу жить")
    contact = Contact.objects.get()
    with pytest.raises(ValueError, match="acknowledged"):
        contacts.resume(contact, staff, "")
    contacts.acknowledge(contact, staff, NOW)
    assert not Contact.objects.alerting().exists()
    assert say(account, "старт", 2).stage == "person"
    assert Contact.objects.get().crisis_at
    contacts.resume(contact, staff, "спокойна, просила продолжать")
    assert not Contact.objects.get().halted


def test_without_confirmed_contacts_the_emergency_number_is_named(account: TelegramAccountSession) -> None:
    say(account, "I want to die")
    assert "112" in DirectMessage.objects.get(purpose="crisis").text


def test_the_real_telegram_is_not_started_without_help_contacts(db: None, settings: Settings) -> None:
    assert contacts.may_run()
    settings.TELEGRAM_GATEWAY = "telegram"
    row = CrisisContact.objects.create(country="Россия", text="8-800-000-00-00")
    assert not contacts.may_run()
    row.confirmed_by, row.confirmed_at = "Анна", date(2026, 1, 1)
    row.save()
    assert contacts.may_run()


def test_a_runner_waits_until_they_stand(transactional_db: None, settings: Settings) -> None:
    settings.TELEGRAM_GATEWAY = "telegram"
    drain = Drain.manual()
    drain.set()
    asyncio.run(asyncio.wait_for(_wait_for_help_contacts(drain), 10))
    CrisisContact.objects.create(
        country="Россия", text="8-800-000-00-00", confirmed_by="Анна", confirmed_at=date(2026, 1, 1)
    )
    asyncio.run(asyncio.wait_for(_wait_for_help_contacts(Drain.manual()), 10))
