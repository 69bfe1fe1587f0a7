"""Scoring: every psychotype and stage can be reached, ties and refusals are as written down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.models import DiagnosticQuestion, Psychotype, Stage
from diagnostics.questionnaire import plain_questions, unreachable
from diagnostics.scoring import Option, Outcome, Part, Question, TooFewAnswers, score
from diagnostics.scoring import unreachable as unreachable_codes

TYPES = ["ANALYTICAL", "EMOTIONAL", "INTUITIVE", "PRACTICAL"]
STAGES = [
    "ORDINARY_WORLD",
    "CALL_TO_ADVENTURE",
    "REFUSAL",
    "MEETING_MENTOR",
    "CROSSING_THRESHOLD",
    "TESTS_ALLIES_ENEMIES",
    "APPROACH",
    "ORDEAL",
    "REWARD",
    "ROAD_BACK",
    "RESURRECTION",
    "RETURN_WITH_ELIXIR",
]


def shipped() -> list[Question]:
    return plain_questions(DiagnosticQuestion.objects.filter(is_active=True).prefetch_related("options"))


def answers_of(questions: list[Question], psychotype: str, stage: str) -> dict[int, int | None]:
    """A person of this kind at this stage, who elsewhere takes the stage nearest on the journey."""

    def distance(option: Option) -> int:
        return abs(STAGES.index(option.stage) - STAGES.index(stage))

    found: dict[int, int | None] = {}
    for question in questions:
        if question.part == Part.PSYCHOTYPE:
            found[question.id] = next(o.id for o in question.options if o.psychotype == psychotype)
        else:
            found[question.id] = min(question.options, key=distance).id
    return found


def test_the_shipped_reference_is_whole(reference: None) -> None:
    assert list(Psychotype.objects.values_list("code", flat=True)) == TYPES
    assert list(Stage.objects.values_list("code", flat=True)) == STAGES
    assert unreachable() == {}


@pytest.mark.parametrize("psychotype", TYPES)
@pytest.mark.parametrize("stage", STAGES)
def test_every_psychotype_and_stage_is_found(reference: None, psychotype: str, stage: str) -> None:
    questions = shipped()
    outcome = score(questions, answers_of(questions, psychotype, stage), TYPES, STAGES)

    assert (outcome.psychotype, outcome.stage) == (psychotype, stage)


def small() -> list[Question]:
    return [
        Question(1, Part.PSYCHOTYPE, (Option(10, "A", 2), Option(11, "B", 2))),
        Question(2, Part.PSYCHOTYPE, (Option(20, "A", 2), Option(21, "B", 2))),
        Question(3, Part.STAGE, (Option(30, stage="X", stage_weight=1), Option(31, stage="Y", stage_weight=1))),
        Question(4, Part.STAGE, (Option(40, stage="X", stage_weight=1), Option(41, stage="Y", stage_weight=1))),
    ]


def test_a_tie_of_psychotypes_goes_to_the_latest_answer() -> None:
    forward: dict[int, int | None] = {1: 10, 2: 21, 3: 30, 4: 40}
    backward: dict[int, int | None] = {2: 21, 1: 10, 3: 30, 4: 40}

    assert score(small(), forward, ["A", "B"], ["X", "Y"]).psychotype == "B"
    assert score(small(), backward, ["A", "B"], ["X", "Y"]).psychotype == "A"


def test_a_tie_of_stages_goes_to_the_earlier_stage() -> None:
    tie: dict[int, int | None] = {1: 10, 2: 20, 3: 31, 4: 40}

    assert score(small(), tie, ["A", "B"], ["X", "Y"]).stage == "X"
    assert score(small(), tie, ["A", "B"], ["Y", "X"]).stage == "Y"


@pytest.mark.parametrize(
    ("answers", "parts"),
    [
        ({}, [Part.PSYCHOTYPE, Part.STAGE]),
        ({1: None, 2: None, 3: None, 4: None}, [Part.PSYCHOTYPE, Part.STAGE]),
        ({1: 10, 3: None, 4: None}, [Part.STAGE]),
        ({3: 30}, [Part.PSYCHOTYPE]),
        # an option that is there no more
        ({1: 99, 2: None, 3: 30, 4: 40}, [Part.PSYCHOTYPE]),
    ],
)
def test_too_few_answers_are_no_result(answers: dict[int, int | None], parts: list[Part]) -> None:
    with pytest.raises(TooFewAnswers) as refused:
        score(small(), answers, ["A", "B"], ["X", "Y"])

    assert refused.value.parts == parts


def test_half_of_a_part_is_enough() -> None:
    outcome = score(small(), {1: 11, 2: None, 3: None, 4: 41}, ["A", "B"], ["X", "Y"])

    assert (outcome.psychotype, outcome.stage) == ("B", "Y")
    assert (outcome.scores.psychotypes, outcome.scores.stages) == ({"A": 0, "B": 2}, {"X": 0, "Y": 1})


def test_a_code_no_option_leads_to_is_found() -> None:
    assert unreachable_codes(small(), ["X", "Y", "Z"], Part.STAGE) == ["Z"]
    assert unreachable_codes(small(), ["A", "B"], Part.PSYCHOTYPE) == []


@given(st.lists(st.tuples(st.sampled_from([1, 2, 3, 4]), st.sampled_from([0, 1, None])), max_size=12))
def test_any_answers_give_a_result_or_a_reason(said: list[tuple[int, int | None]]) -> None:
    questions = small()
    answers: dict[int, int | None] = {}
    for question, place in said:
        answers[question] = None if place is None else questions[question - 1].options[place].id
    outcome = result_of(answers)

    if outcome:
        best = outcome.scores.stages[outcome.stage]
        assert best == max(outcome.scores.stages.values()) > 0
        assert outcome.scores.psychotypes[outcome.psychotype] == max(outcome.scores.psychotypes.values()) > 0
    else:
        parts = [(1, 2), (3, 4)]
        assert any(all(answers.get(question) is None for question in part) for part in parts)


def result_of(answers: dict[int, int | None]) -> Outcome | None:
    try:
        return score(small(), answers, ["A", "B"], ["X", "Y"])
    except TooFewAnswers:
        return None
