"""The questionnaire as one session asks it: which questions, in which order, what was answered.

Questions are fixed when the session begins; a question that staff switch off meanwhile is passed over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from diagnostics import scoring
from diagnostics.models import DiagnosticOption, DiagnosticQuestion, Psychotype, Stage, UserSession
from diagnostics.words import plain


def opening_data() -> dict[str, list[int]]:
    """What a new session holds: the active questions in their order, and no answers."""
    return {"order": list(DiagnosticQuestion.objects.filter(is_active=True).values_list("id", flat=True))}


@dataclass
class Questionnaire:
    """A session's questions and answers. Changing methods change `session` and do not save it."""

    session: UserSession

    @cached_property
    def questions(self) -> list[DiagnosticQuestion]:
        rows = DiagnosticQuestion.objects.filter(is_active=True).prefetch_related("options")
        by_id = rows.in_bulk(self.session.session_data.get("order", []))
        return [by_id[key] for key in self.session.session_data.get("order", []) if key in by_id]

    @property
    def answers(self) -> dict[int, int | None]:
        """Question id → option id, None for skipped, in the order they were given."""
        return dict(self.session.session_data.get("answers", []))

    @property
    def current(self) -> DiagnosticQuestion | None:
        answered = self.answers
        return next((question for question in self.questions if question.pk not in answered), None)

    @property
    def asked_again(self) -> int:
        return int(self.session.session_data.get("asked_again", 0))

    def choose(self, question: DiagnosticQuestion, option: DiagnosticOption | None) -> None:
        answers = {**self.answers, question.pk: option.pk if option else None}
        self._store(answers)

    def step_back(self) -> None:
        """Take the last answer back; nothing at the beginning."""
        answers = self.answers
        if answers:
            answers.popitem()
        self._store(answers)

    def ask_again(self) -> None:
        self.session.session_data["asked_again"] = self.asked_again + 1

    def _store(self, answers: dict[int, int | None]) -> None:
        self.session.session_data |= {"answers": [list(pair) for pair in answers.items()], "asked_again": 0}
        self.session.question_count = sum(1 for option in answers.values() if option is not None)

    def outcome(self) -> scoring.Outcome:
        """Raises scoring.TooFewAnswers."""
        stages = Stage.objects.values_list("code", flat=True)
        return scoring.score(plain_questions(self.questions), self.answers, _codes(), list(stages))


def _codes() -> list[str]:
    return list(Psychotype.objects.values_list("code", flat=True))


def plain_questions(questions: Iterable[DiagnosticQuestion]) -> list[scoring.Question]:
    """The rows as scoring takes them; options are expected to be prefetched."""
    return [
        scoring.Question(
            question.pk,
            scoring.Part(question.context),
            tuple(
                scoring.Option(
                    option.pk,
                    option.psychotype_id or "",
                    option.psychotype_weight,
                    option.stage_id or "",
                    option.stage_weight,
                )
                for option in question.options.all()
            ),
        )
        for question in questions
    ]


def chosen_by(question: DiagnosticQuestion, text: str, number: int | None) -> DiagnosticOption | None:
    """The option meant by its number or by its own words; None where it takes more to understand."""
    options = list(question.options.all())
    if number is not None:
        return options[number - 1] if 1 <= number <= len(options) else None
    wanted = plain(text)
    return next((o for o in options if wanted in (plain(o.text), plain(o.text_en))), None)


def asked(question: DiagnosticQuestion, place: int, total: int, language: str) -> str:
    """The question as the person reads it, its answers numbered."""
    options = [f"{n}. {o.said('text', language)}" for n, o in enumerate(question.options.all(), start=1)]
    return "\n".join([f"{place}/{total}. {question.said('text', language)}", "", *options])


def unreachable() -> dict[str, list[str]]:
    """Psychotypes and stages that no answers of the active questionnaire lead to, by part."""
    questions = plain_questions(DiagnosticQuestion.objects.filter(is_active=True).prefetch_related("options"))
    stages = list(Stage.objects.values_list("code", flat=True))
    codes = {scoring.Part.PSYCHOTYPE: _codes(), scoring.Part.STAGE: stages}
    found = {part: scoring.unreachable(questions, known, part) for part, known in codes.items()}
    return {str(part): missing for part, missing in found.items() if missing}
