"""The kind `texts`: the versioned source behind relove.texts.

A document holds, per language, every fixed text a person receives and the editable part of every prompt. What
it leaves out is said in the kernel's own words; what it holds must keep the marks and words that relove.texts
asks for, such as those of the disclosure.
"""

from typing import Annotated, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema

from relove import texts
from relove.models import TelegramUser
from sales import live
from sales.kinds import Change, Sample, ScriptKind
from sales.nodes import to_yaml
from sales.parts import Part, harmless
from sales.problems import Problem, one_of

NAME = "texts"
FixedText = Annotated[
    str, StringConstraints(min_length=1, max_length=20_000, pattern=r"\S"), AfterValidator(harmless)
]
# the keys are known to the editor; whether a key exists is checked, so that its place is told
BY_KEY = {
    "type": "object",
    "properties": {key: {"type": "string", "minLength": 1} for key in texts.RULES},
    "additionalProperties": False,
}
Language = Annotated[dict[str, FixedText], WithJsonSchema(BY_KEY)]


class Texts(Part):
    ru: Language = Field(default_factory=dict, description=gettext_noop("texts in Russian by their keys"))
    en: Language = Field(default_factory=dict, description=gettext_noop("texts in English by their keys"))

    def by_language(self) -> dict[str, dict[str, str]]:
        return {"ru": self.ru, "en": self.en}


def check(document: Texts) -> list[Problem]:
    return [
        problem
        for language, held in document.by_language().items()
        for key, text in held.items()
        if (problem := _problem(language, key, text)) is not None
    ]


def _problem(language: str, key: str, text: str) -> Problem | None:
    try:
        texts.check_text(key, text)
    except texts.TextError as error:
        return Problem(str(error), (language, key))
    except texts.UnknownText:
        said = _("There is no text “%(name)s”.") % {"name": key}
        return Problem(said, (language, key), one_of(texts.RULES, key))
    return None


def difference(old: Texts, new: Texts) -> list[Change]:
    """Which texts have come, have changed, have gone."""
    found = []
    for language, now in new.by_language().items():
        before = old.by_language()[language]
        for key in [*now, *(key for key in before if key not in now)]:
            if before.get(key) != now.get(key):
                found.append(Change(_said(key, language, before, now), (language, key), is_gone=key not in now))
    return found


def _said(key: str, language: str, before: dict[str, str], now: dict[str, str]) -> str:
    where = {"key": key, "language": language}
    if key not in before:
        return _("Text “%(key)s” (%(language)s) is new.") % where
    if key not in now:
        return _("Text “%(key)s” (%(language)s) is gone: the built-in one is said again.") % where
    return _("Text “%(key)s” (%(language)s) has changed.") % where


def preview(document: Texts, client: TelegramUser | None) -> list[Sample]:
    """The texts as they stand, with the client's name; other marks show what fills them."""
    values = {"name": client.first_name} if client else {}
    return [
        Sample(f"{key} ({language})", texts.MARK.sub(lambda mark: values.get(mark[1], mark[0]), text))
        for language, held in document.by_language().items()
        for key, text in held.items()
    ]


def source(key: str, language: str) -> str | None:
    """What the texts in use say; None where they leave it to the kernel (relove.texts.Source)."""
    found = live.in_use(NAME)
    if found is None:
        return None
    held: dict[str, Any] = found.document.by_language()[language]
    return held.get(key)


TEXTS = ScriptKind(
    name=NAME,
    title=gettext_lazy("fixed texts and prompts"),
    model=Texts,
    check=check,
    difference=difference,
    example=to_yaml(texts.DEFAULTS),
    preview=preview,
    is_single=True,
)
