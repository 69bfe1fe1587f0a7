"""pytest plugin: a throw-away PostgreSQL and Valkey for the run, before Django reads its settings.

With DATABASE_URL set, that server is used and nothing is started. pytest-xdist's workers inherit
the environment, so one pair of servers serves them all; pytest-django gives each its own database,
a copy of the one of `tests.template`.
"""

import atexit
import os
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from relove.embedded import new_keys, throwaway
from tests.template import being_made

_running = ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(args: list[str]) -> Generator[None, None, None]:
    """A wrapper, because pytest-django reads the settings in a plain first implementation."""
    if not {"-h", "--help", "-V", "--version"} & set(args):
        _set_defaults()
        if "DATABASE_URL" not in os.environ:
            os.environ.update(_running.enter_context(throwaway()))
            _running.enter_context(being_made())
            # when pytest ends without unconfiguring, by an error in a conftest say
            atexit.register(_running.close)
        elif "PYTEST_XDIST_WORKER" in os.environ and os.environ.get("REDIS_URL"):
            os.environ["REDIS_URL"] = _own_database(os.environ["REDIS_URL"], os.environ["PYTEST_XDIST_WORKER"])
    return (yield)


def pytest_unconfigure() -> None:
    _running.close()


def _set_defaults() -> None:
    """What a test run must never take from the developer's own running system."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    state = _running.enter_context(tempfile.TemporaryDirectory(prefix="relove-state-"))
    os.environ["RELOVE_STATE_DIR"] = state
    for name, value in new_keys().items():
        os.environ.setdefault(name, value)


def _own_database(redis_url: str, worker: str) -> str:
    """As PostgreSQL, so Valkey: what one worker caches or forgets is not the other's (gw0 has database 1)."""
    return urlsplit(redis_url)._replace(path=f"/{int(worker.removeprefix('gw')) + 1}").geturl()
