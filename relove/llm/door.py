"""The connection to the model's server, of one event loop: client, places, breaker.

Apart from the rest for the time that its client takes to import.
"""

import asyncio
from functools import lru_cache
from typing import Any

import httpx2
import openai
from django.conf import settings
from django.utils.translation import gettext as _
from pydantic import BaseModel

from relove.llm.breaker import Breaker
from relove.llm.errors import Busy, LLMError, Misconfigured, Refused, TimedOut, retry_after

BODY_LIMIT = 400_000
RECONNECT_SECONDS = 5.0
MISCONFIGURED_SECONDS = 300.0


class Door:
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

    @property
    def is_free(self) -> bool:
        """Whether a question can be asked at once."""
        return self.breaker.left <= 0 and not self.places.locked()

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
            raise TimedOut(
                _("no whole answer within %(seconds)s seconds") % {"seconds": f"{settings.LLM_TIMEOUT:g}"}
            ) from None
        except openai.APIStatusError as error:
            raise _status_error(error) from None
        except (openai.APIConnectionError, httpx2.HTTPError):
            raise Busy(_("no connection to the model's server"), RECONNECT_SECONDS) from None

    async def _read(self, request: dict[str, Any]) -> str:
        body = bytearray()
        async with self.client.chat.completions.with_streaming_response.create(**request) as response:
            async for chunk in response.iter_bytes():
                body += chunk
                if len(body) > BODY_LIMIT:
                    break
        return body[:BODY_LIMIT].decode("utf-8", "replace").replace("\0", "\ufffd")


@lru_cache
def strict(schema: type[BaseModel]) -> Any:
    """The JSON schema as servers want it that shall keep to it."""
    return openai.pydantic_function_tool(schema)["function"]["parameters"]


def _status_error(error: openai.APIStatusError) -> LLMError:
    status, headers = error.status_code, error.response.headers
    if status == 429 or status >= 500:
        wait = retry_after(headers.get("retry-after"), headers.get("date"))
        return Busy(_("the model's server answers with the fault %(status)s") % {"status": status}, wait)
    if status in (401, 402, 403, 404):
        return Misconfigured(
            _("the model's server refuses our key, model or address (%(status)s)") % {"status": status},
            MISCONFIGURED_SECONDS,
        )
    return Refused(_("the model's server refuses this request (%(status)s)") % {"status": status})
