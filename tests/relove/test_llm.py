"""The door to a language model against the sandbox's real HTTP server."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import closing
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from django.utils import timezone
from pydantic import BaseModel
from pytest_django import Settings

from relove import llm
from relove.llm.ledger import INTERRUPTED, spent_today
from relove.models import LLMCall
from relove.prompting import system, user
from tests.sandbox.llm_server import LLMServer, llm_server

pytestmark = pytest.mark.django_db(transaction=True)
R = TypeVar("R")


class Draft(BaseModel):
    text: str


class Score(BaseModel):
    score: float


MESSAGES = [system("Пиши по-русски."), user("⟦post⟧\nПуть героя начинается с отказа от призыва.\n⟦/post⟧")]


@pytest.fixture(scope="module")
def running() -> Iterator[LLMServer]:
    with llm_server() as server:
        yield server


@pytest.fixture
def server(running: LLMServer, settings: Settings) -> LLMServer:
    running.state.__init__()  # type: ignore[misc]
    settings.LLM_BASE_URL = f"{running.base_url}/v1"
    settings.LLM_TIMEOUT = 5.0
    return running


def run(work: Coroutine[Any, Any, R]) -> R:
    async def closing() -> R:
        try:
            return await work
        finally:
            await llm.aclose()
            await sync_to_async(connections.close_all)()

    return asyncio.run(closing())


def ask(key: str = "draft:1", schema: type[BaseModel] = Draft) -> llm.Answer[Any]:
    return run(llm.ask("draft", schema, MESSAGES, key=key, subject=("telegram_posts", 7)))


def test_it_answers_and_keeps_what_was_received(server: LLMServer) -> None:
    answer = ask()
    call = LLMCall.objects.get()
    assert answer.value.text
    assert answer.call_id == call.pk
    assert (call.status, call.attempts, call.subject_table, call.subject_id) == (
        "answered",
        1,
        "telegram_posts",
        7,
    )
    assert answer.value.text in call.response["body"]
    assert call.answered_at
    assert call.prompt_tokens == answer.prompt_tokens > 0


@pytest.mark.parametrize(
    ("asked_for", "failures", "seconds"),
    [
        (None, 0, 30),
        (1.5, 0, 1.5),
        (None, 1, 30),
        (None, 3, 120),
        (None, 8, 3600),
        (None, 40, 3600),
        (1.5, 1, 30),
        (300.0, 2, 300),
        (300.0, 5, 480),
    ],
)
def test_how_long_whoever_asked_waits(
    asked_for: float | None, failures: int, seconds: float, settings: Settings
) -> None:
    settings.LLM_RETRY_BASE_SECONDS = 30.0
    assert llm.backoff(llm.Busy("too many", asked_for), failures) == timedelta(seconds=seconds)


def test_it_pays_once_for_a_key(server: LLMServer) -> None:
    assert ask().value == ask().value
    assert server.state.stats()["answered"] == 1


def test_it_reads_a_kept_answer_with_the_server_gone(server: LLMServer, settings: Settings) -> None:
    first = ask()
    settings.LLM_BASE_URL = "http://127.0.0.1:9/v1"
    assert ask().value == first.value


def test_it_unwraps_a_fence(server: LLMServer) -> None:
    server.fault("fenced")
    assert ask().value.text


@pytest.mark.parametrize("kind", ["truncated", "malformed", "wrong_schema", "empty", "huge", "nan"])
def test_a_bad_answer_is_paid_once_and_stays_bad(server: LLMServer, kind: str) -> None:
    server.fault(kind)
    for _ in range(2):
        with pytest.raises(llm.BadAnswer) as caught:
            ask()
        assert caught.value.permanent
    assert server.state.stats()["answered"] == 1
    call = LLMCall.objects.get()
    assert call.status == "answered"
    assert call.error
    assert call.prompt_tokens or kind == "huge"
    assert ask("draft:2").value.text


def test_a_number_that_is_none_is_refused(server: LLMServer) -> None:
    server.fault("nan")
    with pytest.raises(llm.BadAnswer, match="не число"):
        ask(schema=Score)


def test_a_refusal_is_permanent(server: LLMServer) -> None:
    server.fault("refusal")
    with pytest.raises(llm.Refused) as caught:
        ask()
    assert caught.value.permanent


def test_too_many_requests_shuts_the_door_for_the_time_named(server: LLMServer) -> None:
    server.fault("429:7")

    async def twice() -> list[float | None]:
        waits = []
        for _ in range(2):
            with pytest.raises(llm.Busy) as caught:
                await llm.ask("draft", Draft, MESSAGES, key="draft:1")
            waits.append(caught.value.retry_after)
        return waits

    first, second = run(twice())
    assert first == 7
    assert second is not None
    assert 6 < second <= 7
    assert server.state.requests == 1


def test_a_failed_call_may_be_asked_again(server: LLMServer) -> None:
    server.fault("500")
    with pytest.raises(llm.Busy) as caught:
        ask()
    assert not caught.value.permanent
    assert LLMCall.objects.get().status == "failed"
    assert ask().value.text
    assert LLMCall.objects.get().attempts == 2


@pytest.mark.parametrize("kind", ["timeout", "trickle"])
def test_the_whole_call_has_a_time_limit(server: LLMServer, settings: Settings, kind: str) -> None:
    settings.LLM_TIMEOUT = 0.7
    server.fault(kind)
    with pytest.raises(llm.TimedOut):
        ask()
    assert LLMCall.objects.get().status == "failed"


def test_five_failures_open_the_breaker(server: LLMServer) -> None:
    kept = ask("draft:kept")
    server.fault("500", times=None)

    async def many() -> None:
        for number in range(8):
            with pytest.raises(llm.Busy):
                await llm.ask("draft", Draft, MESSAGES, key=f"draft:{number}")
        # what has been paid for needs no server
        assert (await llm.ask("draft", Draft, MESSAGES, key="draft:kept")).value == kept.value

    run(many())
    assert server.state.requests == 1 + 5


def test_no_server_is_busy(server: LLMServer, settings: Settings) -> None:
    settings.LLM_BASE_URL = "http://127.0.0.1:9/v1"
    with pytest.raises(llm.Busy, match="нет связи"):
        ask()


def test_a_wrong_address_waits_for_a_person(server: LLMServer, settings: Settings) -> None:
    settings.LLM_BASE_URL = f"{server.base_url}/elsewhere"
    with pytest.raises(llm.Misconfigured):
        ask()


def test_no_more_at_once_than_there_are_places(server: LLMServer, settings: Settings) -> None:
    settings.LLM_CONCURRENCY = 3
    server.state.latency = 0.05

    async def many() -> None:
        await asyncio.gather(*(llm.ask("draft", Draft, MESSAGES, key=f"draft:{number}") for number in range(12)))

    run(many())
    assert server.state.peak == 3


def test_a_spent_budget_asks_nothing(server: LLMServer, settings: Settings) -> None:
    settings.LLM_PRICES = {settings.LLM_MODEL: (1_000_000.0, 0.0)}
    settings.LLM_DAILY_BUDGET_USD = Decimal(5)
    assert ask().cost == ask().prompt_tokens
    with pytest.raises(llm.Busy, match="бюджет"):
        ask("draft:2")
    assert ask().value.text, "paid for before"
    assert server.state.requests == 1
    LLMCall.objects.update(created_at=timezone.now() - timedelta(days=1))
    assert ask("draft:2").value.text


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_the_budget_counts_the_day_of_utc_wherever_we_are(zone: str) -> None:
    now = timezone.now()
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    calls = [LLMCall(key=f"{n}", purpose="draft", request={}, model="m", cost=10**n) for n in range(2)]
    for call, at in zip(calls, [now, midnight - timedelta(seconds=1)], strict=True):
        call.save()
        LLMCall.objects.filter(pk=call.pk).update(created_at=at)
    with timezone.override(zone):
        assert spent_today() == 1


def crashed(age: float, error: str = "") -> None:
    """A row as a process leaves it that dies `age` seconds after asking."""
    ask()
    LLMCall.objects.update(
        status="started",
        response=None,
        error=error,
        prompt_tokens=0,
        created_at=timezone.now() - timedelta(seconds=age),
    )


def test_a_call_interrupted_by_a_crash_is_asked_once_more(server: LLMServer) -> None:
    crashed(age=60)
    assert ask().value.text
    call = LLMCall.objects.get()
    assert (call.status, call.attempts) == ("answered", 2)


def test_a_call_interrupted_twice_is_given_up(server: LLMServer) -> None:
    crashed(age=60, error=INTERRUPTED)
    with pytest.raises(llm.BadAnswer, match="дважды"):
        ask()
    assert server.state.requests == 1


def test_a_call_in_flight_elsewhere_is_not_doubled(server: LLMServer) -> None:
    crashed(age=1)
    with pytest.raises(llm.Busy) as caught:
        ask()
    assert caught.value.retry_after
    assert server.state.requests == 1


async def in_flight(server: LLMServer) -> None:
    """Until a request has reached the server, which lives in another thread."""
    async with asyncio.timeout(10):
        while not server.state.in_flight:  # noqa: ASYNC110
            await asyncio.sleep(0)


def test_a_paid_answer_outlives_a_lost_database_connection(server: LLMServer) -> None:
    server.fault("slow:0.3")

    with connection.cursor() as cursor:
        mine = cursor.execute("SELECT pg_backend_pid()").fetchone()[0]

    def disconnect_the_doors() -> None:
        with closing(connections.create_connection("default")) as own, own.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid NOT IN (%s, pg_backend_pid())",
                [mine],
            )

    async def interrupted() -> str:
        task = asyncio.create_task(llm.ask("draft", Draft, MESSAGES, key="draft:1"))
        await in_flight(server)
        await asyncio.to_thread(disconnect_the_doors)
        return (await task).value.text

    assert run(interrupted()) in LLMCall.objects.get().response["body"]
    assert server.state.stats()["answered"] == 1


def test_being_cancelled_loses_no_paid_answer(server: LLMServer) -> None:
    server.fault("timeout")

    async def cancelled() -> None:
        task = asyncio.create_task(llm.ask("draft", Draft, MESSAGES, key="draft:1"))
        await in_flight(server)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(cancelled())
    assert LLMCall.objects.get().status == "failed"


def test_text_no_database_can_hold_is_cleaned(server: LLMServer) -> None:
    messages = [system("a"), user("nul \0, half \ud83d, turned \u202e")]
    run(llm.ask("draft", Draft, messages, key="draft:1"))
    assert LLMCall.objects.get().request["messages"][1]["content"] == "nul , half , turned "
