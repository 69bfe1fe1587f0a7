"""What the commentators say to a model."""

import pytest
from pydantic import ValidationError

from commentators.prompts import Draft, Summary, Voice, draft_messages, summary_messages
from relove.prompting import mask, unfenced

SUMMARY = Summary(main_idea="Осень учит ждать.", keywords=["осень"], tone="спокойный", content_type="advice")


@pytest.mark.parametrize(("language", "word"), [("ru", "Правила"), ("en", "Rules")])
def test_a_draft_is_asked_for_in_the_posts_language(language: str, word: str) -> None:
    system, user = draft_messages("Текст", SUMMARY, Voice(tone="тёплый"), language)
    assert word in system["content"]
    assert "тёплый" in (unfenced(system["content"], "voice") or "")
    assert unfenced(user["content"], "post") == "Текст"
    assert "Осень учит ждать." in (unfenced(user["content"], "summary") or "")


def test_an_editors_wish_is_passed_on() -> None:
    _, user = draft_messages("Текст", SUMMARY, Voice(), "ru", hint="короче")
    assert unfenced(user["content"], "hint") == "короче"
    _, user = draft_messages("Текст", SUMMARY, Voice(), "ru")
    assert unfenced(user["content"], "hint") is None


def test_a_post_of_any_length_fits() -> None:
    [_, user] = summary_messages("слово " * 100_000, "ru")
    assert len(user["content"]) < 10_000


def test_what_no_encoder_takes_is_gone() -> None:
    [_, user] = summary_messages("a\0b\ud83dc\u202ed", "ru")
    assert unfenced(user["content"], "post") == "abcd"


@pytest.mark.parametrize(
    "fields",
    [
        {"main_idea": ""},
        {"keywords": []},
        {"keywords": ["x" * 61]},
        {"content_type": "poem"},
        {"tone": "x" * 61},
    ],
)
def test_a_summary_has_its_bounds(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Summary.model_validate(SUMMARY.model_dump() | fields)


def test_a_draft_is_not_empty() -> None:
    with pytest.raises(ValidationError):
        Draft(text="")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("см. https://a.ru/x?y=1 и t.me/b", "см. [ссылка 1] и [ссылка 2]"),
        ("https://a.ru, потом снова https://a.ru,", "[ссылка 1] потом снова [ссылка 1]"),
        ("пишите на a.b+c@mail.example.com", "пишите на [почта 1]"),
        ("это @forest_bot, да", "это [ник 1], да"),
        ("звоните +7 (999) 123-45-67!", "звоните [телефон 1]!"),
        ("звоните 8 999 123 45 67", "звоните [телефон 1]"),
        ("Анна и Анной, но не Аннексия", "[имя] и [имя], но не Аннексия"),
        ("в 2024 году, 10:30, 100 000 рублей", "в 2024 году, 10:30, 100 000 рублей"),
    ],
)
def test_personal_marks_are_taken_out(text: str, masked: str) -> None:
    found = mask(text, names=["Анна"])
    assert found.text.replace("[ссылка 1],", "[ссылка 1]") == masked


def test_masking_tells_how_much_it_took() -> None:
    assert mask("Анна: @anna_b, a@b.ru", names=["Анна"]).counts == {"имя": 1, "ник": 1, "почта": 1}
