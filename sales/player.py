"""The engine of a sales script: what a message means for a dialogue, and what is said to it. Pure.

The runtime, the test chat, saved dialogues and the preview all ask `play`. It decides which trigger fires,
which step comes next, whether the script speaks or a free reply is due, and says why; wording is left to
sales.replies.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from sales.actions import HAND_OVER
from sales.document import Line, Script, SilenceTrigger, Step, Target, Trigger
from sales.matching import first_of, search
from sales.parts import fill
from sales.strategy import Analysis, Strategy, choose

ANSWER_LIMIT = 500
MOST_REMINDERS = 2


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a dialogue stands; kept as JSON.

    `knows` begins with what the account knows without asking: the client's name and the account's owner.
    `turns` are the client's messages answered in the step, `asked` the key whose question was put last,
    `fired` how often each trigger did, `reminders` how often silence was answered since the last message.
    """

    step: str = ""
    turns: int = 0
    asked: str = ""
    knows: Mapping[str, str] = field(default_factory=dict)
    fired: Mapping[str, int] = field(default_factory=dict)
    reminders: int = 0

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> "Progress":
        return cls(**{name: state[name] for name in cls.__slots__ if name in state})

    def as_json(self) -> dict[str, Any]:
        known = {name: getattr(self, name) for name in self.__slots__}
        return {name: dict(value) if isinstance(value, Mapping) else value for name, value in known.items()}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a message leads to.

    `line` is the script's text with its placeholders; it is said (adapted) under the strategy script_80 and
    is empty under free_20, where `hints` count. `hand_over` leaves the dialogue to a person, after the line
    if there is one. `progress` is where the dialogue stands when the reply has been given.
    """

    progress: Progress
    why: str
    strategy: Strategy | None = None
    line: str = ""
    hints: tuple[str, ...] = ()
    trigger: str = ""
    response: str = ""
    learnt: Mapping[str, str] = field(default_factory=dict)
    action: str = ""
    hand_over: bool = False
    score: float | None = None
    threshold: float | None = None

    @property
    def step(self) -> str:
        return self.progress.step


def play(script: Script, progress: Progress, message: str, analysis: Analysis | None) -> Decision:
    """One message of the client; without an analysis nothing is guessed."""
    progress = replace(progress, reminders=0)
    if analysis is None:
        return Decision(progress, _("There is no analysis of the message: a person decides."), hand_over=True)
    decision = _Move(script, progress, message, analysis).decide()
    return replace(decision, score=analysis.script_fit_score, threshold=script.settings.threshold)


def remind(script: Script, progress: Progress, silent_hours: float) -> Decision | None:
    """What is said into a silence; None while it is not due, and after two reminders."""
    if progress.reminders >= MOST_REMINDERS:
        return None
    here = script.step(progress.step)
    due = [
        trigger
        for trigger in script.triggers
        if isinstance(trigger, SilenceTrigger)
        and silent_hours >= trigger.hours
        and _may_fire(trigger, progress, here)
    ]
    # of several that are due the longest silence speaks: the shorter ones have had their time
    trigger = max(due, key=lambda each: (each.hours, each.priority), default=None)
    if trigger is None:
        return None
    why = _("Silence for %(hours)d h: the trigger “%(trigger)s”.") % {
        "hours": trigger.hours,
        "trigger": trigger.key,
    }
    told = _enter(script, _count(replace(progress, reminders=progress.reminders + 1), trigger), trigger)
    return replace(told, trigger=trigger.key, strategy=Strategy.SCRIPT, why=f"{why} {told.why}".strip())


@dataclass(frozen=True, slots=True)
class _Move:
    """One message on its way through the script."""

    script: Script
    progress: Progress
    message: str
    analysis: Analysis

    def decide(self) -> Decision:
        here = self.script.step(self.progress.step)
        trigger, sign = self._trigger(here)
        if trigger is not None and trigger.action:
            told = _enter(self.script, _count(self.progress, trigger), trigger)
            return replace(told, trigger=trigger.key, why=self._fired(trigger, sign))
        threshold, score = self.script.settings.threshold, self.analysis.script_fit_score
        if choose(score, threshold) is Strategy.FREE:
            fit = _("The script fits %(score)s, not above %(threshold)s.") % _numbers(score, threshold)
            return self._free(here, fit)
        fit = _("The script fits %(score)s, above %(threshold)s.") % _numbers(score, threshold)
        told = self._script(here, trigger, sign)
        return replace(told, why=f"{told.why} {fit}")

    def _script(self, here: Step | None, trigger: Trigger | None, sign: str) -> Decision:
        """The script's next words: a trigger's, an answer's, a transition's, or what the step still asks."""
        if trigger is not None:
            told = _enter(self.script, _count(self.progress, trigger), trigger)
            return replace(told, trigger=trigger.key, why=self._fired(trigger, sign))
        if here is None:
            why = _("A dialogue begins with the first step.")
            return replace(_enter(self.script, self.progress, _to(self.script.start)), why=why)
        for response in self.script.responses:
            if word := first_of(self.message, response.words):
                line = _said(response.lines, self.progress, len(self.progress.fired))
                why = _("The answer “%(key)s”: the message says «%(word)s».") % {"key": response.key, "word": word}
                return Decision(_turn(self.progress), why, Strategy.SCRIPT, line, response=response.key)
        return self._within(here)

    def _within(self, here: Step) -> Decision:
        answers = bool(self.progress.asked) and "?" not in self.message
        learnt = {self.progress.asked: self.message[:ANSWER_LIMIT]} if answers else {}
        progress = replace(_turn(self.progress), knows={**self.progress.knows, **learnt}, asked="")
        for way in here.transitions:
            if way.intent == self.analysis.intent:
                why = _("The intent “%(intent)s” leads on from the step “%(step)s”.")
                told = _enter(self.script, progress, way)
                said = why % {"intent": way.intent, "step": here.key}
                return replace(told, learnt=learnt, why=f"{said} {told.why}".strip())
        if here.max_turns is not None and progress.turns > here.max_turns:
            told = _enter(self.script, progress, here.after_limit)
            why = _("The step “%(step)s” has answered %(count)d messages, as many as it may.")
            return replace(told, learnt=learnt, why=why % {"step": here.key, "count": here.max_turns})
        progress, question = _question(here, progress)
        if question:
            why = _("The step “%(step)s” asks for “%(key)s”.") % {"step": here.key, "key": progress.asked}
            return Decision(progress, why, Strategy.SCRIPT, question, learnt=learnt)
        why = _("The step “%(step)s” has said and asked everything.") % {"step": here.key}
        return Decision(progress, why, Strategy.FREE, hints=self._hints(), learnt=learnt)

    def _free(self, here: Step | None, why: str) -> Decision:
        progress = _turn(self.progress)
        if here is not None and here.max_turns is not None and progress.turns > here.max_turns:
            told = _enter(self.script, progress, here.after_limit)
            limit = _("The step “%(step)s” has answered %(count)d messages, as many as it may.")
            return replace(told, why=f"{limit % {'step': here.key, 'count': here.max_turns}} {why}")
        return Decision(progress, why, Strategy.FREE, hints=self._hints())

    def _hints(self) -> tuple[str, ...]:
        knows = self.progress.knows
        return tuple(said for hint in self.script.hints if (said := fill(hint, knows)) is not None)

    def _trigger(self, here: Step | None) -> tuple[Trigger | None, str]:
        """The trigger of the highest priority that fits, and what it saw."""
        fits = [
            (trigger, sign)
            for trigger in self.script.triggers
            if _may_fire(trigger, self.progress, here) and (sign := self._sign(trigger)) is not None
        ]
        return max(fits, key=lambda fit: fit[0].priority, default=(None, ""))

    def _sign(self, trigger: Trigger) -> str | None:
        match trigger.kind:
            case "words":
                return first_of(self.message, trigger.words)
            case "regex":
                return search(trigger.pattern, self.message)
            case "intent":
                return self.analysis.intent if self.analysis.intent in trigger.intents else None
            case "first_message":
                return None if self.progress.step else _("the first message")
        return None

    def _fired(self, trigger: Trigger, sign: str) -> str:
        return _("The trigger “%(key)s” fired: «%(sign)s».") % {"key": trigger.key, "sign": sign}


# --- going to a step ---------------------------------------------------------------------------------


def _to(step: Step) -> Target:
    return Target(to=step.key, action=None)


def _enter(script: Script, progress: Progress, target: Target, *, by_stage: bool = False) -> Decision:
    """Go where something leads. A stage that is reached may fire one trigger, which leads at most once more."""
    step = script.step(target.to) if target.to else None
    if step is None:
        action = target.action or HAND_OVER
        return Decision(progress, "", action=action, hand_over=action == HAND_OVER)
    before = script.step(progress.step)
    there = replace(progress, step=step.key, turns=0, asked="")
    if not by_stage and (before is None or before.stage != step.stage):
        for trigger in _of_stage(script, there, step):
            told = _stage_fired(script, there, step, trigger)
            why = _("The stage “%(stage)s” fired the trigger “%(key)s”.")
            return replace(told, trigger=trigger.key, why=why % {"stage": step.stage, "key": trigger.key})
    return _say(step, there)


def _of_stage(script: Script, progress: Progress, step: Step) -> Iterator[Trigger]:
    fits = [
        trigger
        for trigger in script.triggers
        if trigger.kind == "stage" and trigger.stage == step.stage and _may_fire(trigger, progress, step)
    ]
    return iter(sorted(fits, key=lambda trigger: -trigger.priority))


def _stage_fired(script: Script, progress: Progress, step: Step, trigger: Trigger) -> Decision:
    progress = _count(progress, trigger)
    if trigger.to:
        return _enter(script, progress, trigger, by_stage=True)
    told = _say(step, progress)
    return replace(told, action=trigger.action or "", hand_over=told.hand_over or trigger.action == HAND_OVER)


def _say(step: Step, progress: Progress) -> Decision:
    """The step's lines and its first open question; a person where none of it can be said yet."""
    text = _said(step.lines, progress, sum(progress.fired.values()))
    progress, question = _question(step, progress)
    line = "\n".join(filter(None, (text, question)))
    if not line:
        why = _("The step “%(step)s” cannot be said: answers are missing.") % {"step": step.key}
        return Decision(progress, why, hand_over=True)
    action = step.action or ""
    return Decision(progress, "", Strategy.SCRIPT, line, action=action, hand_over=action == HAND_OVER)


