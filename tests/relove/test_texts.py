"""Fixed texts by key and language, and the source an app may register."""

from collections.abc import Iterator

import pytest

from relove import texts
from relove.checkup import Trouble, check_texts

VALUES = {
    "months": 24,
    "provider": "reLove",
    "psychotype": "x",
    "traits": "x",
    "stage": "x",
    "state": "x",
    "line": "x",
    "strengths": "x",
    "challenges": "x",
    "steps": "x",
    "stream": "x",
    "reason": "x",
    "answer_language": "русский",
    "limit": "600",
    "host": "reLove",
    "client": "Ольга",
    "partners": "Марина",
    "title": "Практика",
    "owner": "Школа Рассвет",
    "privacy": "ссылка",
    "contacts": "телефон доверия",
    "link": "ссылка",
    "name": "Анна",
    "subject": "встреча в среду",
}


@pytest.fixture
def source() -> Iterator[dict[tuple[str, str], str]]:
    known: dict[tuple[str, str], str] = {}

    def registered(key: str, language: str) -> str | None:
        return known.get((key, language))

    texts.register(registered)
    yield known
    texts.unregister(registered)


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("key", texts.RULES)
def test_every_text_is_there_and_fits_its_own_rule(key: str, language: str) -> None:
    texts.check_text(key, texts.DEFAULTS[language][key])
    filled = texts.get(key, language, **VALUES)
    assert "{" not in filled
    assert len(filled) <= texts.RULES[key].limit


def test_both_languages_know_the_same_keys() -> None:
    assert texts.DEFAULTS["ru"].keys() == texts.DEFAULTS["en"].keys() == texts.RULES.keys()


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(texts.UnknownText):
        texts.get("nothing.such", "ru")
    with pytest.raises(texts.UnknownText):
        texts.check_text("nothing.such", "text")


def test_the_disclosure_fits_a_bio() -> None:
    assert len(texts.get("disclosure.profile", "ru", owner="Школа Рассвет")) <= 70
    with pytest.raises(texts.TextError, match="70"):
        texts.get("disclosure.profile", "ru", owner="О" * 60)


def test_the_stop_names_the_way_back() -> None:
    assert "старт" in texts.get("stop.confirmation", "ru")
    assert "старт" in texts.get("stop.confirmation", "en")
    with pytest.raises(texts.TextError, match="старт"):
        texts.check_text("stop.confirmation", "Больше не напишем.")


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(texts.TextError, match="owner"):
        texts.get("bot.question", "ru")


def test_values_are_not_read_as_marks() -> None:
    assert "{owner}" in texts.get("welcome", "ru", name="{owner}", owner="Школа")


def test_another_language_gets_russian() -> None:
    assert texts.get("stop.confirmation", "de") == texts.get("stop.confirmation", "ru")
    assert texts.get("stop.confirmation", "en-GB") == texts.get("stop.confirmation", "en")


def test_a_source_comes_before_the_kernel(source: dict[tuple[str, str], str]) -> None:
    source["stop.confirmation", "ru"] = "Хорошо. Слово для возвращения: старт."
    assert texts.get("stop.confirmation", "ru") == "Хорошо. Слово для возвращения: старт."
    assert texts.get("stop.confirmation", "en") == texts.DEFAULTS["en"]["stop.confirmation"]


def test_a_sources_text_that_breaks_its_rule_gives_way_to_the_kernels_and_is_named(
    source: dict[tuple[str, str], str],
) -> None:
    source["bot.question", "ru"] = "Нет, я человек."
    source["stop.confirmation", "ru"] = "Хорошо. Слово для возвращения: старт."
    said = texts.get("bot.question", "ru", owner="Школа")
    assert said == texts.DEFAULTS["ru"]["bot.question"].replace("{owner}", "Школа")
    (reason,) = texts.misfits()
    assert reason.startswith("ru: ")
    assert "bot.question" in reason
    with pytest.raises(Trouble, match=r"bot\.question"):
        check_texts()
    source["bot.question", "ru"] = "Это ИИ, аккаунт ведёт {owner}."
    assert texts.misfits() == []


@pytest.mark.parametrize(
    "text",
    [
        "Без пометки",
        "Аккаунт ведёт {owner}",
        "Мне помогает ИИ",
        "ИИ, {owner}, {secret}",
        "ИИ {owner} " + "о" * 70,
    ],
)
def test_a_disclosure_without_its_parts_is_refused(text: str) -> None:
    with pytest.raises(texts.TextError):
        texts.check_text("disclosure.profile", text)
