"""Free words to an option, and the result in a model's words: the two things a model does here.

Both answers are kept in llm_calls before they are read; a failure sends nothing and is told to the caller.
"""

import hashlib

from pydantic import BaseModel, Field

from diagnostics.models import DiagnosticResult
from diagnostics.services import Reading
from relove import llm, texts
from relove.db import in_thread
from relove.prompting import fenced, mask, system, user

WORDING_LIMIT = 1_200


class Mapped(BaseModel):
    """The number of an option, from 1; 0 where none follows. `crisis` may call a person, and clears nothing."""

    option: int = Field(ge=0, le=100)
    crisis: bool


class Crisis(Exception):
    """The words sound like acute distress: the questionnaire has no part in what follows."""


class Wording(BaseModel):
    text: str = Field(min_length=1, max_length=WORDING_LIMIT)


async def option_of(reading: Reading, names: tuple[str, ...] = ()) -> int | None:
    """The option the words mean, by id; None where none does. Raises llm.LLMError, and Crisis."""
    numbered = [f"{number}. {text}" for number, (_id, text) in enumerate(reading.options, start=1)]
    question = fenced("\n".join([reading.question, *numbered]), "question")
    said = fenced(mask(reading.text, names).text, "message")
    # the words of a prompt are versioned: they come from the database
    prompt = await in_thread(texts.get, "prompt.mapping", reading.language)
    answer = await llm.ask(
        "mapping",
        Mapped,
        [system(prompt), user(f"{question}\n{said}")],
        key=_key("mapping", reading.session_id, reading.question_id, reading.text),
        subject=("user_sessions", reading.session_id),
    )
    if answer.value.crisis:
        raise Crisis
    place = answer.value.option
    return reading.options[place - 1][0] if 1 <= place <= len(reading.options) else None


async def worded(result: DiagnosticResult, told: str, language: str) -> str:
    """The result retold for staff; `told` is the counted one as the person read it. Raises llm.LLMError."""
    prompt = await in_thread(texts.get, "prompt.wording", language)
    answer = await llm.ask(
        "wording",
        Wording,
        [system(prompt), user(fenced(told, "result"))],
        key=_key("wording", result.pk, told),
        subject=("diagnostic_results", result.pk),
    )
    return answer.value.text


def _key(*parts: object) -> str:
    """The same question is never paid for twice."""
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()
