"""The steps of a sales script as a graph: where each one leads, and what no dialogue comes to. Pure."""

from collections import Counter
from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sales import actions
from sales.checks import reachable
from sales.document import Script, Target
from sales.kinds import Edge, Graph, Node


def graph(script: Script) -> Graph:
    """Nodes are the steps, with how many triggers enter them from anywhere, and the actions they lead to."""
    edges = list(_onward(script))
    named = {edge.to for edge in edges}
    ends = [Node(_end(name), _action_title(name), kind="action") for name in actions.names()]
    nodes = [*_steps(script), *(end for end in ends if end.key in named)]
    return Graph(nodes, edges, {"to": [step.key for step in script.steps], "action": actions.names()})


def _steps(script: Script) -> Iterator[Node]:
    found = reachable(script)
    entered = Counter(trigger.to for trigger in script.triggers)
    for i, step in enumerate(script.steps):
        kind = "start" if step is script.start else "step" if step.key in found else "lost"
        note = _("nothing leads here") if kind == "lost" else _note(step.stage, entered[step.key])
        yield Node(step.key, step.title or step.key, note, kind, ("steps", i))


def _note(stage: str, count: int) -> str:
    triggers = ngettext("%(count)s trigger", "%(count)s triggers", count) % {"count": count}
    return " · ".join(filter(None, (stage, triggers if count else "")))


def _onward(script: Script) -> Iterator[Edge]:
    for step in script.steps:
        for transition in step.transitions:
            yield Edge(step.key, _key(transition), transition.intent)
        if step.max_turns:
            yield Edge(step.key, _key(step.after_limit), _("after %(count)s") % {"count": step.max_turns}, "limit")
        if step.action:
            yield Edge(step.key, _end(step.action), _("then"), "action")


def _key(target: Target) -> str:
    return target.to or _end(target.action or "")


def _end(name: str) -> str:
    return f"action:{name}"


def _action_title(name: str) -> str:
    action = actions.get(name)
    return str(action.title) if action else name
