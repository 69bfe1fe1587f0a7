"""Sending: the whole path of the outbox beside four other ways to send the same messages.

The messages are comments by accounts spread over groups, as many by each, with the ceiling off. Every contender
sends the same number of them from one process with as many requests in flight for each account; the sandbox is a
process of its own. Rates are compared, so the customer's loop, which sleeps, sends fewer.
"""

import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from relove.management.benchmark import Bench, Figures, at_least, benchmark, contenders, ratios
from relove.management.benchmark.stage import Stage

SIZES = (20, 100)
MESSAGES = 4500
SEED_MESSAGES = 150


@benchmark(
    "send",
    {"vs_raw": at_least(0.8), "vs_seed": at_least(100), "vs_task": at_least(5), "vs_dramatiq": at_least(1.5)},
    {
        "RELOVE_SEND_CEILING": "0",
        "RELOVE_PACE_PER_SECOND": "1000",
        "RELOVE_PACE_PER_MINUTE": "60000",
        "RELOVE_RUNNER_PROCESSES": "1",
    },
)
def send(bench: Bench) -> Figures:
    """The product's rate beside each contender's; of 20 and 100 accounts the one where it does worse.

    `vs_raw_unread`: beside raw Telethon that stops its clock before it has read the updates of its own messages.
    """
    with tempfile.TemporaryDirectory() as name:
        turns = Turns(Stage(max(SIZES)), Path(name))
        found = bench.in_turns(
            {f"{turn}-{size}": partial(run, size) for size in SIZES for turn, run in turns.all().items()}
        )
    found |= turns.unread
    against = {"raw": "vs_raw", "seed": "vs_seed", "task": "vs_task", "dramatiq": "vs_dramatiq"}
    return {figure: worse(found, turn) for turn, figure in {**against, "unread": "vs_raw_unread"}.items()}


def worse(found: Mapping[str, Sequence[float]], turn: str) -> list[float]:
    """The product beside a contender, round by round, with as many accounts as it does worse with."""
    by_size = [ratios(found[f"product-{size}"], found[f"{turn}-{size}"]) for size in SIZES]
    return min(by_size, key=statistics.median)


class Turns:
    """One turn for each contender, by the number of accounts: messages a second."""

    def __init__(self, stage: Stage, folder: Path, messages: int = MESSAGES) -> None:
        self._stage, self._folder, self._messages = stage, folder, messages
        self.unread: dict[str, list[float]] = {}

    def all(self) -> dict[str, Callable[[int], float]]:
        return {
            "product": lambda size: self._stage.deliver(size, self._messages),
            "raw": self._raw,
            "seed": lambda size: contenders.seed(self._stage.plan(size, SEED_MESSAGES), self._folder),
            "task": lambda size: contenders.one_task_each(self._stage.plan(size, self._messages), self._folder),
            "dramatiq": lambda size: contenders.dramatiq(self._stage.plan(size, self._messages), self._folder),
        }

    def _raw(self, size: int) -> float:
        rates = contenders.raw(self._stage.plan(size, self._messages), self._folder)
        self.unread.setdefault(f"unread-{size}", []).append(rates["answered"])
        return rates["read"]
