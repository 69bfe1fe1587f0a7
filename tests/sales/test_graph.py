"""The graph of a sales script shows every way there is, and marks what no dialogue comes to."""

from typing import Any

from sales.document import Script
from sales.graph import graph


def _script(**more: Any) -> Script:
    line = {"variants": ["Здравствуйте"]}
    steps = [
        {
            "key": "hello",
            "title": "Знакомство",
            "stage": "начало",
            "lines": [line],
            "transitions": [{"intent": "agrees", "to": "offer"}, {"intent": "angry", "action": "hand_over"}],
            "max_turns": 3,
            "after_limit": {"to": "offer"},
        },
        {"key": "offer", "lines": [line]},
        {"key": "alone", "lines": [line]},
    ]
    return Script.model_validate({"steps": steps, **more})


def test_steps_are_boxes_and_the_unreachable_one_is_marked() -> None:
    kinds = {node.key: node.kind for node in graph(_script()).nodes}
    assert kinds == {"hello": "start", "offer": "step", "alone": "lost", "action:hand_over": "action"}


def test_every_way_is_an_edge_with_its_words() -> None:
    ways = [(edge.origin, edge.to, edge.label) for edge in graph(_script()).edges]
    assert ways[:2] == [("hello", "offer", "agrees"), ("hello", "action:hand_over", "angry")]
    assert ways[2][:2] == ("hello", "offer")
    assert "3" in ways[2][2]


def test_a_trigger_saves_the_step_it_leads_to() -> None:
    trigger = {"key": "price", "kind": "words", "words": ["цена"], "to": "alone"}
    alone = next(node for node in graph(_script(triggers=[trigger])).nodes if node.key == "alone")
    assert (alone.kind, alone.path) == ("step", ("steps", 2))
    assert "1" in alone.note


def test_completion_learns_the_names_of_steps_and_actions() -> None:
    names = graph(_script()).names
    assert names["to"] == ["hello", "offer", "alone"]
    assert "hand_over" in names["action"]
