"""Prices, dates, links and names: found in every way of writing, kept by an adapted line, never invented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales.facts import Fact, changed, facts, foreign

PROGRAMMES = ("Путь Героя", "Трансформация Тени")


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("стоит 12 000 ₽", "price", "12000 rub"),
        ("12 тысяч рублей", "price", "12000 rub"),
        ("12 000 руб.", "price", "12000 rub"),
        ("12,5 тыс. р.", "price", "12500 rub"),
        ("$100 в месяц", "price", "100 usd"),
        ("99.90 евро", "price", "99.9 eur"),
        ("скидка 50%", "percent", "50"),
        ("это бесплатно", "offer", "бесплатн"),
        ("длится 3 месяца", "number", "3"),
        ("длится три месяца", "number", "три"),
        ("старт 15 марта", "date", "15.3"),
        ("старт 15.03", "date", "15.3"),
        ("старт 15.03.2026", "date", "15.3.2026"),
        ("начнём в марте", "date", "m3"),
        ("по средам", "date", "сред"),
        ("в 19:00", "time", "19:00"),
        ("сайт https://relove.ru/put.", "ссылка", "relove.ru/put"),
        ("тел. +7 999 123-45-67", "телефон", "79991234567"),
        ("идёт Трансформации Тени поток", "name", "Трансформация Тени"),
        ("ведёт Марина", "name", "Марина"),
        ("Здравствуйте, {name}", "mark", "name"),
    ],
)
def test_a_fact_is_found(text: str, kind: str, value: str) -> None:
    assert Fact(kind, value) in facts(text, PROGRAMMES)


@pytest.mark.parametrize(
    "text", ["Здравствуйте! Что сейчас болит?", "Может быть, вам важно время?", "Я рядом, Вы не одни"]
)
def test_words_alone_are_no_facts(text: str) -> None:
    assert facts(text, PROGRAMMES) == frozenset()


LINE = "«Путь Героя» стоит 12 000 ₽, старт 15 марта в 19:00, подробнее: https://relove.ru/put. Ведёт Анна."


@pytest.mark.parametrize(
    "adapted",
    [
        LINE,
        f"Понимаю вас. {LINE}",
        "Анна ведёт «Путь Героя»: 12 тысяч рублей, начинаем 15.03 в 19:00, всё здесь: relove.ru/put",
    ],
)
def test_another_wording_of_the_same_facts_passes(adapted: str) -> None:
    assert changed(LINE, adapted, PROGRAMMES) == []


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("12 500 ₽", "12 000 ₽"),
        ("12 000 $", "12 000 ₽"),
        ("16 марта", "15 марта"),
        ("в 20:00", "в 19:00"),
        ("relove.ru/drugoe", "relove.ru/put"),
        ("«Трансформация Тени»", "«Путь Героя»"),
        ("Ведёт Марина", "Ведёт Анна"),
        ("", ", старт 15 марта в 19:00"),
        ("Ведёт Анна. Скидка 50%", "Ведёт Анна"),
        ("Ведёт Анна. Это бесплатно", "Ведёт Анна"),
    ],
)
def test_a_changed_lost_or_new_fact_is_seen(wrong: str, right: str) -> None:
    assert right in LINE
    assert changed(LINE, LINE.replace(right, wrong), PROGRAMMES)


def test_a_free_reply_takes_its_facts_from_the_script_or_the_client() -> None:
    script = ["Поток стоит 12 000 ₽"]
    assert foreign("Да, 12 тысяч рублей", [*script, "А сколько?"]) == []
    assert foreign("Да, у вас 8 лет опыта", [*script, "У меня 8 лет опыта"]) == []
    assert foreign("Для вас 9 000 ₽", [*script, "Дорого"]) == [Fact("price", "9000 rub")]


@given(st.integers(1, 10**7), st.sampled_from(("₽", "рублей", "руб.")), st.sampled_from((" ", " ", "")))
def test_a_price_is_the_same_however_it_is_written(amount: int, word: str, space: str) -> None:
    written = f"{amount:,}".replace(",", space)
    assert Fact("price", f"{float(amount):.10g} rub") in facts(f"Стоит {written} {word}")


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_has_facts_and_none_against_itself(line: str, other: str) -> None:
    assert changed(line, line) == []
    assert {*foreign(other, [line]), *foreign(line, [other])} == set(changed(line, other))
