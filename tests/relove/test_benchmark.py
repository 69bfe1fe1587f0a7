"""The frame of the benchmarks: turns, medians, aims, the JSON line and the exit status."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts_mgmt.delivery import LANES as OUR_LANES
from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.private.dialogues import Dialogues, Thread
from commentators.models import DirectMessage
from relove.management import benchmark as frame
from relove.management.benchmark import Bench, Figures, Outcome, at_least, at_most, contenders, percentile, ratios
from relove.management.benchmark.ceiling import worst_window
from relove.management.benchmark.growth import multiply
from relove.management.benchmark.isolation import APART, SECONDS, planned
from relove.management.benchmark.send import SIZES, worse
from relove.management.benchmark.stage import Stage
from relove.models import Chat, TelegramUser
from relove.sandbox.contenders.plan import LANES
from tests.accounts_mgmt.scene import QUICK
from tests.live import running_sandbox

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two benchmarks with known figures: one meets its aims, the other misses one of them."""
    monkeypatch.setattr(frame, "_benchmarks", {})

    @frame.benchmark("good", {"rate": at_least(2), "late": at_most(5)})
    def good(bench: Bench) -> Figures:
        return {"rate": [1, 3, 2], "late": [5, 9, 4]}

    @frame.benchmark("bad", {"rate": at_least(2)})
    def bad(bench: Bench) -> Figures:
        return {"rate": [1, 1, 3]}

    monkeypatch.setattr("relove.management.commands.benchmark.known", lambda: frame._benchmarks)


def measure(name: str) -> tuple[str, Any]:
    """What the inside prints, and its exit status."""
    out = StringIO()
    try:
        call_command("benchmark", name, "--inside=kept", "--json", stdout=out)
    except SystemExit as end:
        return out.getvalue(), end.code
    return out.getvalue(), 0


@pytest.mark.django_db
def test_json_is_on_the_last_line_and_a_missed_aim_is_status_1(probe: None) -> None:
    printed, status = measure("good")
    assert (json.loads(printed.splitlines()[-1]), status) == (
        {
            "name": "good",
            "figures": {"rate": 2, "late": 5},
            "aims": {"rate": 2, "late": 5},
            "met": True,
        },
        0,
    )
    assert "(1 … 3)" in printed
    printed, status = measure("bad")
    assert json.loads(printed.splitlines()[-1])["met"] is False
    assert (status, "MISSED" in printed) == (1, True)


def test_real_telegram_is_refused(settings: Any) -> None:
    settings.TELEGRAM_GATEWAY = "telegram"
    with pytest.raises(CommandError, match="real Telegram"):
        call_command("benchmark", "ingest")


def test_an_unknown_name_is_told_before_anything_starts() -> None:
    with pytest.raises(CommandError, match="ingest"):
        call_command("benchmark", "speed")


def test_contenders_take_turns() -> None:
    order: list[str] = []

    def contender(name: str) -> float:
        order.append(name)
        return float(len(order))

    found = Bench(lambda line: None, rounds=3).in_turns({name: lambda n=name: contender(n) for name in "abc"})
    assert "".join(order) == "abcbcacab"
    assert found["a"] == [1, 6, 8]
    assert ratios(found["b"], found["a"]) == [2, 4 / 6, 9 / 8]

    order.clear()
    Bench(lambda line: None, rounds=3).in_turns({name: lambda n=name: contender(n) for name in "ab"})
    assert "".join(order) == "ababab"

    @contextmanager
    def around() -> Iterator[None]:
        order.append("(")
        yield
        order.append(")")

    order.clear()
    two = {name: lambda n=name: contender(n) for name in "ab"}
    found = Bench(lambda line: None, rounds=2).in_turns(two, turns=2, around=around)
    assert "".join(order) == "(abab)(abab)"
    assert found == {"a": [3, 9], "b": [4, 10]}


def test_every_benchmark_has_aims() -> None:
    assert all(one.aims for one in frame.known().values())


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (2, 2), (20, 19), (100, 95)])
def test_percentile(count: int, expected: int) -> None:
    assert percentile(list(range(1, count + 1)), 95) == expected


