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


def test_a_trigger_enters_and_saves_what_it_leads_to() -> None:
    trigger = {"key": "price", "kind": "words", "words": ["цена"], "to": "alone"}
    drawn = graph(_script(triggers=[trigger]))
    assert "lost" not in {node.kind for node in drawn.nodes}
    assert ("trigger:price", "alone") in {(edge.origin, edge.to) for edge in drawn.edges}
    place = next(node.path for node in drawn.nodes if node.key == "trigger:price")
    assert place == ("triggers", 0)
