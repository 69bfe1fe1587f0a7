"""Script or free reply (the StrategySelectorService of the customer's document): pure but for the one question.

An incoming message is analysed by the model; above the script's threshold the script's line is said in the
client's tone (script_80), otherwise a free reply with the script's hints (free_20). Where there is no
analysis nothing is guessed: the dialogue goes to a person.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, Field

from relove import llm, texts
from relove.db import in_thread
from relove.language import detect_language
from relove.prompting import Message, fenced, mask, system, user
from sales.document import Script

REPLY_LIMIT = 1_000
MESSAGE_LIMIT, MATERIAL_LIMIT = 6_000, 4_000
LANGUAGE_NAMES = {"ru": "русский", "en": "English"}


class Strategy(StrEnum):
    SCRIPT = "script_80"
    FREE = "free_20"


class Analysis(BaseModel):
    """What the model reads in a message; `script_fit_score` says how well the script's own words answer it."""

    summary: str = Field(max_length=600)
    intent: str = Field(max_length=80)
    tone: str = Field(max_length=80)
    emotions: list[str] = Field(max_length=12)
    script_fit_score: float = Field(ge=0, le=1, allow_inf_nan=False)
    reason: str = Field(max_length=600)
    crisis: bool


class Wording(BaseModel):
    """A reply as the model words it; nobody is sent it before sales.replies has looked at it."""

    text: str = Field(min_length=1, max_length=4_096)


@dataclass(frozen=True, slots=True)
class Said:
    """A message with what stood in the chat before it: (ours, text), oldest first; `names` are masked."""

    text: str
    dialogue: Sequence[tuple[bool, str]] = ()
    names: tuple[str, ...] = ()

    @property
    def language(self) -> str:
        return detect_language(self.text) or "ru"


def choose(score: float, threshold: float) -> Strategy:
    return Strategy.SCRIPT if score > threshold else Strategy.FREE


# --- what is asked -----------------------------------------------------------------------------------


def analysis_messages(script: Script, step: str, said: Said) -> list[Message]:
    instructions = texts.get("prompt.analysis", said.language, answer_language=_language_name(said))
    return [system(f"{instructions}\n{fenced(_situation(script, step), 'script')}"), user(_conversation(said))]


def adaptation_messages(line: str, tone: str, said: Said) -> list[Message]:
    """Ask for the script's line in the client's tone. The line is ours: it holds no personal data yet."""
    instructions = texts.get("prompt.adaptation", said.language, answer_language=_language_name(said))
    parts = (fenced(line, "line"), fenced(tone, "tone"), _conversation(said))
    return [system(instructions), user("\n".join(parts))]


def free_messages(script: Script, step: str, hints: Sequence[str], said: Said) -> list[Message]:
    values = {"answer_language": _language_name(said), "limit": REPLY_LIMIT}
    instructions = texts.get("prompt.free_reply", said.language, **values)
    material = (fenced("\n".join(hints), "hints"), fenced(_material(script, step), "script"))
    return [system("\n".join((instructions, *material))), user(_conversation(said))]


def key_of(purpose: str, row: int, attempts: int, messages: Sequence[Message]) -> str:
    """The name of a question: the same one is never paid for twice, a changed one or a later try is another."""
    parts = (purpose, row, attempts, *(message["content"] for message in messages))
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()


def _situation(script: Script, step: str) -> str:
    """Where the dialogue stands, the script's next words, and the intents it knows."""
    here = script.step(step) or script.start
    intents = {way.intent: way.about for way in here.transitions}
    for trigger in script.triggers:
        if trigger.kind == "intent":
            intents |= {name: intents.get(name) or trigger.about for name in trigger.intents}
    said = [line.variants[0] for line in here.lines] + [ask.question for ask in here.ask]
    known = [f"{name}: {about}" if about else name for name, about in intents.items()]
    return "\n".join((f"step: {here.title or here.key}", *said, "intents:", *known))


def _material(script: Script, step: str) -> str:
    """What a free reply may draw on: the step first, then the answers, then the rest, as far as it fits."""
    here = script.step(step) or script.start
    lines = [*here.lines, *(line for response in script.responses for line in response.lines)]
    lines += [line for each in script.steps for line in each.lines]
    return "\n".join(dict.fromkeys(line.variants[0] for line in lines))[:MATERIAL_LIMIT]


def _conversation(said: Said) -> str:
    before = "\n".join(f"{'—' if ours else '>'} {text}" for ours, text in said.dialogue)
    return f"{_untrusted(before, 'dialogue', said)}\n{_untrusted(said.text, 'message', said)}"


def _untrusted(text: str, label: str, said: Said) -> str:
    return fenced(mask(text[-MESSAGE_LIMIT:], said.names).text, label)


def _language_name(said: Said) -> str:
    return LANGUAGE_NAMES[said.language]


# --- asking ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """About which row the model is asked, and how often before in vain."""

    table: str
    row: int = 0
    attempts: int = 0

    @property
    def subject(self) -> tuple[str, int] | None:
        return (self.table, self.row) if self.row else None


async def analyse(script: Script, step: str, said: Said, about: Question) -> llm.Answer[Analysis]:
    """Raises LLMError, also for a score that is no number from 0 to 1."""
    messages = await in_thread(analysis_messages, script, step, said)
    key = key_of("analysis", about.row, about.attempts, messages)
    return await llm.ask("analysis", Analysis, messages, key=key, subject=about.subject)


async def word(purpose: str, messages: list[Message], about: Question) -> llm.Answer[Wording]:
    """Ask for a wording: `purpose` is adaptation or free_reply. Raises LLMError."""
    key = key_of(purpose, about.row, about.attempts, messages)
    return await llm.ask(purpose, Wording, messages, key=key, subject=about.subject)
