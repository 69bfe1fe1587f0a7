"""Tasks for test_cluster.py: each writes what it does, with its pid, to the file TEST_LOG names."""

import os
from multiprocessing.connection import wait

from relove.cluster import drain


def note(word: str) -> None:
    with open(os.environ["TEST_LOG"], "a") as log:
        log.write(f"{word} {os.getpid()}\n")


def hold() -> None:
    """Lives until the drain is set, as a runner does; with TEST_DEAF it does not hear it."""
    with drain.guard(within=float(os.environ.get("TEST_WITHIN", 10))):
        note("begin")
        while not drain.is_set() or "TEST_DEAF" in os.environ:
            drain.beat()
            wait([] if "TEST_DEAF" in os.environ else drain.filenos(), 0.1)
        note("end")
