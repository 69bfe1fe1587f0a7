"""A change of a long text is shown at the place where the texts part."""

from typing import Any

import pytest

from sales.difference import difference
from sales.document import Script
from tests.sales.conftest import document

LONG = "Вам может подойти программа «Путь Героя»: 3 месяца, встречи группы раз в неделю. Стоимость {} в месяц."


def said(old: str, new: str, **more: Any) -> str:
    scripts = [Script.model_validate(document(text, **more)) for text in (old, new)]
    return " ".join(change.text for change in difference(*scripts))


@pytest.mark.parametrize(
    ("old", "new"), [("4 900 ₽", "5 900 ₽"), ("4 900 ₽", "по запросу"), ("сто", "сто один рубль")]
)
def test_both_sides_of_a_long_text_are_told_apart(old: str, new: str) -> None:
    words = said(LONG.format(old), LONG.format(new))
    assert f"{old} в месяц" in words
    assert f"{new} в месяц" in words
    assert "Вам может" not in words


def test_short_texts_are_shown_whole() -> None:
    words = said("Здравствуйте, Анна", "Здравствуйте, Ольга")
    assert words.count("Здравствуйте, ") == 2
