"""Whole words in their forms, phrases, patterns; and how long it takes."""

import time

import pytest

from sales.matching import first_of, holds, search


@pytest.mark.parametrize(
    ("text", "phrase", "found"),
    [
        ("начинается новый день", "но", False),
        ("хочу, но боюсь", "но", True),
        ("Какие у вас цены?", "цена", True),
        ("С этой ценой согласна", "цена", True),
        ("оценка ценности", "цена", False),
        ("А сколько это стоит", "сколько стоит", False),
        ("Сколько стоило участие", "сколько стоит", True),
        ("Тяжело после развода", "развод", True),
        ("Ещё раз", "еще", True),
        ("the prices are high", "prices", True),
        ("для меня", "длить", False),
        ("", "цена", False),
        ("цена", "!", False),
    ],
)
def test_words_match_whole_and_in_their_forms(text: str, phrase: str, found: bool) -> None:
    assert holds(text, phrase) is found


def test_the_first_phrase_that_fits_is_named() -> None:
    assert first_of("Это дорого, есть ли рассрочка", ["скидка", "рассрочка", "дорого"]) == "рассрочка"
    assert first_of("Спасибо", ["скидка"]) is None


def test_patterns_ignore_the_case_and_look_at_the_beginning() -> None:
    assert search(r"сколько.*сто[ия]т", "СКОЛЬКО это будет стоит") == "СКОЛЬКО это будет стоит"
    assert search("конец", "а" * 600 + "конец") is None


def test_a_long_message_and_many_words_take_little_time() -> None:
    message = "Здравствуйте, расскажите пожалуйста сколько стоит участие и когда начало " * 6
    wanted = [f"слово{number}" for number in range(200)]
    first_of(message, wanted)
    began = time.process_time()
    for _ in range(10):
        first_of(message, wanted)
    assert (time.process_time() - began) / 10 < 0.05
