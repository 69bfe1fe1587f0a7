"""Prompts of the commentators and the shape of their answers: pure, texts come from relove.texts."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from relove import texts
from relove.prompting import Message, fenced, mask, system, user

DRAFT_LIMIT = 600
REPLY_LIMIT = 1_000
POST_LIMIT = 6_000
LANGUAGE_NAMES = {"ru": "русский", "en": "English"}
Keyword = Annotated[str, Field(min_length=1, max_length=60)]


class Summary(BaseModel):
    """What a post says, as the seed's table telegram_posts keeps it."""

    main_idea: str = Field(min_length=1, max_length=600)
    keywords: list[Keyword] = Field(min_length=1, max_length=12)
    tone: str = Field(min_length=1, max_length=60)
    content_type: Literal["story", "announcement", "question", "advice", "news", "quote", "media", "other"]


class Draft(BaseModel):
    """A comment as the model proposes it; it is shown to nobody before commentators.checks has seen it."""

    text: str = Field(min_length=1, max_length=4_096)


class Reply(Draft):
    """A private answer; `crisis` where the model takes the message for a cry for help, whatever its words."""

    crisis: bool


@dataclass(frozen=True, slots=True)
class Voice:
    """An account's way of writing; `forbidden` are words it never uses."""

    style: str = ""
    tone: str = ""
    interests: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


def summary_messages(post_text: str, language: str, names: Iterable[str] = ()) -> list[Message]:
    """Ask for a Summary of `post_text`; `names` are people whose names must not leave."""
    instructions = texts.get("prompt.summary", language, answer_language=_language_name(language))
    return [system(instructions), user(_untrusted(post_text, "post", names))]


def draft_messages(
    post_text: str,
    summary: Summary,
    personality: Voice,
    language: str,
    hint: str = "",
    names: Iterable[str] = (),
) -> list[Message]:
    """Ask for a Draft under `post_text` in the account's voice; `hint` is an editor's wish."""
    names = tuple(names)
    values = {"answer_language": _language_name(language), "limit": DRAFT_LIMIT}
    instructions = texts.get("prompt.draft", language, **values)
    voice = fenced(json.dumps(asdict(personality), ensure_ascii=False), "voice")
    parts = [_untrusted(post_text, "post", names), _untrusted(_as_json(summary), "summary", names)]
    if hint:
        parts.append(f"{texts.get('prompt.hint', language)}\n{fenced(hint, 'hint')}")
    return [system(f"{instructions}\n{voice}"), user("\n".join(parts))]


def reply_messages(
    dialogue: Sequence[tuple[bool, str]],
    message: str,
    personality: Voice,
    language: str,
    names: Iterable[str] = (),
) -> list[Message]:
    """Ask for a Reply to `message`; `dialogue` is what came before: (ours, text), oldest first."""
    names = tuple(names)
    values = {"answer_language": _language_name(language), "limit": REPLY_LIMIT}
    instructions = texts.get("prompt.reply", language, **values)
    voice = fenced(json.dumps(asdict(personality), ensure_ascii=False), "voice")
    said = "\n".join(f"{'—' if ours else '>'} {text}" for ours, text in dialogue)
    parts = [_untrusted(said, "dialogue", names), _untrusted(message, "message", names)]
    return [system(f"{instructions}\n{voice}"), user("\n".join(parts))]


def _untrusted(text: str, label: str, names: Iterable[str]) -> str:
    return fenced(mask(text[:POST_LIMIT], names).text, label)


def _as_json(summary: Summary) -> str:
    return json.dumps(summary.model_dump(), ensure_ascii=False)


def _language_name(language: str) -> str:
    return LANGUAGE_NAMES.get(language.partition("-")[0], LANGUAGE_NAMES["ru"])
