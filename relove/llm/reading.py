"""From a received body to a value of the asked schema: pure."""

import math
import re
from typing import Any, TypeVar

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field, ValidationError

from relove.llm.errors import BadAnswer, Refused

ANSWER_LIMIT = 20_000
FENCE = re.compile(r"\A\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)
T = TypeVar("T", bound=BaseModel)


class _Reply(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Reply
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)


class Completion(BaseModel):
    """What we need of a chat completion."""

    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


def completion(body: str) -> Completion:
    """The chat completion in `body`; raises BadAnswer where there is none."""
    try:
        return Completion.model_validate_json(body)
    except ValidationError:
        raise BadAnswer(_("the server's answer is not a chat completion")) from None


def value(answer: Completion, schema: type[T]) -> T:
    """The value of `schema` in a completion; raises Refused and BadAnswer."""
    choice = answer.choices[0]
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise Refused(_("the model refuses to answer this"))
    if choice.finish_reason == "length":
        raise BadAnswer(_("the answer was cut off before its end"))
    return _parsed(choice.message.content or "", schema)


def _parsed(content: str, schema: type[T]) -> T:
    if not content.strip():
        raise BadAnswer(_("the answer is empty"))
    if len(content) > ANSWER_LIMIT:
        long = _("the answer is %(length)s characters long, %(limit)s are allowed")
        raise BadAnswer(long % {"length": len(content), "limit": ANSWER_LIMIT})
    fence = FENCE.match(content)
    try:
        result = schema.model_validate_json(fence[1] if fence else content)
    except ValidationError as error:
        # The error's own text would carry the model's words into logs.
        kinds = ", ".join(sorted({detail["type"] for detail in error.errors()}))
        misfit = _("the answer has not the asked form %(form)s: %(kinds)s")
        raise BadAnswer(misfit % {"form": schema.__name__, "kinds": kinds}) from None
    if not _is_finite(result.model_dump()):
        raise BadAnswer(_("the answer holds a number that is none"))
    return result


def _is_finite(item: Any) -> bool:
    if isinstance(item, float):
        return math.isfinite(item)
    if isinstance(item, dict):
        return all(map(_is_finite, item.values()))
    if isinstance(item, list | tuple | set):
        return all(map(_is_finite, item))
    return True
