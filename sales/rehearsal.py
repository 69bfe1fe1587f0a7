"""The sales script's player for the test chat, the preview and saved dialogues.

It is the runtime's engine, and sends nothing. The state carries the talk itself, because the model reads what
was said before.
"""

import asyncio
from typing import Any

from django.utils.translation import gettext as _

from relove import llm
from relove.models import TelegramUser
from sales.document import Script
from sales.kinds import Turn
from sales.player import Progress, play
from sales.replies import Reply, worded
from sales.strategy import Question, Said, analyse

CONTEXT = 20
ABOUT = Question("script_tests")


def rehearse(document: Script, state: dict[str, Any], message: str, client: TelegramUser | None) -> Turn:
    """One message of a talk with the draft; a question asked before is not paid for twice."""
    return asyncio.run(_turn(document, state, message, client))


async def _turn(script: Script, state: dict[str, Any], message: str, client: TelegramUser | None) -> Turn:
    progress = Progress.of(state.get("progress") or {"knows": known_of(client, "")})
    talk = [(bool(ours), str(text)) for ours, text in state.get("talk", [])][-CONTEXT:]
    said = Said(message, talk, names_of(client))
    try:
        return await _played(script, progress, said)
    except llm.LLMError as error:
        why = _("The language model failed (%(error)s).") % {"error": error}
        return Turn({**state, "progress": progress.as_json()}, "", why=why)
    finally:
        await llm.aclose()


async def _played(script: Script, progress: Progress, said: Said) -> Turn:
    analysis = (await analyse(script, progress.step, said, ABOUT)).value
    decision = play(script, progress, said.text, analysis)
    reply = Reply("")
    if decision.strategy:
        reply = await worded(script, decision, analysis.tone, said, ABOUT)
    talk = [*said.dialogue, (False, said.text), *([(True, reply.text)] if reply.text else [])]
    return Turn(
        state={"progress": decision.progress.as_json(), "talk": talk},
        reply="" if reply.refusal else reply.text,
        strategy=decision.strategy or "person",
        trigger=decision.trigger,
        step=decision.step,
        action=decision.action or ("hand_over" if decision.hand_over or reply.refusal else ""),
        why=" ".join(filter(None, (decision.why, reply.why, reply.refusal))),
        score=decision.score,
        facts=decision.learnt,
    )


def names_of(client: TelegramUser | None) -> tuple[str, ...]:
    """What must not leave for a model."""
    return tuple(filter(None, (client.first_name, client.last_name, client.username))) if client else ()


def known_of(client: TelegramUser | None, owner: str) -> dict[str, str]:
    """What lines may name without having asked."""
    known = {"name": client.first_name if client else "", "owner": owner}
    return {key: value for key, value in known.items() if value}
