"""The engine: triggers, steps, what is asked and learnt, limits, script or free, silence; each with its reason."""

from typing import Any

import pytest

from sales.document import Script
from sales.player import Decision, Progress, play, remind
from sales.strategy import Analysis, Strategy

SCRIPT = {
    "steps": [
        {
            "key": "hello",
            "stage": "знакомство",
            "lines": [{"variants": ["Здравствуйте, {name}!", "Здравствуйте!"]}],
            "ask": [{"remember": "pain", "question": "Что сейчас важно?"}],
            "transitions": [{"intent": "agreement", "to": "offer"}],
            "max_turns": 3,
        },
        {
            "key": "offer",
            "stage": "предложение",
            "lines": [{"variants": ["Поток «Путь Героя» стоит 12 000 ₽."]}],
            "transitions": [{"intent": "agreement", "to": "close"}, {"intent": "refusal", "action": "hand_over"}],
        },
        {"key": "close", "stage": "закрытие", "lines": [{"variants": ["Записываю вас."]}], "action": "hand_over"},
    ],
    "triggers": [
        {
            "key": "price",
            "kind": "words",
            "words": ["цена", "сколько стоит"],
            "to": "offer",
            "when": {"max_times": 1},
        },
        {"key": "angry", "kind": "regex", "pattern": "жалоб|суд", "action": "hand_over", "priority": 90},
        {"key": "quiet", "kind": "silence", "hours": 24, "to": "hello"},
        {"key": "silent", "kind": "silence", "hours": 72, "to": "offer"},
    ],
    "responses": [
        {"key": "where", "question": "Где?", "words": ["где проходить"], "lines": [{"variants": ["В Телеграме."]}]}
    ],
    "hints": ["Говорите мягко.", "Помните о боли: {pain}."],
}


@pytest.fixture(scope="module")
def script() -> Script:
    return Script.model_validate(SCRIPT)


def analysis(intent: str = "other", score: float = 0.9) -> Analysis:
    values: Any = {"summary": "", "intent": intent, "tone": "", "emotions": [], "reason": "", "crisis": False}
    return Analysis(script_fit_score=score, **values)


def at(step: str, **fields: Any) -> Progress:
    return Progress(step=step, **fields)


def test_a_dialogue_begins_with_the_first_step_and_its_question(script: Script) -> None:
    told = play(script, Progress(knows={"name": "Лена"}), "Привет", analysis())
    assert (told.strategy, told.step, told.line) == (
        Strategy.SCRIPT,
        "hello",
        "Здравствуйте, {name}!\nЧто сейчас важно?",
    )
    assert told.progress.asked == "pain"
    assert play(script, Progress(), "Привет", analysis()).line.startswith("Здравствуйте!")


def test_the_answer_to_a_question_is_learnt_and_the_intent_leads_on(script: Script) -> None:
    told = play(script, at("hello", asked="pain"), "Хочу понять себя", analysis("agreement"))
    assert (told.learnt, told.step) == ({"pain": "Хочу понять себя"}, "offer")
    assert told.progress.knows == {"pain": "Хочу понять себя"}
    assert "agreement" in told.why
    assert "0,90" in told.why
    assert play(script, at("hello", asked="pain"), "А вы кто?", analysis()).learnt == {}


def test_a_trigger_fires_by_words_and_no_more_than_it_may(script: Script) -> None:
    told = play(script, at("hello"), "Какие цены?", analysis())
    assert (told.trigger, told.step, told.progress.fired) == ("price", "offer", {"price": 1})
    again = play(script, told.progress, "Цена какая?", analysis())
    assert again.trigger == ""


def test_an_action_is_done_whatever_the_script_fits(script: Script) -> None:
    told = play(script, at("hello"), "Пойду в суд, какая цена", analysis(score=0.1))
    assert (told.trigger, told.hand_over, told.strategy, told.line) == ("angry", True, None, "")


def test_at_the_threshold_the_reply_is_free_with_hints_that_can_be_said(script: Script) -> None:
    told = play(script, at("hello"), "А вы читали Юнга?", analysis(score=0.7))
    assert (told.strategy, told.step, told.line, told.hints) == (Strategy.FREE, "hello", "", ("Говорите мягко.",))
    assert (told.score, told.threshold) == (0.7, 0.7)
    assert play(script, at("hello"), "Привет", analysis(score=0.71)).strategy is Strategy.SCRIPT


def test_without_an_analysis_a_person_decides(script: Script) -> None:
    told = play(script, at("hello"), "Привет", None)
    assert told.hand_over
    assert told.strategy is None
    assert told.why


def test_a_frequent_question_is_answered_in_place(script: Script) -> None:
    told = play(script, at("offer"), "А где проходят встречи?", analysis())
    assert (told.response, told.step, told.line, told.progress.turns) == ("where", "offer", "В Телеграме.", 1)


def test_a_step_answers_as_often_as_it_may_and_then_a_person_does(script: Script) -> None:
    progress = at("hello", knows={"pain": "развод"})
    told = [Decision(progress, "")]
    for _ in range(4):
        told.append(play(script, told[-1].progress, "Не знаю", analysis()))
    assert [each.hand_over for each in told] == [False, False, False, False, True]
    assert told[1].strategy is Strategy.FREE
    assert told[1].hints[1] == "Помните о боли: развод."


def test_a_step_that_ends_with_a_person_is_said_first(script: Script) -> None:
    told = play(script, at("offer"), "Да", analysis("agreement"))
    assert (told.line, told.hand_over, told.action) == ("Записываю вас.", True, "hand_over")
    assert play(script, at("offer"), "Нет", analysis("refusal")).hand_over


def test_a_line_that_cannot_be_filled_is_left_to_a_person() -> None:
    step = {"key": "a", "lines": [{"variants": ["О боли {pain}"]}], "ask": [{"remember": "pain", "question": "?"}]}
    told = play(Script.model_validate({"steps": [step]}), Progress(), "Привет", analysis())
    assert told.line == "?"
    spare = Script.model_validate({"steps": [{**step, "ask": []}]})
    assert play(spare, Progress(), "Привет", analysis()).hand_over


def test_silence_is_answered_twice_at_most(script: Script) -> None:
    progress = at("offer")
    assert remind(script, progress, 23) is None
    first = remind(script, progress, 25)
    assert first is not None
    assert (first.trigger, first.progress.reminders) == ("quiet", 1)
    second = remind(script, first.progress, 100)
    assert second is not None
    assert (second.trigger, second.progress.reminders) == ("silent", 2)
    assert remind(script, second.progress, 500) is None
    answered = play(script, second.progress, "Я тут", analysis())
    assert answered.progress.reminders == 0


def test_a_stage_that_is_reached_fires_its_trigger() -> None:
    document = {
        "steps": [
            {
                "key": "a",
                "stage": "1",
                "lines": [{"variants": ["Раз."]}],
                "transitions": [{"intent": "on", "to": "b"}],
            },
            {"key": "b", "stage": "2", "lines": [{"variants": ["Два."]}]},
        ],
        "triggers": [{"key": "reached", "kind": "stage", "stage": "2", "action": "hand_over"}],
    }
    told = play(Script.model_validate(document), at("a"), "Дальше", analysis("on"))
    assert (told.trigger, told.line, told.hand_over) == ("reached", "Два.", True)


def test_progress_survives_json(script: Script) -> None:
    told = play(script, at("hello", asked="pain"), "Хочу понять себя", analysis("agreement"))
    assert Progress.of(told.progress.as_json()) == told.progress
