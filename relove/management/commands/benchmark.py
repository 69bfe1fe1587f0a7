"""Measures this system beside what it could be: each benchmark in a fresh system of its own, then gone."""

import json
import sys
from argparse import SUPPRESS
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from relove.embedded import services_dir
from relove.management.benchmark import ROUNDS, ROWS, Bench, Benchmark, Outcome, known
from relove.management.surroundings import refuse_real_telegram, surroundings
from relove.management.upkeep import bring_up_to_date


class Command(BaseCommand):
    help = "Measures ingest, drafting, sending and the rest; exit status 1 when an aim is missed."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="name", help=f"all, or some of: {', '.join(known())}")
        parser.add_argument("--json", action="store_true", help="a last line for each with one JSON object")
        parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each contender runs")
        parser.add_argument("--rows", type=int, default=ROWS, help="of each full table, or of all in growth")
        parser.add_argument("--inside", metavar="FOLDER", type=Path, help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_real_telegram("The benchmark")
        chosen = self._chosen(options["names"])
        if options["inside"]:
            # the system stands around us
            bench = Bench(self._tell_more, options["rounds"], options["rows"], options["inside"])
            is_met = self._measure(chosen[0], bench, options["json"])
        else:
            # all of them run, whatever the first ones found
            is_met = sum(not self._run(one, options) for one in chosen) == 0
        if not is_met:
            sys.exit(1)

    def _chosen(self, names: list[str]) -> list[Benchmark]:
        benchmarks = known()
        unknown = [name for name in names if name not in (*benchmarks, "all")]
        if unknown:
            raise CommandError(f"There is no benchmark {unknown[0]}; there are {', '.join(benchmarks)}.")
        return [benchmarks[name] for name in benchmarks if not names or name in names or "all" in names]

    def _run(self, benchmark: Benchmark, options: dict[str, Any]) -> bool:
        """One benchmark in a process and a system of its own; whether it met its aims."""
        self.stdout.write(f"{benchmark.name}: starting a database and the sandbox …")
        # the inside writes to the same place: what stands in our buffer would come after it
        self.stdout.flush()
        sizes = [f"--rounds={options['rounds']}", f"--rows={options['rows']}"]
        inside = [f"--inside={services_dir() / 'kept'}", *sizes, *(["--json"] if options["json"] else [])]
        # what the programs say of every step has no place among the figures
        environment = {"RELOVE_LOG_LEVEL": "WARNING", **benchmark.environment}
        with surroundings("benchmark", environment, durable=benchmark.durable) as system:
            return system.manage("benchmark", benchmark.name, *inside) == 0

    def _measure(self, benchmark: Benchmark, bench: Bench, as_json: bool) -> bool:
        bring_up_to_date()
        outcome = Outcome.of(benchmark, benchmark.run(bench))
        for line in outcome.lines():
            self._tell(line)
        if as_json:
            self._tell(json.dumps(outcome.as_dict()))
        return outcome.met

    def _tell_more(self, line: str) -> None:
        self._tell(f"  {line}")

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
