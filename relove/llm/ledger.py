"""Paid answers are kept: the rows of llm_calls (design, decision 15). Synchronous; times are the database's.

started ──▶ answered   what was received is committed here, before it is read
   │  ▲
   ▼  │                a failed call is free to be asked again; one left `started` by a crash once more
failed
"""

import json
from dataclasses import dataclass
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Q, Sum
from django.db.models.functions import Now, TruncDay
from django.utils.translation import gettext as _

from relove import options
from relove.llm.errors import BadAnswer, Busy
from relove.models import LLMCall

INTERRUPTED = "interrupted, asked once more"
GRACE_SECONDS = 10
BUDGET_PAUSE = 600.0
MILLION = Decimal(1_000_000)
# One guarded statement by the database's clock: of two processes one gets a row, the other none.
CLAIM = """
INSERT INTO llm_calls AS held (key, purpose, subject_table, subject_id, model, request, status, error,
                               attempts, prompt_tokens, completion_tokens, cost, duration_ms, created_at)
VALUES (%(key)s, %(purpose)s, %(table)s, %(pk)s, %(model)s, %(request)s, 'started', '',
        1, 0, 0, 0, 0, statement_timestamp())
ON CONFLICT (key) DO UPDATE
SET status = 'started', attempts = held.attempts + 1, created_at = excluded.created_at,
    request = excluded.request, model = excluded.model,
    error = CASE held.status WHEN 'failed' THEN '' ELSE %(interrupted)s END
WHERE held.status = 'failed'
   OR held.status = 'started' AND held.error <> %(interrupted)s
      AND held.created_at < statement_timestamp() - %(patience)s
RETURNING *
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, for what purpose, and about which row (table, id)."""

    key: str
    purpose: str
    request: dict[str, Any]
    subject: tuple[str, int] | None = None


def answered(key: str) -> LLMCall | None:
    """The call of this key if its answer has arrived."""
    return LLMCall.objects.filter(key=key, status=LLMCall.Status.ANSWERED).first()


def claim(question: Question) -> LLMCall:
    """Take the right to ask: the row is `started` and ours, or already `answered`.

    Raises Busy while another process is asking or the day's budget is spent, BadAnswer for a question that
    two crashes have interrupted.
    """
    try:
        _check_budget()
    except Busy:
        # what has been paid for is there for the asking
        if kept := answered(question.key):
            return kept
        raise
    table, pk = question.subject or ("", None)
    parameters = {
        **{"key": question.key, "purpose": question.purpose, "table": table, "pk": pk},
        **{"model": question.request["model"], "request": json.dumps(question.request)},
        **{"interrupted": INTERRUPTED, "patience": _patience()},
    }
    for call in LLMCall.objects.raw(CLAIM, parameters):
        return call
    rows = LLMCall.objects.annotate(is_stale=Q(created_at__lt=Now() - _patience()))
    return _not_ours(rows.get(key=question.key))


def keep(call: LLMCall, body: str, duration_ms: int) -> None:
    """Commit what was received, unread; a NUL is the one character PostgreSQL cannot hold."""
    call.status, call.response, call.duration_ms = LLMCall.Status.ANSWERED, {"body": body}, duration_ms
    LLMCall.objects.filter(pk=call.pk).update(
        status=call.status, response=call.response, duration_ms=duration_ms, answered_at=Now(), error=""
    )


def fail(call: LLMCall, reason: str, duration_ms: int) -> None:
    """Nothing arrived: the row may be asked again."""
    LLMCall.objects.filter(pk=call.pk, status=LLMCall.Status.STARTED).update(
        status=LLMCall.Status.FAILED, error=reason, duration_ms=duration_ms
    )


def account(call: LLMCall, prompt_tokens: int, completion_tokens: int) -> None:
    """Write down what the answer cost; done once, also when a crash came between keep and here."""
    if call.prompt_tokens:
        return
    price_in, price_out = (Decimal(str(price)) for price in settings.LLM_PRICES.get(call.model, (0, 0)))
    call.prompt_tokens, call.completion_tokens = prompt_tokens, completion_tokens
    call.cost = (price_in * prompt_tokens + price_out * completion_tokens) / MILLION
    call.save(update_fields=["prompt_tokens", "completion_tokens", "cost"])


def complain(call: LLMCall, reason: str) -> None:
    """Note why a kept answer is of no use."""
    LLMCall.objects.filter(pk=call.pk).update(error=reason)


def spent_today() -> Decimal:
    """USD of the day, UTC, that the budget counts."""
    today = LLMCall.objects.filter(created_at__gte=TruncDay(Now(), tzinfo=UTC))
    return today.aggregate(total=Sum("cost"))["total"] or Decimal(0)


def _not_ours(call: LLMCall) -> LLMCall:
    if call.status == LLMCall.Status.ANSWERED:
        return call
    if getattr(call, "is_stale", False):
        raise BadAnswer(_("asked twice, and both times the process ended before the answer"))
    raise Busy(_("this question is being asked by another process"), GRACE_SECONDS)


def _patience() -> timedelta:
    """How long a call may be in flight before its process must have died."""
    return timedelta(seconds=settings.LLM_TIMEOUT + GRACE_SECONDS)


def _check_budget() -> None:
    """Raises Busy when the day's budget, UTC, is spent. Calls in flight may overdraw it by what they cost.

    A model without a price is free.
    """
    if options.value("LLM_MODEL") not in settings.LLM_PRICES:
        return
    budget = options.value("LLM_DAILY_BUDGET_USD")
    if spent_today() >= budget:
        spent = _("the day's budget of %(budget)s USD is spent")
        raise Busy(spent % {"budget": options.shown(budget)}, BUDGET_PAUSE)
