"""From a decision to the words that may be sent: adapted lines keep their facts, free replies invent none."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils.translation import gettext as _

from relove import llm
from relove.claims import claim
from relove.db import in_thread
from relove.language import detect_language, words
from relove.orders import gives_away, obeys
from relove.prompting import MARK
from relove.testimonials import praise
from relove.texts import MESSAGE_LIMIT
from sales.document import Script
from sales.facts import CONTACTS, changed, foreign, in_words
from sales.parts import fill
from sales.player import Decision
from sales.strategy import (
    REPLY_LIMIT,
    Question,
    Said,
    Strategy,
    Wording,
    adaptation_messages,
    free_messages,
    word,
)

# Haste and shame that no text of ours may make (Honest automation). What the script itself says is its author's.
PRESSURE = re.compile(
    r"только сегодня|последн\w+ (?:шанс|мест\w*|день|возможност\w+)"
    r"|осталось \w+ мест|мест\w* (?:почти )?не осталось"
    r"|успей\w*|поторопи\w*|пока не поздно|решай\w* (?:сейчас|быстрее)|пожале\w+, (?:если|что)|стыдно"
    r"|only today|last chance|hurry|few (?:places|seats) left|before it is too late|you will regret|shame on",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said, or why nothing may be said by itself. `text` of a refused reply is a draft for a person."""

    text: str
    why: str = ""
    refusal: str = ""
    answer: llm.Answer[Wording] | None = None


async def worded(script: Script, decision: Decision, tone: str, said: Said, about: Question) -> Reply:
    """The words of a decision. Raises LLMError where the model should be asked again."""
    if decision.strategy is Strategy.SCRIPT:
        return await _adapted(script, decision, tone, said, about)
    return await _free(script, decision, said, about)


async def _adapted(script: Script, decision: Decision, tone: str, said: Said, about: Question) -> Reply:
    plain = as_written(decision)
    try:
        messages = await in_thread(adaptation_messages, decision.line, tone, said)
        answer = await word("adaptation", messages, about)
    except (llm.BadAnswer, llm.Refused) as error:
        return Reply(plain.text, _("The line as written: the model gave no usable wording (%s).") % error)
    differing = changed(decision.line, answer.value.text, script.settings.programmes)
    if differing:
        reason = _("The line as written: its facts were changed (%s).") % in_words(differing)
        return Reply(plain.text, reason, answer=answer)
    text = fill(answer.value.text, decision.progress.knows)
    if text is None or (reasons := _unfit(answer.value.text, said, MESSAGE_LIMIT, line=decision.line)):
        why = " ".join(reasons) if text is not None else _("a placeholder was lost")
        return Reply(plain.text, _("The line as written: %s") % why, answer=answer)
    return Reply(text, _("The line in the client's tone."), answer=answer)


def as_written(decision: Decision) -> Reply:
    """The script's line with its placeholders filled: the engine chose one that can be."""
    return Reply(fill(decision.line, decision.progress.knows) or "")


async def _free(script: Script, decision: Decision, said: Said, about: Question) -> Reply:
    messages = await in_thread(free_messages, script, decision.step, decision.hints, said)
    answer = await word("free_reply", messages, about)
    text = answer.value.text.strip()
    return Reply(text, _("A free reply with the script's hints."), " ".join(why_not(script, text, said)), answer)


class Source(Protocol):
    """What a free text may take its facts from: a document of any kind that speaks to people."""

    @property
    def settings(self) -> Any: ...

    def said(self) -> Iterable[str]: ...


def why_not(script: Source, text: str, said: Said) -> list[str]:
    """Why a free text may not leave by itself; empty where it may."""
    reasons = _unfit(text, said, REPLY_LIMIT)
    unknown = foreign(text, [*script.said(), said.text], script.settings.programmes)
    # a link or a phone of the message's own would be another's way into our words
    unknown += [fact for fact in foreign(text, script.said()) if fact.kind in CONTACTS and fact not in unknown]
    if unknown:
        reasons.append(_("Neither the script nor the client has named: %s.") % in_words(unknown))
    return reasons


def _unfit(text: str, said: Said, limit: int, line: str = "") -> list[str]:
    """What no text of the machine may be; what the script's own `line` says is no fault of the wording."""
    checks: Mapping[str, bool] = {
        _("It has no words, or too many."): not words(text) or len(text) > limit,
        _("It claims a human life or own experience."): bool(claim(text, said.text)) and not claim(line),
        _("It speaks as a client, or praises."): bool(praise(text)) and not praise(line),
        _("It presses or shames."): bool(PRESSURE.search(text)) and not PRESSURE.search(line),
        _("It holds a mark instead of words."): bool(MARK.search(text)),
        _("It follows an order in the message."): obeys(text, said.text),
        _("It gives away the instructions to the model."): gives_away(text) and not gives_away(line),
        _("It is in another language."): said.language != (detect_language(text) or said.language) and not line,
    }
    return [reason for reason, holds in checks.items() if holds]
