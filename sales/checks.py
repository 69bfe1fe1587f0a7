"""What the shape of a sales script alone does not show: where its steps lead and whether its triggers agree.

Pure. A mistake keeps the script from being saved, a warning does not: a step nobody reaches yet, or two
triggers for one word, may be work in progress.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations

from django.utils.translation import gettext as _

from sales import actions
from sales.document import KNOWN_VALUES, Script, Target, Trigger
from sales.matching import canonical
from sales.parts import placeholders
from sales.problems import Path, Problem, one_of


def check(script: Script) -> list[Problem]:
    """Everything found, in the order of the document's parts."""
    return [
        *_doubled_keys(script),
        *_wrong_targets(script),
        *_wrong_conditions(script),
        *_wrong_placeholders(script),
        *_unreachable(script),
        *_loops(script),
        *_overlaps(script),
    ]


def targets(script: Script) -> Iterator[tuple[Path, Target]]:
    """Every place that leads to a step or an action."""
    for i, step in enumerate(script.steps):
        yield ("steps", i, "after_limit"), step.after_limit
        for j, transition in enumerate(step.transitions):
            yield ("steps", i, "transitions", j), transition
    for i, trigger in enumerate(script.triggers):
        yield ("triggers", i), trigger


def _doubled_keys(script: Script) -> Iterator[Problem]:
    for name in ("steps", "triggers", "responses"):
        seen: set[str] = set()
        for i, part in enumerate(getattr(script, name)):
            if part.key in seen:
                yield Problem(_("The key “%(key)s” is used twice.") % {"key": part.key}, (name, i, "key"))
            seen.add(part.key)


def _wrong_targets(script: Script) -> Iterator[Problem]:
    keys = [step.key for step in script.steps]
    for path, target in targets(script):
        if target.to is not None and target.to not in keys:
            yield _unknown(_("There is no step “%(name)s”."), target.to, keys, (*path, "to"))
        if target.action is not None:
            yield from _wrong_action(target.action, (*path, "action"))
    for i, step in enumerate(script.steps):
        if step.action is not None:
            yield from _wrong_action(step.action, ("steps", i, "action"))


def _wrong_action(name: str, path: Path) -> Iterator[Problem]:
    if actions.get(name) is None:
        yield _unknown(_("There is no action “%(name)s”."), name, actions.names(), path)


def _wrong_conditions(script: Script) -> Iterator[Problem]:
    keys, known = {step.key for step in script.steps}, script.remembered()
    stages = {step.stage for step in script.steps if step.stage}
    for i, trigger in enumerate(script.triggers):
        sought = [
            ("steps", trigger.when.steps, keys, _("There is no step “%(name)s”.")),
            ("stages", trigger.when.stages, stages, _("No step belongs to the stage “%(name)s”.")),
            ("knows", trigger.when.knows, known, _("No step asks for “%(name)s”.")),
            ("lacks", trigger.when.lacks, known, _("No step asks for “%(name)s”.")),
        ]
        for field, names, allowed, message in sought:
            for j, name in enumerate(names):
                if name not in allowed:
                    yield _unknown(message, name, allowed, ("triggers", i, "when", field, j))
        if trigger.kind == "stage" and trigger.stage not in stages:
            message = _("No step belongs to the stage “%(name)s”.")
            yield _unknown(message, trigger.stage, stages, ("triggers", i, "stage"))


def _wrong_placeholders(script: Script) -> Iterator[Problem]:
    allowed = script.remembered() | KNOWN_VALUES
    for path, text in _texts(script):
        for name in placeholders(text):
            if name not in allowed:
                yield _unknown(_("Nothing is known to fill {%(name)s}."), name, allowed, path)


def _texts(script: Script) -> Iterator[tuple[Path, str]]:
    for name in ("steps", "responses"):
        for i, part in enumerate(getattr(script, name)):
            for j, line in enumerate(part.lines):
                for k, text in enumerate(line.variants):
                    yield (name, i, "lines", j, "variants", k), text
    for i, step in enumerate(script.steps):
        for j, ask in enumerate(step.ask):
            yield ("steps", i, "ask", j, "question"), ask.question


