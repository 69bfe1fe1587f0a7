"""What changed between two scripts, told by its meaning: one change at a time."""

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest

from sales import reading
from sales.difference import difference
from sales.document import Script
from sales.sales_kind import EXAMPLE, SALES

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    data: dict[str, Any] = reading.read(SALES, EXAMPLE, "yaml").data
    return data


def changes(example: dict[str, Any], edit: Edit) -> list[tuple[str, str]]:
    """(text, step) of every change that the edit makes."""
    edited = copy.deepcopy(example)
    edit(edited)
    old, new = Script.model_validate(example), Script.model_validate(edited)
    return [(change.text, change.step) for change in difference(old, new)]


def test_nothing_changed_is_no_change(example: dict[str, Any]) -> None:
    assert changes(example, lambda data: None) == []


@pytest.mark.parametrize(
    ("edit", "said", "step"),
    [
        (lambda d: d["steps"][1]["lines"][0]["variants"].append("И так"), "боль.*И так", "боль"),
        (lambda d: d["steps"][1]["lines"][0]["variants"].pop(), "боль", "боль"),
        (lambda d: d["steps"][2]["ask"].clear(), "предложение", "предложение"),
        (lambda d: d["steps"][2]["transitions"].pop(0), "согласие.*закрытие", "предложение"),
        (lambda d: d["steps"][0].update(max_turns=9), "приветствие.*4.*9", "приветствие"),
        (lambda d: d["steps"][1].pop("after_limit"), "боль.*предложение.*hand_over", "боль"),
        (lambda d: d["triggers"][1]["words"].remove("почём"), "цена.*почём", ""),
        (lambda d: d["triggers"][1]["words"].append("прайс"), "цена.*прайс", ""),
        (lambda d: d["triggers"][1].update(priority=99), "цена.*60.*99", ""),
        (lambda d: d["triggers"][1].update(to="закрытие"), "цена.*предложение.*закрытие", ""),
        (lambda d: d["triggers"][1].pop("when"), "цена", ""),
        (lambda d: d["triggers"].pop(3), "скидка", ""),
        (lambda d: d["responses"][0]["lines"][0].update(variants=["По почте"]), "формат.*По почте", ""),
        (lambda d: d["hints"].pop(0), "коротко и тепло", ""),
        (lambda d: d["settings"].update(threshold=0.5), "0.7.*0.5", ""),
        (lambda d: d["settings"]["programmes"].append("Пробуждение"), "Пробуждение", ""),
    ],
)
def test_each_change_is_one_sentence(example: dict[str, Any], edit: Edit, said: str, step: str) -> None:
    ((text, found),) = changes(example, edit)
    assert re.search(said, text)
    assert found == step


def test_a_step_that_nothing_leads_to_any_more_is_told(example: dict[str, Any]) -> None:
    def cut(data: dict[str, Any]) -> None:
        offer = data["steps"][2]
        offer["transitions"] = [one for one in offer["transitions"] if one["intent"] != "нет-времени"]

    found = changes(example, cut)
    assert [step for _text, step in found] == ["предложение", "возражение-время"]
