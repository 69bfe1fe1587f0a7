"""Received messages that wait for a draft: found again from their stage, whoever died meanwhile.

The model's failure sends nothing: the message waits and says why, and after some failures goes to a person.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts_mgmt.outbox import Origin, Status
from accounts_mgmt.private.dialogues import thread_of
from accounts_mgmt.private.model import PrivateMessage
from relove import llm

Direction, Stage = PrivateMessage.Direction, PrivateMessage.Stage
# How many messages of the thread a draft is written with, and how often the model may fail.
CONTEXT = 20
FAILURES = 8

CLAIM = """
WITH due AS (
    SELECT id FROM {table}
    WHERE stage = 'wanted' AND (next_try IS NULL OR next_try <= now())
      AND (claimed_until IS NULL OR claimed_until < now())
    ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE {table} m SET claimed_until = now() + %s * interval '1 second'
FROM due WHERE m.id = due.id
RETURNING m.id
"""


def claim(kind: type[PrivateMessage], limit: int) -> list[tuple[int]]:
    """Messages that wait for a draft, ours for a while."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM.format(table=kind._meta.db_table), [limit, settings.LLM_CLAIM_SECONDS])
        return list(cursor.fetchall())


def release(row: PrivateMessage) -> None:
    _rows(row).update(claimed_until=None)


def dialogue(row: PrivateMessage) -> list[tuple[bool, str]]:
    """What stood in the chat before the message: (ours, text), oldest first."""
    thread = type(row)._default_manager.filter(sender_id=row.sender_id, user_id=row.user_id)
    said = thread.filter(status=Status.SENT, id__lt=row.pk).order_by("-id").values_list("direction", "text")
    return [(direction == Direction.OUT, text) for direction, text in reversed(said[:CONTEXT])]


@transaction.atomic
def store(row: PrivateMessage, text: str, answer: "llm.Answer[Any]", **columns: Any) -> PrivateMessage | None:
    """Keep the draft; None where the thread has gone on meanwhile."""
    wanted = _rows(row).filter(stage=Stage.WANTED, text=row.text)
    if not wanted.select_for_update().exists():
        return None
    wanted.update(stage=Stage.NONE, stage_reason="")
    draft = thread_of(row).new(Direction.OUT, text, Origin.MACHINE)
    draft.drafted_text, draft.model, draft.llm_call_id = text, answer.model, answer.call_id
    for name, value in columns.items():
        setattr(draft, name, value)
    draft.save()
    return draft


def to_person(row: PrivateMessage, reason: str) -> None:
    """Only while it is still wanted: a newer message, or a person, may have taken it over."""
    _rows(row).filter(stage=Stage.WANTED).update(stage=Stage.PERSON, stage_reason=reason[:255])


def wait(row: PrivateMessage, error: llm.LLMError, now: datetime) -> None:
    """The model failed: the message waits and says why; after some failures it goes to a person."""
    attempts = row.attempts + 1
    reason = _("The language model failed (%(error)s).") % {"error": error}
    if attempts >= FAILURES:
        to_person(row, reason)
    next_try = now + llm.backoff(error, attempts)
    _rows(row).update(attempts=attempts, next_try=next_try, stage_reason=reason[:255])


def _rows(row: PrivateMessage) -> Any:
    return type(row)._default_manager.filter(pk=row.pk)
