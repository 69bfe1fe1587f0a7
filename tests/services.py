"""pytest plugin: a throw-away PostgreSQL and Valkey for the run, before Django reads its settings.

With DATABASE_URL set, that server is used and nothing is started. pytest-xdist's workers inherit
the environment, so one pair of servers serves them all; pytest-django gives each its own database,
a copy of one in which all migrations run while the tests are still being collected.
"""

import atexit
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack
from urllib.parse import urlsplit

import psycopg
import pytest

from relove.embedded import new_keys, throwaway

_running = ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(args: list[str]) -> Generator[None, None, None]:
    """A wrapper, because pytest-django reads the settings in a plain first implementation."""
    if not {"-h", "--help", "-V", "--version"} & set(args):
        _set_defaults()
        if "DATABASE_URL" not in os.environ:
            os.environ.update(_running.enter_context(throwaway()))
            _begin_template(os.environ["DATABASE_URL"])
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


# --- the database that is copied for each worker -------------------------------------------------------

TEMPLATE, BEING_MADE = "relove_template", "relove_template_being_made"
PATIENCE = 120.0


def _begin_template(database_url: str) -> None:
    os.environ["RELOVE_TEST_TEMPLATE"] = TEMPLATE
    threading.Thread(target=_make_template, args=[database_url], daemon=True).start()


def _make_template(database_url: str) -> None:
    """It bears its name once it is whole."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {BEING_MADE}")
        url = urlsplit(database_url)._replace(path=f"/{BEING_MADE}").geturl()
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        made = subprocess.run(migrate, env={**os.environ, "DATABASE_URL": url}, capture_output=True, check=False)
        if made.returncode:
            sys.stderr.write(made.stderr.decode())
        fate = "ALLOW_CONNECTIONS false" if made.returncode else f"RENAME TO {TEMPLATE}"
        connection.execute(f"ALTER DATABASE {BEING_MADE} {fate}")


def whole_template() -> str | None:
    """Its name; None where the server is not ours. Raises RuntimeError where the migrations do not run."""
    if "RELOVE_TEST_TEMPLATE" not in os.environ:
        return None
    asked = "SELECT datname, datallowconn FROM pg_database WHERE datname = ANY(%s)"
    until = time.monotonic() + PATIENCE
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        while time.monotonic() < until:
            found = dict(connection.execute(asked, [[TEMPLATE, BEING_MADE]]).fetchall())
            if TEMPLATE in found:
                return TEMPLATE
            if not found.get(BEING_MADE, True):
                break
            time.sleep(0.1)
    raise RuntimeError("The migrations do not run on an empty database: see above, or manage.py migrate.")
