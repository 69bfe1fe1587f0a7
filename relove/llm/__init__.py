"""The one door to a language model: an OpenAI-compatible server at settings.LLM_BASE_URL.

    answer = await llm.ask("draft", Draft, messages, key="draft:17:3", subject=("telegram_posts", 17))

Every answer that reached us is committed to llm_calls before it is read, and the same key is never paid for
twice. What can go wrong:

    LLMError
    ├── Busy           retry_after        429, 5xx, no connection, breaker open, budget spent, asked elsewhere
    │   └── Misconfigured  retry_after    the server refuses our key, model or address
    ├── TimedOut                          no whole answer within LLM_TIMEOUT
    ├── BadAnswer      permanent          malformed, truncated, empty, too long, other schema, NaN
    └── Refused        permanent          the model or the server refuses this request

`permanent` speaks of the key: Busy and TimedOut may be asked again with it, the others need a new one.
Client, places (LLM_CONCURRENCY) and breaker belong to one event loop of one process.
"""

import asyncio
import logging
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import InterfaceError, OperationalError
from pydantic import BaseModel

from relove import options
from relove.db import in_thread
from relove.faultpoints import reach
from relove.llm import ledger, reading
from relove.llm.errors import BadAnswer, Busy, LLMError, Misconfigured, Refused, TimedOut, backoff
from relove.models import LLMCall
from relove.prompting import Masked, Message, clean, fenced, mask

if TYPE_CHECKING:
    from relove.llm.door import Door

__all__ = [
    "Answer",
    "BadAnswer",
    "Busy",
    "LLMError",
    "Masked",
    "Message",
    "Misconfigured",
    "Refused",
    "TimedOut",
    "aclose",
    "ask",
    "backoff",
    "fenced",
    "mask",
]

logger = logging.getLogger(__name__)

CHARACTERS_PER_TOKEN = 3
KEEP_PAUSES = (0.1, 0.5, 1, 2, 5, 10, 20, 30, 30)
T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A value of the asked schema, and what it cost (USD)."""

    value: T
    call_id: int
    model: str
    prompt_tokens: int
    completion_tokens: int
    cost: Decimal


_doors: WeakKeyDictionary[asyncio.AbstractEventLoop, "Door"] = WeakKeyDictionary()


async def ask(
    purpose: str,
    schema: type[T],
    messages: list[Message],
    *,
    key: str,
    subject: tuple[str, int] | None = None,
    max_tokens: int = 1_000,
) -> Answer[T]:
    """Ask the model for a value of `schema`; raises LLMError (the module draws its tree).

    `key` (64 characters at most) names the question: the answer kept under it is returned without a request.
    `subject` is the row (table, id) the question is about. Not to be called inside a transaction.
    """
    door = await _door()
    if not door.is_free and (kept := await in_thread(ledger.answered, key)):
        return await in_thread(_answer, kept, schema)
    question = ledger.Question(key, purpose, _request(schema, messages, max_tokens), subject)
    return await _asked(door, question, schema)


async def aclose() -> None:
    """Close this event loop's connections; the next `ask` opens new ones."""
    if door := _doors.pop(asyncio.get_running_loop(), None):
        await door.client.close()


async def _asked(door: "Door", question: ledger.Question, schema: type[T]) -> Answer[T]:
    async with door.places:
        door.breaker.check()
        call = await in_thread(ledger.claim, question)
        if call.status != LLMCall.Status.STARTED:
            return await in_thread(_answer, call, schema)
        began = time.monotonic()
        body = await _fetch(door, call, began)
        logger.info("model call %s (%s) took %s ms", call.pk, call.purpose, _ms(began))
    # the place is free by now; and shielded: being cancelled does not lose what was paid for
    return await asyncio.shield(_keep(call, body, _ms(began), schema))


async def _fetch(door: "Door", call: LLMCall, began: float) -> str:
    try:
        return await door.fetch(call.request)
    except LLMError as error:
        logger.warning("model call %s (%s): %s", call.pk, call.purpose, error)
        await in_thread(ledger.fail, call, str(error), _ms(began))
        raise
    except asyncio.CancelledError:
        await asyncio.shield(in_thread(ledger.fail, call, "cancelled", _ms(began)))
        raise


async def _keep(call: LLMCall, body: str, duration_ms: int, schema: type[T]) -> Answer[T]:
    """Commit a paid answer and read it; a database that is away for a minute is waited for."""
    for pause in KEEP_PAUSES:
        try:
            return await in_thread(_kept, call, body, duration_ms, schema)
        except (OperationalError, InterfaceError):
            await asyncio.sleep(pause)
    return await in_thread(_kept, call, body, duration_ms, schema)


def _kept(call: LLMCall, body: str, duration_ms: int, schema: type[T]) -> Answer[T]:
    ledger.keep(call, body, duration_ms)
    reach("model_answered")
    return _answer(call, schema)


def _answer(call: LLMCall, schema: type[T]) -> Answer[T]:
    """Read a kept answer, again if need be; raises BadAnswer and Refused."""
    try:
        completion = reading.completion((call.response or {}).get("body", ""))
        ledger.account(call, *_tokens(call, completion))
        value = reading.value(completion, schema)
    except LLMError as error:
        ledger.complain(call, str(error))
        raise
    return Answer(value, call.pk, call.model, call.prompt_tokens, call.completion_tokens, call.cost)


def _tokens(call: LLMCall, completion: reading.Completion) -> tuple[int, int]:
    """Tokens as the server counted them; estimated where it did not, because the budget must hold."""
    if completion.usage:
        return completion.usage.prompt_tokens, completion.usage.completion_tokens
    asked = sum(len(message["content"]) for message in call.request["messages"])
    given = len(completion.choices[0].message.content or "")
    return asked // CHARACTERS_PER_TOKEN, given // CHARACTERS_PER_TOKEN


async def _door() -> "Door":
    """This loop's door; a changed address gets a new one."""
    loop = asyncio.get_running_loop()
    door = _doors.get(loop)
    if door and door.address != (settings.LLM_BASE_URL, settings.LLM_API_KEY):
        await aclose()
        door = None
    if door is None:
        # takes as long to import as all the rest of a process, and few processes ask
        from relove.llm.door import Door

        door = _doors[loop] = Door()
    return door


def _request(schema: type[BaseModel], messages: list[Message], max_tokens: int) -> dict[str, Any]:
    # late, as the door
    from relove.llm.door import strict

    return {
        "model": options.value("LLM_MODEL"),
        "messages": [{"role": message["role"], "content": clean(message["content"])} for message in messages],
        "max_completion_tokens": max_tokens,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": schema.__name__, "schema": strict(schema), "strict": True},
        },
    }


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