def _unknown(message: str, name: str, allowed: Iterable[str], path: Path) -> Problem:
    return Problem(message % {"name": name}, path, one_of(allowed, name))


def ways(script: Script) -> dict[str, list[str]]:
    """Where each step's own transitions and limit lead, by key; targets that do not exist are left out."""
    keys = {step.key for step in script.steps}
    return {
        step.key: [
            target.to
            for target in (*step.transitions, *([step.after_limit] if step.max_turns else []))
            if target.to in keys
        ]
        for step in script.steps
    }


def reachable(script: Script) -> set[str]:
    """Keys of the steps a dialogue can come to: from the first one, and by triggers."""
    onward = ways(script)
    found: set[str] = set()
    coming = [script.start.key]
    while coming:
        while coming:
            if (key := coming.pop()) not in found:
                found.add(key)
                coming += onward.get(key, [])
        coming = [t.to for t in script.triggers if t.to in onward and t.to not in found and _may_fire(t, found)]
    return found


def _may_fire(trigger: Trigger, found: set[str]) -> bool:
    return not trigger.when.steps or bool(found.intersection(trigger.when.steps))


def _unreachable(script: Script) -> Iterator[Problem]:
    found = reachable(script)
    for i, step in enumerate(script.steps):
        if step.key not in found:
            message = _("No step and no trigger leads to the step “%(key)s”.") % {"key": step.key}
            yield Problem(message, ("steps", i, "key"), is_warning=True)


def _loops(script: Script) -> Iterator[Problem]:
    """Steps that lead on, but never to an end: neither to a last step nor to an action."""
    onward = ways(script)
    ending = {step.key for step in script.steps if not onward[step.key] or _leaves(script, step.key)}
    while more := {key for key, nexts in onward.items() if key not in ending and ending.intersection(nexts)}:
        ending |= more
    for i, step in enumerate(script.steps):
        if step.key not in ending:
            message = _("From the step “%(key)s” the dialogue goes round and never ends.") % {"key": step.key}
            expected = _("a limit of turns, or a way to a last step or an action")
            yield Problem(message, ("steps", i, "key"), expected)


def _leaves(script: Script, key: str) -> bool:
    step = next(step for step in script.steps if step.key == key)
    limit = [step.after_limit] if step.max_turns else []
    return any(target.action for target in (*step.transitions, *limit))


def _overlaps(script: Script) -> Iterator[Problem]:
    """Two triggers of one priority that the same message may fire: which one is taken is then an accident."""
    for (_i, first), (j, second) in combinations(enumerate(script.triggers), 2):
        shared = signs(first) & signs(second)
        if shared and first.priority == second.priority and _may_meet(first, second):
            message = _("The triggers “%(first)s” and “%(second)s” both fire at %(what)s.") % {
                "first": first.key,
                "second": second.key,
                "what": ", ".join(sorted(f"«{sign}»" for _kind, sign in shared)),
            }
            yield Problem(message, ("triggers", j), _("different priorities or conditions"), is_warning=True)


def _may_meet(first: Trigger, second: Trigger) -> bool:
    """Whether one moment can satisfy the conditions of both."""
    a, b = first.when, second.when
    apart = [
        bool(a.steps and b.steps and not set(a.steps) & set(b.steps)),
        bool(a.stages and b.stages and not set(a.stages) & set(b.stages)),
        bool(set(a.knows) & set(b.lacks) or set(b.knows) & set(a.lacks)),
    ]
    return not any(apart)


def signs(trigger: Trigger) -> set[tuple[str, str]]:
    """What a trigger reacts to, comparable between triggers: (kind, word, intent, pattern, …)."""
    match trigger.kind:
        case "words":
            found = [canonical(phrase) for phrase in trigger.words]
        case "intent":
            found = list(trigger.intents)
        case "regex":
            found = [trigger.pattern]
        case "silence":
            found = [str(trigger.hours)]
        case "stage":
            found = [trigger.stage]
        case "first_message":
            found = [_("the first message")]
    return {(trigger.kind, sign) for sign in found}
