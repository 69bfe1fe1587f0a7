"""What documents of every kind are made of: strict parts, texts without harmful characters, keys, placeholders."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from relove.prompting import clean

KEY_PATTERN = r"^[a-zа-яё][a-zа-яё0-9_-]*$"
# no form of a document may hold them, nor may a text or a JSON column of a table
UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# `{name}` or `{pain|what you came with}`: what stands after the bar is said while the value is not known
PLACEHOLDER = re.compile(r"\{([a-zа-яё][a-zа-яё0-9_-]*)(?:\|([^{}|]*))?\}")


class Part(BaseModel):
    """A piece of a document: fields nobody knows are refused, values are taken as they are, never converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def harmless(text: str) -> str:
    if clean(text) != text or UNREADABLE.search(text):
        raise PydanticCustomError("harmful_text", _("control characters and reversed text are not allowed"))
    return text


Text = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"\S"), AfterValidator(harmless)]
"""A text somebody reads: at most what one Telegram message holds."""
Title = Annotated[str, StringConstraints(max_length=120), AfterValidator(harmless)]
"""A short name for people; may be empty."""
Key = Annotated[str, StringConstraints(max_length=40, pattern=KEY_PATTERN)]
"""A stable name inside a document: small letters, digits, - and _, begun by a letter."""


def placeholders(text: str) -> dict[str, str | None]:
    """The placeholders of a text and what is said in their place while nothing is known (None: nothing)."""
    return {match[1]: match[2] for match in PLACEHOLDER.finditer(text)}


def fill(text: str, values: Mapping[str, str]) -> str | None:
    """The text with its placeholders filled; None where one without a substitute has no value."""
    if any(not values.get(name) and spare is None for name, spare in placeholders(text).items()):
        return None
    return PLACEHOLDER.sub(lambda match: values.get(match[1]) or match[2], text)


def first_filled(variants: Iterable[str], values: Mapping[str, str]) -> str | None:
    """The first of the variants that can be said with these values."""
    return next((said for text in variants if (said := fill(text, values)) is not None), None)
