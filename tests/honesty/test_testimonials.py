"""A practice partner is an AI: no client, no results, no testimonials, whoever writes for it."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from education import services
from education.models import EducationGroup
from relove.claims import claim
from relove.models import Staff
from relove.testimonials import praise
from sales.replies import why_not
from sales.strategy import Said
from tests.education.test_scenario import document, problems, scenario
from tests.honesty.test_study_groups import group as group

CLAIMS = [
    "Я тоже клиент этой программы",
    "Я клиентка reLove уже полгода",
    "Я ученица Анны",
    "Я участница прошлого потока",
    "Я участник этой группы, такой же, как и вы",
    "Как участница программы скажу: стоит попробовать",
    "Как клиент могу сказать, что это работает",
    "Я прохожу эту программу второй раз",
    "Я сейчас прохожу третий поток",
    "Мы с вами в одной лодке, я тоже здесь учусь",
    "Я здесь учусь, как и вы",
    "Мы, ученики, все так начинали",
    "Мы все здесь клиенты",
    "Я такой же ученик, как вы",
    "Я записалась на программу весной",
    "Эта программа изменила мою жизнь",
    "Программа мне очень помогла",
    "После программы у меня всё наладилось",
    "После этого потока я наконец нашла себя",
    "За три месяца я добилась результата",
    "Мои результаты за месяц просто отличные",
    "У меня получилось с первого раза",
    "Мне это помогло, и вам поможет",
    "Всем советую эту программу",
    "Рекомендую программу каждому",
    "Отличная программа, не пожалеете",
    "Лучшее, что со мной было",
    "Спасибо программе, теперь я сплю спокойно",
    "Благодаря программе я уволилась",
    "Мои подруги тоже прошли и довольны",
    "Моя знакомая прошла поток и вышла замуж",
    "Одна участница после программы нашла работу мечты",
    "Многие наши ученики уже нашли себя",
    "У всех наших учеников получилось",
    "Девяносто процентов участников довольны",
    "Я заплатила за программу и не жалею",
    "Деньги окупились за месяц",
    "Ставлю пять звёзд",
    "Я, как и вы, пришёл сюда за ответами",
    "Тоже пришла сюда с тревогой",
    "Сомневалась, но теперь рада, что решилась",
    "Я была скептиком, а потом поверила",
    "I am a client here too",
    "I'm a student of this programme like you",
    "As a participant I can say it works",
    "I have been in this group for a month",
    "This programme changed my life",
    "I got great results in a month",
    "I highly recommend this programme",
    "Best decision ever",
    "We are all clients here",
    "I'm taking this course too",
    "My friends loved it",
    "One participant found her dream job after it",
    "Everyone who joined was happy",
    "I signed up last spring",
    "Thanks to the programme I sleep well",
    "It was worth every penny",
]
HONEST = [
    "Я партнёр по практике, программа с ИИ. Можно уточнить, сколько времени займёт первое задание?",
    "Давайте разделим задание на два шага и начнём с первого",
    "Можно спросить ещё про задание?",
    "Ведущий предлагает начать с мелочи, начнём с неё?",
    "Попробуйте написать одну фразу о том, чего вы хотите",
    "Мне как программе трудно судить, но вопрос кажется важным",
    "Участники этой группы могут писать в любое время",
    "В задании просят выбрать одно дело",
    "Я партнёр по практике и не клиент",
    "Советую перечитать задание",
    "Я помогаю участникам держаться задания",
    "I am an AI practice partner. Shall we split the task?",
    "The participants may write any time",
    "Спасибо, что поделились",
    "Как участник группы вы можете писать в любое время",
    "Вы пришли сюда с вопросом, и это хорошо",
    "Наши встречи идут раз в неделю, участники сами выбирают темп",
    "Кто-то хочет добавить к заданию?",
    "Я здесь, чтобы помочь вернуться к заданию",
    "Практика помогает заметить, чего хочется",
    "Первый шаг может быть совсем маленьким",
    "Если участник пропустил день, ничего страшного",
    "Расскажите, что получилось, а что нет",
    "You may write any time, participants answer when they like",
    "Программа «Путь Героя» длится три месяца",
]


@pytest.mark.parametrize("text", CLAIMS)
def test_no_line_of_the_model_says_so(text: str) -> None:
    assert claim(text) or praise(text)
    assert why_not(scenario(), text, Said("")) != []


@pytest.mark.parametrize("text", HONEST)
def test_what_a_partner_may_say_is_let_through(text: str) -> None:
    assert claim(text) is None
    assert praise(text) is None


def test_no_scenario_says_so() -> None:
    data = document()
    data["scenes"][0]["lines"][1]["text"] = "Я тоже участница, всем советую эту программу"
    assert "scenes[0].lines[1].text" in problems(data)


@pytest.mark.django_db
def test_no_person_says_so_in_a_partners_name(group: EducationGroup) -> None:
    staff, now = Staff.objects.create_user("anna"), timezone.now()
    with pytest.raises(ValidationError, match=r"ИИ|AI"):
        services.say(group.pk, "спрашивает", "Одна участница после программы нашла работу", staff, now)
    services.say(group.pk, "host", "Добрый день", staff, now)