def test_an_outcome_is_judged_by_its_median() -> None:
    aims = {"share": at_most(0.02)}
    loss = frame.Benchmark("loss", lambda bench: {}, aims, {})
    assert Outcome.of(loss, {"share": [0.5, 0.01, 0.0]}).met
    assert not Outcome.of(loss, {"share": [0.5, 0.03, 0.0]}).met


def test_the_worst_window_is_any_second_not_a_calendar_one() -> None:
    assert worst_window([]) == 0
    assert worst_window([0.0, 0.9, 1.0, 1.8, 1.89]) == 4
    assert worst_window([0.0, 1.0, 2.0]) == 1


def test_sending_is_judged_where_it_does_worse() -> None:
    few, many = SIZES
    found = {f"product-{few}": [80.0, 90.0, 70.0], f"raw-{few}": [100.0, 100.0, 100.0]}
    found |= {f"product-{many}": [60.0, 50.0, 95.0], f"raw-{many}": [100.0, 100.0, 100.0]}
    assert worse(found, "raw") == [0.6, 0.5, 0.95]


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_everybody_sends_the_same_and_each_message_once(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """All but Dramatiq, whose environment would have to be made."""
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    with running_sandbox(settings) as client:
        surroundings = {
            "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}",
            "RELOVE_SANDBOX_TELEGRAM": settings.SANDBOX_TELEGRAM,
            "RELOVE_SANDBOX_HTTP": settings.SANDBOX_HTTP,
        }
        for name, value in {**QUICK, **surroundings}.items():
            monkeypatch.setenv(name, value)
        stage = Stage(2)
        begun = client.stats()["accepted"]
        assert stage.deliver(2, 6) > 0
        rates = contenders.raw(stage.plan(2, 6), tmp_path)
        assert 0 < rates["read"] <= rates["answered"]
        assert 0 < contenders.seed(stage.plan(2, 6), tmp_path) < 10
        assert contenders.one_task_each(stage.plan(2, 6), tmp_path) > 0
        sent = Counter((entry["account"], entry["chat"], entry["text"]) for entry in client.ledger(begun))
    assert len(sent) == 6
    # and the product's first ones, one of each account, before its clock starts
    assert sorted(sent.values()) == [4, 4, 4, 4, 5, 5]
    assert LANES == OUR_LANES


def test_a_fixed_load_is_even_for_everybody() -> None:
    accounts = [TelegramAccountSession(pk=number) for number in (1, 2)]
    threads = [Thread(Dialogues(), one, TelegramUser(), Chat()) for one in accounts for _chat in range(3)]
    plan = planned(threads, NOW)
    for account, first in zip(accounts, (0.0, APART / 2), strict=True):
        mine = [(thread, (when - NOW).total_seconds()) for thread, when in plan if thread.account == account]
        assert [when for _thread, when in mine[:2]] == [first, first + APART]
        assert len(mine) == SECONDS / APART
        assert mine[0][0] is mine[3][0] is not mine[1][0], "its chats take turns"


@pytest.mark.django_db(transaction=True)
def test_rows_are_multiplied_over_a_year() -> None:
    account = TelegramAccountSession.objects.create(label="Первый", role="commentator")
    other = TelegramAccountSession.objects.create(label="Второй", role="commentator")
    user = TelegramUser.objects.create(telegram_id=5)
    chat = Chat.objects.create(telegram_id=5, kind=Chat.Kind.PRIVATE)
    for sender in (account, other):
        DirectMessage.objects.create(sender=sender, user=user, chat=chat, direction="in", text="Здравствуйте")
    with connection.cursor() as cursor:
        multiply(cursor, DirectMessage, 40, [account.pk], {"direction": "'out'"})
    sent = DirectMessage.objects.filter(status="sent", direction="out", sender=account, user=user)
    assert sent.count() == sent.values("message_id").distinct().count() == 40
    assert not DirectMessage.objects.filter(status="sent", sender=other).exists()
    times = sent.values_list("sent_at", flat=True)
    assert (max(times) - min(times)).days in (355, 356)
