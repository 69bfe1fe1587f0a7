"""A database in which all migrations have run, made beside the collecting of tests: each worker copies it.

It bears its name once it is whole. What its maker says stands in a file of the run's state folder.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

NAME, BEING_MADE = "relove_template", "relove_template_being_made"
# less than a test may take: whoever waits in vain is told why
PATIENCE = 90.0
TOLD = 2_000


@contextmanager
def being_made() -> Iterator[None]:
    """Begin to make it; what is not finished in the end is broken off."""
    os.environ["RELOVE_TEST_TEMPLATE_LOG"] = str(Path(os.environ["RELOVE_STATE_DIR"]) / "template.log")
    with Path(os.environ["RELOVE_TEST_TEMPLATE_LOG"]).open("w") as log:
        command = [sys.executable, "-m", "tests.template"]
        maker = subprocess.Popen(command, stdout=log, stderr=log, process_group=0)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(maker.pid, signal.SIGTERM)
            maker.wait()


def wait_for_template() -> str | None:
    """Its name; None where the server is not the run's own. Raises RuntimeError where it is not made."""
    if "RELOVE_TEST_TEMPLATE_LOG" not in os.environ:
        return None
    until = time.monotonic() + PATIENCE
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        while time.monotonic() < until:
            found = dict(connection.execute("SELECT datname, datallowconn FROM pg_database").fetchall())
            if NAME in found:
                return NAME
            if not found.get(BEING_MADE, True):
                break
            time.sleep(0.1)
    said = Path(os.environ["RELOVE_TEST_TEMPLATE_LOG"]).read_text()
    raise RuntimeError(f"The migrations do not run on an empty database:\n{said[-TOLD:]}")


def make() -> None:
    server = os.environ["DATABASE_URL"]
    os.environ["DATABASE_URL"] = urlsplit(server)._replace(path=f"/{BEING_MADE}").geturl()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {BEING_MADE}")
        migrated = subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], check=False)
        fate = "ALLOW_CONNECTIONS false" if migrated.returncode else f"RENAME TO {NAME}"
        connection.execute(f"ALTER DATABASE {BEING_MADE} {fate}")


if __name__ == "__main__":
    make()
