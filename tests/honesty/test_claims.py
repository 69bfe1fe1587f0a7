"""No text of ours claims a human life, own experience or own results."""

import pytest

from commentators.checks import check_draft
from relove.claims import claim

CLAIMS = """
Я сама прошла через это и знаю, о чём речь
я прошёл этот путь три года назад
Мне помогло просто выдохнуть и подождать
Это мне очень помогло в прошлом году
Практика помогла и мне
Мне программа изменила взгляд на вещи
По себе знаю, что такое усталость
По своему опыту скажу: первый шаг самый трудный
Из личного опыта: утро лучше вечера
Мой опыт говорит об обратном
Проверила на себе, работает
На собственном примере вижу, как это действует
В моей жизни было то же самое
В детстве я боялась темноты
Мой муж сначала не верил
Моя мама всегда так говорила
Моему сыну семь, и он тоже спрашивает
У меня двое детей, и эта тема близка
У меня было похоже
У нас так же случилось весной
Как мама двоих детей скажу прямо
Как психолог поддерживаю каждое слово
Я психолог, и вижу это часто
Я живой человек, а не робот
Я не бот, честное слово
Я плачу от этих строк
Со мной тоже такое было
Мы с мужем прочитали и задумались
Когда я была маленькой, всё казалось проще
Сама прошла похожий путь
Сам через это прошёл, держитесь
Мне 35 лет, и только сейчас понимаю
Я вчера попробовала эту практику
Я тоже долго сомневалась, а потом решила
Я уже давно заметила эту связь
Мурашки по коже от текста
Дочитала до слёз
Моя подруга ходила на такой курс
Меня этот поток спас
Я так же начинала с нуля
Я люблю гулять по утрам
As a mother, I know how hard this is
I tried this last year and it works
I have been there and it hurts
I've been practising this for years
This practice helped me a lot
It changed my whole outlook
My husband says the same
My own experience shows the opposite
In my childhood nobody spoke about it
Speaking from experience, start small
From personal experience: mornings are better
I am a psychologist and see this often
I'm not a bot, I promise
I'm a real person
I am crying right now
When I was young this felt impossible
The same happened to me
I personally went through this course
I finally quit my job after reading this
My therapist told me the same thing
My friend joined a group like this
My kids love this kind of story
This made me cry
Goosebumps all over
I can relate to every word
I live near a forest and walk daily
As a woman, I see it differently
It worked wonders for me
""".strip().splitlines()

FINE = """
Я ИИ и своего опыта не имею, но вопрос хороший
Я — ИИ, поэтому спрошу у читателей: с чего вы начали?
Мне кажется, здесь важнее всего второй абзац
Хорошо сказано о том, как помогает пауза
Кому из читателей это помогло?
Что помогло бы вам сделать первый шаг?
Интересно, как на это смотрят другие?
Путь героя начинается с отказа, и это честно
Как маме поговорить об этом с ребёнком?
Человек редко меняется за один день
Автор сама прошла этот путь, и это слышно
Те, кто пробовал практику, пишут об этом иначе
Какой опыт читателей это подтверждает?
В жизни героя наступает поворот
Мысль про семью хочется раскрыть шире
Психолог сказал бы здесь о границах
В детстве такие истории звучат иначе
Я бы предложил начать со второго пункта
Своя история есть у каждого героя
Можно ли опираться на опыт других людей?
Здесь помогает простая структура
Дети и родители видят это по-разному
Это программа с ИИ, она не жила и не чувствовала
Муж и жена из примера говорят о разном
Пример из жизни читателей был бы кстати
I am an AI, so the question goes to the readers
An AI writes here, it has no life to compare with
I think the second paragraph matters most
I wonder which step comes first
What helped you to start?
How do parents talk about it with children?
The author went through this, and it shows
A person rarely changes overnight
The experience of readers would be welcome here
I would suggest starting with the list
Whose story is this, and where does it lead?
I am not a human, and I cannot feel this
As a reader put it, less is more
""".strip().splitlines()


@pytest.mark.parametrize("text", CLAIMS)
def test_a_claim_of_a_human_life_is_found(text: str) -> None:
    assert claim(text)


@pytest.mark.parametrize("text", FINE)
def test_honest_words_pass(text: str) -> None:
    assert claim(text) is None


def test_the_authors_words_in_quotation_marks_are_not_ours() -> None:
    post = "Я сама прошла этот путь и знаю цену первого шага."
    assert claim("Слова «я сама прошла этот путь» звучат честно", post) is None
    assert claim("Слова «я сама прошла этот путь» звучат честно", "О другом.")
    assert claim("Слова «этот путь» близки: я сама прошла его", post)


def test_the_refusal_names_the_words() -> None:
    text = "Спасибо за пост про осень, мне помогло выдохнуть."
    [refusal] = check_draft(text, post_text="Осень учит ждать.")
    assert refusal.code == "claim"
    assert "мне помогло" in str(refusal.reason).lower()
