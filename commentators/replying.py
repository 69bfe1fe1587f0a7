"""Drafts of answers to private messages: found again from the message's stage, like drafts of comments.

The model's failure sends nothing: the message waits and says why, and after some failures goes to a person.
"""

import hashlib
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts_mgmt.outbox import Origin, Status
from commentators.checks import Refusal, check_draft
from commentators.direct import LIMITS
from commentators.drafting import CLAIM_SECONDS, DRAFTS_TRIED, FIRST_WAIT, LONGEST_WAIT, voice_of
from commentators.models import AccountPersonality, DirectMessage
from commentators.prompts import Draft, Voice, reply_messages
from relove import llm, oplog
from relove.db import in_thread
from relove.language import detect_language

Direction, Stage = DirectMessage.Direction, DirectMessage.Stage
# How many messages of the thread a draft is written with, and how often the model may fail.
CONTEXT = 20
FAILURES = 8
SUBJECT = "direct_messages"

CLAIM = """
UPDATE direct_messages m SET claimed_until = now() + %s * interval '1 second'
FROM (SELECT id FROM direct_messages
      WHERE stage = 'wanted' AND (next_try IS NULL OR next_try <= now())
        AND (claimed_until IS NULL OR claimed_until < now())
      ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED) due
WHERE m.id = due.id
RETURNING m.id, m.sender_id
"""


def claim(limit: int) -> list[tuple[int, int]]:
    """Messages that wait for a draft, ours for a while: (id, account)."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [CLAIM_SECONDS, limit])
        return list(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class Setting:
    """What an answer is written with; `dialogue` is what came before: (ours, text), oldest first."""

    row: DirectMessage
    dialogue: list[tuple[bool, str]]
    voice: Voice
    names: tuple[str, ...]


async def advance_one(message_id: int, account_id: int) -> None:
    """From a claimed message to a draft, to a person with a reason, or to waiting."""
    setting = await in_thread(find_setting, message_id)
    started, error = time.monotonic(), ""
    try:
        error = await _draft(setting)
    except llm.LLMError as failure:
        error = str(failure) or type(failure).__name__
        await in_thread(_wait, setting.row, failure, timezone.now())
    finally:
        await in_thread(_release, message_id)
    await in_thread(_log, setting.row, started, error)


def find_setting(message_id: int) -> Setting:
    row = DirectMessage.objects.select_related("sender", "user").get(id=message_id)
    before = DirectMessage.objects.thread(row.sender_id, row.user_id).filter(status=Status.SENT, id__lt=row.id)
    said = list(before.order_by("-id").values_list("direction", "text")[:CONTEXT])
    personality = AccountPersonality.objects.filter(account__session=row.sender).first()
    user = row.user
    return Setting(
        row=row,
        dialogue=[(direction == Direction.OUT, text) for direction, text in reversed(said)],
        voice=voice_of(personality) if personality else Voice(),
        names=tuple(filter(None, (user.first_name, user.last_name, user.username))),
    )


async def _draft(setting: Setting) -> str:
    """Ask until a text passes the checks, three times at most; answers why there is none."""
    row, refusals = setting.row, list[Refusal]()
    language = detect_language(row.text) or "ru"
    for number in range(DRAFTS_TRIED):
        answer = await llm.ask(
            "reply",
            Draft,
            reply_messages(setting.dialogue, row.text, setting.voice, language, setting.names),
            key=_key(setting, number),
            subject=(SUBJECT, row.pk),
        )
        refusals = check_draft(
            answer.value.text, post_text=row.text, forbidden=setting.voice.forbidden, limits=LIMITS
        )
        if not refusals:
            await in_thread(store, row, answer)
            return ""
    reasons = "; ".join(str(refusal.reason) for refusal in refusals)
    await in_thread(_to_person, row, reasons)
    return reasons


def _key(setting: Setting, number: int) -> str:
    """The same question is never paid for twice; a changed message or a later try is another question."""
    parts = ("reply", setting.row.pk, setting.row.text, setting.row.attempts, number, setting.voice)
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()


@transaction.atomic
def store(row: DirectMessage, answer: llm.Answer[Draft]) -> DirectMessage | None:
    """Keep the draft; None where the thread has gone on meanwhile."""
    if not DirectMessage.objects.select_for_update().filter(pk=row.pk, stage=Stage.WANTED, text=row.text).exists():
        return None
    _set(row, Stage.NONE, "")
    draft: DirectMessage = DirectMessage.objects.create(
        sender=row.sender,
        account_id=row.account_id,
        user=row.user,
        chat_id=row.chat_id,
        direction=Direction.OUT,
        text=answer.value.text,
        drafted_text=answer.value.text,
        origin=Origin.MACHINE,
        model=answer.model,
        llm_call_id=answer.call_id,
    )
    return draft


def _set(row: DirectMessage, stage: str, reason: str) -> None:
    """Only while it is still wanted: a newer message, or a person, may have taken it over."""
    DirectMessage.objects.filter(pk=row.pk, stage=Stage.WANTED).update(stage=stage, stage_reason=reason[:255])


def _to_person(row: DirectMessage, reason: str) -> None:
    _set(row, Stage.PERSON, reason)


def _wait(row: DirectMessage, error: llm.LLMError, now: datetime) -> None:
    attempts = row.attempts + 1
    reason = _("The language model failed (%(error)s).") % {"error": error}
    if attempts >= FAILURES:
        _to_person(row, reason)
    pause = max(error.retry_after or 0, min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT).total_seconds())
    DirectMessage.objects.filter(pk=row.pk).update(
        attempts=attempts, next_try=now + timedelta(seconds=pause), stage_reason=reason[:255]
    )


def _release(message_id: int) -> None:
    DirectMessage.objects.filter(pk=message_id).update(claimed_until=None)


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
