"""What the editor's page shows of a text that is being written: its problems, its graph, its replies.

Nothing here is kept; the text is whatever stands in the page, saved or not.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sales import actions, reading
from sales.kinds import Graph, ScriptKind, Turn
from sales.nodes import READERS
from sales.problems import Problem, Refused

STRATEGIES = {
    "script_80": gettext_lazy("the script's line"),
    "free_20": gettext_lazy("a free reply"),
    "person": gettext_lazy("a person answers"),
}


def judged(kind: ScriptKind, text: str, form: str) -> dict[str, Any]:
    """Every problem of the text; of a good one also its graph and the names that completion may offer."""
    try:
        found = reading.read(kind, text, form)
    except Refused as refused:
        return {"problems": told(refused.problems)}
    answer: dict[str, Any] = {"problems": told(found.warnings)}
    if kind.graph:
        graph = kind.graph(found.document)
        answer |= {"graph": _drawn(graph, text, form), "names": graph.names}
    return answer


def told(problems: list[Problem]) -> list[dict[str, Any]]:
    return [{**asdict(problem), "words": str(problem)} for problem in problems]


def _drawn(graph: Graph, text: str, form: str) -> dict[str, Any]:
    """The graph with the line of the text in which each node stands, 0 for one that stands nowhere."""
    root = READERS[form](text)
    nodes = [
        {**asdict(node), "line": reading.place(root, node.path).line if node.path else 0} for node in graph.nodes
    ]
    return {"nodes": nodes, "edges": [asdict(edge) for edge in graph.edges]}


def reply(turn: Turn) -> dict[str, Any]:
    """A turn as the page shows it: the text, how it came to be as (name, value), and why."""
    rows = [
        (_("Strategy"), str(STRATEGIES.get(turn.strategy, turn.strategy))),
        (_("Step"), turn.step),
        (_("Trigger"), turn.trigger),
        (_("Fit"), "" if turn.score is None else formats.number_format(turn.score, 2)),
        (_("Action"), _action(turn.action)),
        *_facts(turn.facts),
    ]
    return {
        "text": turn.reply or _("Nothing is said by itself."),
        "rows": [row for row in rows if row[1]],
        "why": turn.why,
    }


def _action(name: str) -> str:
    action = actions.get(name)
    return str(action.title) if action else name


def _facts(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in facts.items()]


def expected(turn: Turn) -> dict[str, str]:
    """What a saved dialogue goes on expecting of this turn."""
    found = {"step": turn.step, "trigger": turn.trigger, "strategy": turn.strategy}
    return {name: value for name, value in found.items() if value}
