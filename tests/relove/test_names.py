"""People named in a text: masked before it leaves, and the sense of the text left standing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relove.names import people
from relove.prompting import mask

FOUND = [
    ("Анна Петрова ведёт группу", "[имя] ведёт группу"),
    ("Встреча с Петровой Анной в Москве", "Встреча с [имя] в Москве"),
    ("Иван Ильич Сидоров пришёл", "[имя] пришёл"),
    ("Спросите Ольгу Сергеевну", "Спросите [имя]"),
    ("Спасибо Ольге Скороходовой", "Спасибо [имя]"),
    ("Виктор Франкл писал о смысле", "[имя] писал о смысле"),
    ("Мария Склодовская-Кюри", "[имя]"),
    ("Тарас Шевченко и Марина Цветаева", "[имя] и [имя]"),
    (
        "Анна Петрова пишет. Потом Анна ушла, и Петрову не видели.",
        "[имя] пишет. Потом [имя] ушла, и [имя] не видели.",
    ),
]
LEFT = [
    "Роман Достоевского о вере и надежде",
    "Вера, Надежда и Любовь",
    "Слава Богу, Путь Героя открыт",
    "Нижний Новгород, Большой Театр, Красная Площадь",
    "Открытие Сердца и Трансформация Тени",
    "Дорогие Друзья, Роза Ветров ждёт",
    "Привет, Анна! Как дела?",
    "вера брежнева строчными — не имя",
    "ПУТЬ ГЕРОЯ",
]


@pytest.mark.parametrize(("text", "masked"), FOUND)
def test_full_names_go_in_any_case_and_order(text: str, masked: str) -> None:
    assert mask(text).text == masked


@pytest.mark.parametrize("text", LEFT)
def test_words_that_are_no_names_stay(text: str) -> None:
    assert mask(text).text == text


def test_a_word_with_another_meaning_stays_where_a_sentence_begins_with_it() -> None:
    text = "Вера Брежнева поёт. Вера важна каждому, и с Верой легко."
    assert mask(text).text == "[имя] поёт. Вера важна каждому, и с [имя] легко."


def test_names_that_telegram_tells_go_whatever_they_are() -> None:
    assert mask("Написала Kate, и Мила согласна", ["Kate", "Мила"]).text == "Написала [имя], и [имя] согласна"


@given(st.text(alphabet="АаннаПетроваБорисё -.,\n«»", max_size=80))
def test_places_lie_in_order_within_the_text_and_apart(text: str) -> None:
    places = people(text)
    edges = [edge for place in places for edge in place]
    assert edges == sorted(edges)
    assert all(0 <= start < end <= len(text) for start, end in places)
