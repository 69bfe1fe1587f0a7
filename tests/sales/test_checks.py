"""What is found in a script besides its shape: every case once as it should be, and once wrong."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils.translation import override
from pydantic import ValidationError

from sales import actions
from sales.checks import check, reachable
from sales.document import Script
from sales.parts import fill, first_filled, placeholders
from sales.patterns import check_pattern


def step(key: str, *leads: str, **more: Any) -> dict[str, Any]:
    transitions = [{"intent": f"i{n}", "to": to} for n, to in enumerate(leads)]
    return {"key": key, "lines": [{"variants": ["Текст"]}], "transitions": transitions, **more}


def words(key: str, *said: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": "words", "words": list(said), "to": "a", **more}


def found(steps: list[Any], triggers: list[Any] | None = None, **more: Any) -> list[tuple[str, bool]]:
    script = Script.model_validate({"steps": steps, "triggers": triggers or [], **more})
    return [(problem.place, problem.is_warning) for problem in check(script)]


def test_a_script_that_leads_to_an_end_has_no_problems() -> None:
    assert found([step("a", "b"), step("b")], [words("price", "цена")]) == []


@pytest.mark.parametrize(
    ("steps", "triggers", "place"),
    [
        ([step("a", "c")], [], "steps[0].transitions[0].to"),
        ([step("a", max_turns=2, after_limit={"to": "c"})], [], "steps[0].after_limit.to"),
        ([step("a")], [words("t", "цена", to="c")], "triggers[0].to"),
        ([step("a", action="fly")], [], "steps[0].action"),
        ([step("a")], [words("t", "цена", to=None, action="fly")], "triggers[0].action"),
        ([step("a")], [words("t", "цена", when={"steps": ["c"]})], "triggers[0].when.steps[0]"),
        ([step("a")], [words("t", "цена", when={"knows": ["pain"]})], "triggers[0].when.knows[0]"),
        ([step("a")], [words("t", "цена", when={"stages": ["закрытие"]})], "triggers[0].when.stages[0]"),
        ([step("a")], [{"key": "t", "kind": "stage", "stage": "закрытие", "to": "a"}], "triggers[0].stage"),
        ([step("a", lines=[{"variants": ["{pain}"]}])], [], "steps[0].lines[0].variants[0]"),
        ([step("a"), step("a")], [], "steps[1].key"),
        ([step("a")], [words("t", "цена"), words("t", "срок")], "triggers[1].key"),
    ],
)
def test_a_name_that_leads_nowhere_is_a_mistake(steps: list[Any], triggers: list[Any], place: str) -> None:
    assert (place, False) in found(steps, triggers)


def test_a_step_nobody_leads_to_is_a_warning() -> None:
    assert found([step("a"), step("b", "c"), step("c")]) == [("steps[1].key", True), ("steps[2].key", True)]
    assert found([step("a"), step("b", "c"), step("c")], [words("t", "цена", to="b")]) == []


def test_a_trigger_of_an_unreachable_step_leads_nowhere_either() -> None:
    script = Script.model_validate(
        {"steps": [step("a"), step("b"), step("c")], "triggers": [words("t", "да", to="c", when={"steps": ["b"]})]}
    )
    assert reachable(script) == {"a"}


def test_a_loop_needs_a_way_out() -> None:
    assert found([step("a", "b"), step("b", "a")]) == [("steps[0].key", False), ("steps[1].key", False)]
    assert found([step("a", "a")]) == [("steps[0].key", False)]
    assert found([step("a", "b"), step("b", "a", max_turns=3)]) == []
    assert found([step("a", "b"), step("b", "a", "c"), step("c")]) == []
    # a limit that leads back into the loop is no way out
    assert len(found([step("a", "b"), step("b", "a", max_turns=3, after_limit={"to": "a"})])) == 2


def test_triggers_for_one_word_overlap_unless_something_parts_them() -> None:
    one, two = words("one", "цена", "срок"), words("two", "Цены")
    assert found([step("a")], [one, two]) == [("triggers[1]", True)]
    assert found([step("a")], [one, {**two, "priority": 60}]) == []
    stages = [step("a", "b", stage="начало"), step("b", stage="конец")]
    parted = [{**one, "when": {"stages": ["начало"]}}, {**two, "when": {"stages": ["конец"]}}]
    assert found(stages, parted) == []
    asked = [step("a", ask=[{"remember": "pain", "question": "Что?"}])]
    assert found(asked, [{**one, "when": {"knows": ["pain"]}}, {**two, "when": {"lacks": ["pain"]}}]) == []
    silence = {"kind": "silence", "hours": 4, "to": "a"}
    assert found([step("a")], [{"key": "x", **silence}, {"key": "y", **silence}]) == [("triggers[1]", True)]


def test_an_action_of_another_app_is_known_once_registered() -> None:
    assert found([step("a", action="sing")]) == [("steps[0].action", False)]
    actions.register(actions.Action("sing", "sing"))
    try:
        assert found([step("a", action="sing")]) == []
    finally:
        del actions._actions["sing"]


@pytest.fixture
def _english() -> Iterator[None]:
    with override("en"):
        yield


@pytest.mark.usefixtures("_english")
@pytest.mark.parametrize("target", [{}, {"to": "a", "action": "hand_over"}])
def test_a_target_is_a_step_or_an_action(target: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="exactly one"):
        Script.model_validate({"steps": [step("a")], "triggers": [{**words("t", "да"), "to": None, **target}]})


@pytest.mark.parametrize("text", ["а\x00", "а\ud800", "а\u202eб", " ", ""])
def test_a_text_nobody_can_read_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Script.model_validate({"steps": [step("a", lines=[{"variants": [text]}])]})


@pytest.mark.parametrize("pattern", [r"цен\w+", r"(\d+)\s?руб", r"сколько\s+(стоит|стоят)", r"a*b*", r"\d{1,3}"])
def test_expressions_of_everyday_are_taken(pattern: str) -> None:
    assert check_pattern(pattern) == pattern


@pytest.mark.usefixtures("_english")
@pytest.mark.parametrize(
    "pattern",
    ["(", "(a+)+b", "(?:a|aa)+b", "(a?){30}", "a?" * 40, r"(a)\1", "a*b*c*d*", "(?:a{2,4})+"],
)
def test_an_expression_that_may_run_for_minutes_is_refused(pattern: str) -> None:
    with pytest.raises(Exception, match="regular expression"):
        check_pattern(pattern)


def test_placeholders_are_filled_or_replaced_by_their_substitute() -> None:
    text = "{name}, вы говорили: {pain|о своём}. {не метка}"
    assert placeholders(text) == {"name": None, "pain": "о своём"}
    assert fill(text, {"name": "Анна"}) == "Анна, вы говорили: о своём. {не метка}"
    assert fill(text, {"pain": "усталость"}) is None
    assert first_filled(["{name}!", "Привет"], {}) == "Привет"
    # what a client has said is never read as a placeholder
    assert fill("{pain}", {"pain": "{name}"}) == "{name}"
