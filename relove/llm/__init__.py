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
import time
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

import httpx2
import openai
from django.conf import settings
from django.db import InterfaceError, OperationalError
from pydantic import BaseModel

from relove import options
from relove.db import in_thread
from relove.llm import ledger, reading
from relove.llm.breaker import Breaker
from relove.llm.errors import BadAnswer, Busy, LLMError, Misconfigured, Refused, TimedOut, retry_after
from relove.models import LLMCall
from relove.prompting import Masked, Message, clean, fenced, mask

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
    "fenced",
    "mask",
]

BODY_LIMIT = 400_000
RECONNECT_SECONDS = 5.0
MISCONFIGURED_SECONDS = 300.0
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


class _Door:
    """Client, places and breaker of one event loop."""

    def __init__(self) -> None:
        self.address = (settings.LLM_BASE_URL, settings.LLM_API_KEY)
        self.client = openai.AsyncOpenAI(
            base_url=settings.LLM_BASE_URL,
            api_key=settings.LLM_API_KEY,
            timeout=settings.LLM_TIMEOUT,
            max_retries=0,
        )
        self.places = asyncio.Semaphore(settings.LLM_CONCURRENCY)
        self.breaker = Breaker()

    async def fetch(self, request: dict[str, Any]) -> str:
        """The body of the server's answer, at most BODY_LIMIT bytes of it; raises LLMError."""
        try:
            body = await self._exchange(request)
        except Busy as error:
            if error.retry_after and not isinstance(error, Misconfigured):
                self.breaker.pause(error.retry_after)
            self.breaker.failed()
            raise
        except TimedOut:
            self.breaker.failed()
            raise
        self.breaker.succeeded()
        return body

    async def _exchange(self, request: dict[str, Any]) -> str:
        try:
            # The client's own time-out starts anew with every byte: a trickle would pass it.
            async with asyncio.timeout(settings.LLM_TIMEOUT):
                return await self._read(request)
        except (TimeoutError, openai.APITimeoutError, httpx2.TimeoutException):
            raise TimedOut(f"no whole answer within {settings.LLM_TIMEOUT:g} seconds") from None
        except openai.APIStatusError as error:
            raise _status_error(error) from None
        except (openai.APIConnectionError, httpx2.HTTPError):
            raise Busy("no connection to the model's server", RECONNECT_SECONDS) from None

    async def _read(self, request: dict[str, Any]) -> str:
        body = bytearray()
        async with self.client.chat.completions.with_streaming_response.create(**request) as response:
            async for chunk in response.iter_bytes():
                body += chunk
                if len(body) > BODY_LIMIT:
                    break
        return body[:BODY_LIMIT].decode("utf-8", "replace").replace("\0", "\ufffd")


_doors: WeakKeyDictionary[asyncio.AbstractEventLoop, _Door] = WeakKeyDictionary()


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
    if (call := await in_thread(ledger.answered, key)) is None:
        question = ledger.Question(key, purpose, _request(schema, messages, max_tokens), subject)
        call = await _asked(question)
    return await in_thread(_answer, call, schema)


async def aclose() -> None:
    """Close this event loop's connections; the next `ask` opens new ones."""
    if door := _doors.pop(asyncio.get_running_loop(), None):
        await door.client.close()


async def _asked(question: ledger.Question) -> LLMCall:
    door = await _door()
    async with door.places:
        door.breaker.check()
        call = await in_thread(ledger.claim, question)
        if call.status != LLMCall.Status.STARTED:
            return call
        began = time.monotonic()
        body = await _fetch(door, call, began)
    # the place is free by now; and shielded: being cancelled does not lose what was paid for
    await asyncio.shield(_keep(call, body, _ms(began)))
    return call


async def _fetch(door: _Door, call: LLMCall, began: float) -> str:
    try:
        return await door.fetch(call.request)
    except LLMError as error:
        await in_thread(ledger.fail, call, str(error), _ms(began))
        raise
    except asyncio.CancelledError:
        await asyncio.shield(in_thread(ledger.fail, call, "cancelled", _ms(began)))
        raise


async def _keep(call: LLMCall, body: str, duration_ms: int) -> None:
    """Commit a paid answer; a database that is away for a minute is waited for."""
    for pause in KEEP_PAUSES:
        try:
            return await in_thread(ledger.keep, call, body, duration_ms)
        except (OperationalError, InterfaceError):
            await asyncio.sleep(pause)
    return await in_thread(ledger.keep, call, body, duration_ms)


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


async def _door() -> _Door:
    """This loop's door; a changed address gets a new one."""
    loop = asyncio.get_running_loop()
    door = _doors.get(loop)
    if door and door.address != (settings.LLM_BASE_URL, settings.LLM_API_KEY):
        await aclose()
        door = None
    if door is None:
        door = _doors[loop] = _Door()
    return door


def _request(schema: type[BaseModel], messages: list[Message], max_tokens: int) -> dict[str, Any]:
    return {
        "model": options.value("LLM_MODEL"),
        "messages": [{"role": message["role"], "content": clean(message["content"])} for message in messages],
        "max_completion_tokens": max_tokens,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": schema.__name__, "schema": _strict(schema), "strict": True},
        },
    }


@lru_cache
def _strict(schema: type[BaseModel]) -> Any:
    return openai.pydantic_function_tool(schema)["function"]["parameters"]


def _status_error(error: openai.APIStatusError) -> LLMError:
    status, headers = error.status_code, error.response.headers
    if status == 429 or status >= 500:
        wait = retry_after(headers.get("retry-after"), headers.get("date"))
        return Busy(f"the model's server answers {status}", wait)
    if status in (401, 402, 403, 404):
        return Misconfigured(
            f"the model's server refuses our key, model or address ({status})", MISCONFIGURED_SECONDS
        )
    return Refused(f"the model's server refuses this request ({status})")


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
