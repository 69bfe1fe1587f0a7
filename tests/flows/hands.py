"""A runner and a worker of the language model as processes, killed at moments that a seed draws.

A kill is SIGKILL, and the next process starts at once, as a cluster would have it.
"""

import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.accounts_mgmt.scene import ROOT, environment
from tests.live import wait_for

QUICK = {
    "RELOVE_LLM_CLAIM_SECONDS": "8",
    # the answers of a questionnaire are many, and this is no test of the limits
    "RELOVE_TELEGRAM_REQUEST_TIMEOUT": "6",
}
NAMES = ("runner", "llm")
# between two kills, so that some work is done in between
GAP = (1.0, 4.0)


class Hand:
    """A process that does one part of the work."""

    def __init__(self, name: str, folder: Path, **variables: str) -> None:
        self.name, self.output, self.starts = name, folder / f"{name}.out", 0
        self.environment = {**environment(), **QUICK, **variables}

    def start(self) -> None:
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.flows.worker", self.name],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.starts += 1

    def wait_until_up(self) -> None:
        wait_for(lambda: self.output.read_text().count("at work\n") >= self.starts, f"{self.name} is at work")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()


class Storm:
    """Kills one of the hands after another; `struck` says which."""

    def __init__(self, hands: list[Hand], seed: int, kills: int) -> None:
        self.hands = {hand.name: hand for hand in hands}
        self.dice, self.struck = random.Random(seed), list[str]()
        self.victims = self.dice.sample(NAMES * kills, kills)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._rage)

    def _rage(self) -> None:
        for name in self.victims:
            if self._over.wait(self.dice.uniform(*GAP)):
                return
            self.hands[name].kill()
            self.hands[name].start()
            self.struck.append(name)
            self.hands[name].wait_until_up()

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()


@contextmanager
def at_work(folder: Path, **variables: str) -> Iterator[list[Hand]]:
    """Both hands, until the end; what they said is shown where the test fails."""
    hands = [Hand(name, folder, **variables) for name in NAMES]
    for hand in hands:
        hand.start()
    try:
        yield hands
    except BaseException:
        for hand in hands:
            print(hand.name, hand.output.read_text()[-4000:])  # noqa: T201  pytest shows it with the failure
        raise
    finally:
        for hand in hands:
            hand.end()


@contextmanager
def stormy(hands: list[Hand], seed: int, kills: int) -> Iterator[Storm]:
    storm = Storm(hands, seed, kills)
    storm.start()
    try:
        yield storm
    finally:
        storm.end()
