"""Drafts of a commentator's answers, in its voice: the rows and their stages are accounts_mgmt.private's."""

import hashlib
import time
from dataclasses import dataclass

from django.utils import timezone

from accounts_mgmt.private import coming_in, drafting
from commentators import direct, voices
from commentators.checks import Refusal, check_draft
from commentators.drafting import DRAFTS_TRIED
from commentators.models import DirectMessage
from commentators.prompts import Reply, Voice, reply_messages
from relove import llm, oplog
from relove.db import in_thread
from relove.language import detect_language

SUBJECT = "direct_messages"


def claim(limit: int) -> list[tuple[int]]:
    return drafting.claim(DirectMessage, limit)


@dataclass(frozen=True, slots=True)
class Setting:
    """What an answer is written with; `dialogue` is what came before: (ours, text), oldest first."""

    row: DirectMessage
    dialogue: list[tuple[bool, str]]
    voice: Voice
    names: tuple[str, ...]


async def advance_one(message_id: int) -> None:
    """From a claimed message to a draft, to a person with a reason, or to waiting."""
    setting = await in_thread(find_setting, message_id)
    started, error = time.monotonic(), ""
    try:
        error = await _draft(setting)
    except llm.LLMError as failure:
        error = str(failure) or type(failure).__name__
        await in_thread(drafting.wait, setting.row, failure, timezone.now())
    finally:
        await in_thread(drafting.release, setting.row)
    await in_thread(_log, setting.row, started, error)


def find_setting(message_id: int) -> Setting:
    row = DirectMessage.objects.select_related("sender", "user", "account").get(id=message_id)
    user = row.user
    return Setting(
        row=row,
        dialogue=drafting.dialogue(row),
        voice=voices.of(row.account) if row.account else Voice(),
        names=tuple(filter(None, (user.first_name, user.last_name, user.username))),
    )


async def _draft(setting: Setting) -> str:
    """Ask until a text passes the checks, three times at most; answers why there is none."""
    row, refusals = setting.row, list[Refusal]()
    language = detect_language(row.text) or "ru"
    for number in range(DRAFTS_TRIED):
        answer = await llm.ask(
            "reply",
            Reply,
            await in_thread(reply_messages, setting.dialogue, row.text, setting.voice, language, setting.names),
            key=_key(setting, number),
            subject=(SUBJECT, row.pk),
        )
        if answer.value.crisis:
            await in_thread(coming_in.alarm, row, timezone.now())
            return ""
        refusals = check_draft(
            answer.value.text, post_text=row.text, forbidden=setting.voice.forbidden, limits=direct.limits()
        )
        if not refusals:
            await in_thread(drafting.store, row, answer.value.text, answer)
            return ""
    reasons = "; ".join(str(refusal.reason) for refusal in refusals)
    await in_thread(drafting.to_person, row, reasons)
    return reasons


def _key(setting: Setting, number: int) -> str:
    """The same question is never paid for twice; a changed message or a later try is another question."""
    parts = ("reply", setting.row.pk, setting.row.text, setting.row.attempts, number, setting.voice)
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()


def _log(row: DirectMessage, started: float, error: str) -> None:
    oplog.log_operation(
        "draft_reply",
        "failed" if error else "success",
        int((time.monotonic() - started) * 1000),
        error,
        account_id=row.sender_id,
        user_id=row.user_id,
        subject=(SUBJECT, row.pk),
    )