def _said(lines: list[Line], progress: Progress, turn: int) -> str:
    """Of each line a wording that can be filled, another one from time to time; placeholders stay."""
    chosen = []
    for line in lines:
        start = turn % len(line.variants)
        variants = (*line.variants[start:], *line.variants[:start])
        chosen.append(next((text for text in variants if fill(text, progress.knows) is not None), ""))
    return "\n".join(filter(None, chosen))


def _question(step: Step, progress: Progress) -> tuple[Progress, str]:
    for ask in step.ask:
        if ask.remember not in progress.knows:
            return replace(progress, asked=ask.remember), ask.question
    return progress, ""


# --- conditions --------------------------------------------------------------------------------------


def _may_fire(trigger: Trigger, progress: Progress, here: Step | None) -> bool:
    when = trigger.when
    return (
        (not when.steps or progress.step in when.steps)
        and (not when.stages or (here is not None and here.stage in when.stages))
        and all(key in progress.knows for key in when.knows)
        and not any(key in progress.knows for key in when.lacks)
        and (when.max_times is None or progress.fired.get(trigger.key, 0) < when.max_times)
    )


def _count(progress: Progress, trigger: Trigger) -> Progress:
    fired = {**progress.fired, trigger.key: progress.fired.get(trigger.key, 0) + 1}
    return replace(progress, fired=fired)


def _turn(progress: Progress) -> Progress:
    return replace(progress, turns=progress.turns + 1)


def _numbers(score: float, threshold: float) -> dict[str, str]:
    return {"score": number_format(score, 2), "threshold": number_format(threshold, 2)}
