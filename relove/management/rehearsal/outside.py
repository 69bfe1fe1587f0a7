"""The real system's side of a rehearsal: makes the second one, keeps what it tells, stops it when asked."""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts_mgmt.models import TelegramAccountSession
from relove import rehearsals
from relove.embedded import free_port, throwaway
from relove.installation import manage
from relove.management.rehearsal import copying, environment
from relove.management.rehearsal.stage import CONNECTED
from relove.rehearsal_models import Rehearsal

# the longest a rehearsal may take
LIMIT_SECONDS = 2 * 3600.0
STOP_SECONDS = 15.0
LAST_WORDS = 2000


class FailedError(Exception):
    """It came to no end; the text says why."""


class CancelledError(Exception):
    """Somebody does not want it any more."""


def carry_out(rehearsal: Rehearsal, tell: Callable[[str], None], limit: float = LIMIT_SECONDS) -> None:
    """From the copied configuration to the last item; the row says how it ended."""
    try:
        _play(rehearsal, tell, limit)
    except CancelledError:
        rehearsals.end(rehearsal, Rehearsal.State.CANCELLED, timezone.now())
    except (KeyboardInterrupt, SystemExit):
        rehearsals.end(rehearsal, Rehearsal.State.CANCELLED, timezone.now())
        raise
    except Exception as error:
        # whatever it was: a row that says nothing would bar the next one
        rehearsals.end(rehearsal, Rehearsal.State.FAILED, timezone.now(), str(error) or type(error).__name__)
        raise
    else:
        rehearsals.end(rehearsal, Rehearsal.State.DONE, timezone.now())


def _play(rehearsal: Rehearsal, tell: Callable[[str], None], limit: float) -> None:
    if not TelegramAccountSession.objects.filter(state__in=CONNECTED).exists():
        raise FailedError(_("No account is active: nobody would write anything."))
    plan = {
        **copying.read(rehearsal.since, rehearsal.until),
        "since": rehearsal.since,
        "until": rehearsal.until,
        "approval": rehearsal.approval,
        "speed": rehearsal.speed,
    }
    rehearsal.figures["really"] = copying.really_sent(rehearsal.since, rehearsal.until)
    started = time.monotonic()
    tell("Starting a second database …")
    with throwaway(valkey=False) as servers, tempfile.TemporaryDirectory(prefix="relove-rehearsal-") as folder:
        state = Path(folder)
        with (state / "errors").open("w+") as errors, _inside(servers, state, errors) as process:
            assert process.stdin
            process.stdin.write(json.dumps(plan, cls=DjangoJSONEncoder) + "\n")
            process.stdin.flush()
            for told in _heard(process):
                if time.monotonic() - started > limit:
                    raise FailedError(_("It took too long and was stopped."))
                if not rehearsals.keep(rehearsal, told or {}, timezone.now()):
                    raise CancelledError
                if told:
                    tell(_in_short(rehearsal))
            if process.wait(STOP_SECONDS):
                raise FailedError(_last_words(errors))


@contextmanager
def _inside(servers: dict[str, str], state: Path, errors: IO[str]) -> "Iterator[subprocess.Popen[str]]":
    """The process of the inside; it ends when its standard input does."""
    env = environment.inside(servers, state, free_port(), free_port())
    with subprocess.Popen(  # noqa: S603
        manage("rehearse", "--inside"),
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _heard(process: "subprocess.Popen[str]") -> Iterator[dict[str, Any] | None]:
    """What the inside tells, and None at least once a second, until it has ended."""
    lines: Queue[str] = Queue()

    def read() -> None:
        assert process.stdout
        for line in process.stdout:
            lines.put(line)
        lines.put("")

    Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=1.0)
        except Empty:
            yield None
            continue
        if not line:
            return
        yield json.loads(line)


def _in_short(rehearsal: Rehearsal) -> str:
    counts = ", ".join(f"{count} {verdict}" for verdict, count in rehearsals.counts(rehearsal).items())
    reached = timezone.localtime(rehearsal.reached or rehearsal.since)
    return f"{reached:%d.%m %H:%M} · {counts}"


def _last_words(errors: IO[str]) -> str:
    errors.seek(0)
    lines = errors.read()[-LAST_WORDS:].strip().splitlines()
    return lines[-1].removeprefix("CommandError: ") if lines else _("It ended without a word.")
