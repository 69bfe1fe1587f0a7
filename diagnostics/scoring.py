"""Scoring without a model and without Django (docs/diagnostics.md).

An answer gives the weights of its option to one psychotype, one stage, or both; a skipped question gives
nothing. The highest sum wins. A tie of psychotypes goes to the one supported by the latest answer, for
what a person says last they have thought about longest; a tie of stages goes to the earlier stage, for
support meant for an earlier stage harms nobody. Fewer than half of a part's questions answered, or no
weight at all, is no result.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Part(StrEnum):
    PSYCHOTYPE = "psychotype"
    STAGE = "stage"


@dataclass(frozen=True, slots=True)
class Option:
    """An answer: its id and what it gives to whom; "" with 0 for nothing."""

    id: int
    psychotype: str = ""
    psychotype_weight: int = 0
    stage: str = ""
    stage_weight: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    id: int
    part: Part
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """Sums by code; codes nobody gave anything to stand with 0."""

    psychotypes: dict[str, int] = field(default_factory=dict)
    stages: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    psychotype: str
    stage: str
    scores: Scores


class TooFewAnswers(Exception):
    """There is no result yet; `parts` say where answers are missing."""

    def __init__(self, parts: list[Part]) -> None:
        super().__init__(", ".join(parts))
        self.parts = parts


def score(
    questions: Sequence[Question],
    answers: Mapping[int, int | None],
    psychotypes: Sequence[str],
    stages: Sequence[str],
) -> Outcome:
    """The result of `answers` (question id → option id, None for skipped), in the order of `answers`.

    `stages` come in the journey's order. Raises TooFewAnswers.
    """
    chosen = list(_chosen(questions, answers))
    if missing := _missing(questions, answers, chosen):
        raise TooFewAnswers(missing)
    scores = Scores(
        _sums(psychotypes, ((option.psychotype, option.psychotype_weight) for option in chosen)),
        _sums(stages, ((option.stage, option.stage_weight) for option in chosen)),
    )
    latest = {option.psychotype: place for place, option in enumerate(chosen) if option.psychotype_weight}
    return Outcome(
        psychotype=max(psychotypes, key=lambda code: (scores.psychotypes[code], latest.get(code, -1))),
        # max keeps the first of equals, which is the earlier stage
        stage=max(stages, key=lambda code: scores.stages[code]),
        scores=scores,
    )


def _chosen(questions: Sequence[Question], answers: Mapping[int, int | None]) -> Iterable[Option]:
    options = {(question.id, option.id): option for question in questions for option in question.options}
    for question_id, option_id in answers.items():
        # an option that staff have taken away meanwhile counts like a skipped question
        if option_id is not None and (question_id, option_id) in options:
            yield options[question_id, option_id]


def _missing(
    questions: Sequence[Question], answers: Mapping[int, int | None], chosen: Sequence[Option]
) -> list[Part]:
    known = {option.id for option in chosen}
    missing = []
    for part in Part:
        asked = [question for question in questions if question.part == part]
        answered = [question for question in asked if answers.get(question.id) in known]
        given = sum(getattr(option, f"{part}_weight") for option in chosen)
        if 2 * len(answered) < len(asked) or not given:
            missing.append(part)
    return missing


def _sums(codes: Sequence[str], given: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums = dict.fromkeys(codes, 0)
    for code, weight in given:
        if code in sums:
            sums[code] += weight
    return sums


def unreachable(questions: Sequence[Question], codes: Sequence[str], part: Part) -> list[str]:
    """Codes that would not win even for a person who chooses them wherever they stand.

    Where a code does not stand among the options, that person answers as far from every rival as can be:
    by the option whose own sum is lowest so far.
    """
    return [code for code in codes if _winner_for(code, questions, codes, part) != code]


def _winner_for(wanted: str, questions: Sequence[Question], codes: Sequence[str], part: Part) -> str:
    sums = dict.fromkeys(codes, 0)
    # the wanted code's own questions last: among psychotypes the latest answer decides a tie
    for question in sorted(questions, key=lambda question: _offers(question, wanted, part)):
        named = [(getattr(o, part), getattr(o, f"{part}_weight")) for o in question.options]
        given = [(code, weight) for code, weight in named if code in sums and weight]
        if not given:
            continue
        own = [pair for pair in given if pair[0] == wanted]
        code, weight = max(own, key=lambda pair: pair[1]) if own else min(given, key=lambda p: sums[p[0]] + p[1])
        sums[code] += weight
    best = max(sums.values())
    if part == Part.PSYCHOTYPE and sums[wanted] == best > 0:
        return wanted
    return max(codes, key=lambda code: sums[code]) if best else ""


def _offers(question: Question, code: str, part: Part) -> bool:
    return any(getattr(option, part) == code for option in question.options)
