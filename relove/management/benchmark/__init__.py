"""The benchmarks: one module each, registered by name; the command of the same name runs them.

    @benchmark("ingest", {"vs_save": at_least(8)})
    def ingest(bench: Bench) -> Figures: ...

A benchmark runs in a fresh system of its own: database, Valkey and sandbox are there, no cluster runs.
Machines that are shared drift, so a figure is a ratio of contenders of one round, taken in turns.
"""

import importlib
import os
import pkgutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM
from typing import Any

from django.core.management.base import CommandError

from relove.embedded.process import die_with_parent
from relove.installation import manage
from relove.management.demo import Tell

ROUNDS = 5
# in each of the big tables, where a benchmark is about full ones
ROWS = 5_000_000
# longer than a cluster takes that has to settle what it was doing
STOP_SECONDS = 40

# By name one value for each round; the figure is their median.
Figures = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Aim:
    limit: float
    at_most: bool

    def is_met(self, figure: float) -> bool:
        return figure <= self.limit if self.at_most else figure >= self.limit

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.limit:g}"


def at_least(limit: float) -> Aim:
    return Aim(limit, at_most=False)


def at_most(limit: float) -> Aim:
    return Aim(limit, at_most=True)


@dataclass(frozen=True, slots=True)
class Bench:
    """What a benchmark is given: how many rounds to run, and where to say what it saw.

    `kept` is a folder that stays for the next run; full tables (relove.management.manyrows) are kept there.
    """

    tell: Tell
    rounds: int = ROUNDS
    rows: int = ROWS
    kept: Path = Path("kept")

    def in_turns(
        self,
        contenders: Mapping[str, Callable[[], float]],
        turns: int = 1,
        around: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> dict[str, list[float]]:
        """Every contender's values by round; each round begins with another contender.

        Two alternate instead: nobody goes twice in a row, for what a turn leaves behind would meet the same again.
        In a round each goes `turns` times, within `around`; its value is the mean of them.
        """
        found: dict[str, list[float]] = {name: [] for name in contenders}
        names = list(contenders)
        for number in range(self.rounds):
            first = number % len(names) if len(names) > 2 else 0
            with around():
                values = [(name, contenders[name]()) for name in (names[first:] + names[:first]) * turns]
            for name in names:
                found[name].append(statistics.fmean(value for of, value in values if of == name))
            told = ", ".join(f"{name} {values[-1]:.4g}" for name, values in found.items())
            self.tell(f"round {number + 1}: {told}")
        return found


Run = Callable[[Bench], Figures]


@dataclass(frozen=True)
class Benchmark:
    name: str
    run: Run
    aims: Mapping[str, Aim]
    # settings that its whole system runs with
    environment: Mapping[str, str]
    # a commit waits for the disk, as in service
    durable: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a benchmark found, each figure as (median, lowest, highest)."""

    benchmark: Benchmark
    figures: dict[str, tuple[float, float, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, benchmark: Benchmark, found: Figures) -> "Outcome":
        return cls(benchmark, {name: _spread(values) for name, values in found.items()})

    @property
    def met(self) -> bool:
        return all(aim.is_met(self.figures[name][0]) for name, aim in self.benchmark.aims.items())

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.benchmark.name,
            "figures": {name: spread[0] for name, spread in self.figures.items()},
            "aims": {name: aim.limit for name, aim in self.benchmark.aims.items()},
            "met": self.met,
        }

    def lines(self) -> Iterator[str]:
        for name, (median, lowest, highest) in self.figures.items():
            aim = self.benchmark.aims.get(name)
            verdict = f"aim {aim}: {'met' if aim.is_met(median) else 'MISSED'}" if aim else ""
            spread = f"({lowest:g} … {highest:g})"
            yield f"{name:14}{median:>10g}  {spread:24}{verdict}".rstrip()


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    return round(statistics.median(values), 4), round(min(values), 4), round(max(values), 4)


_benchmarks: dict[str, Benchmark] = {}


def benchmark(
    name: str, aims: Mapping[str, Aim], environment: Mapping[str, str] | None = None, *, durable: bool = False
) -> Callable[[Run], Run]:
    """Register a benchmark. Its function's figures have at least the names of the aims."""

    def register(run: Run) -> Run:
        _benchmarks[name] = Benchmark(name, run, aims, environment or {}, durable)
        return run

    return register


def known() -> dict[str, Benchmark]:
    """All benchmarks by name: the modules beside this one."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_benchmarks.items()))


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Round by round."""
    return [one / other for one, other in zip(above, below, strict=True)]


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of a hundred do not exceed; of a hundred values the 95th is the fifth largest."""
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def wait_until(done: Callable[[], object], complaint: str, seconds: float = 60.0, every: float = 0.02) -> None:
    """Until `done` answers with something true. Raises CommandError with the complaint when it is late."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise CommandError(f"After {seconds:.0f} s {complaint}.")
        time.sleep(every)


def running(environment: Mapping[str, str], *arguments: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """A process of ours (`manage.py arguments`) while the block runs; stopped as a process manager would."""
    return program(manage(*arguments), {**os.environ, "RELOVE_LOG_LEVEL": "WARNING", **environment})


@contextmanager
def program(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process while the block runs, with this environment and no other."""
    process = subprocess.Popen(  # noqa: S603
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=sys.stderr,
        start_new_session=True,
        preexec_fn=die_with_parent(SIGTERM),
    )
    with ended(process):
        yield process


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Let it end after the block, by SIGTERM and, when it takes too long, by SIGKILL."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
