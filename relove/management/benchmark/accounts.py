"""Memory: what each of 300 accounts adds to the one runner process that holds them."""

import re
import time
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from accounts_mgmt.models import TelegramAccountSession
from relove.management import sandbox_world
from relove.management.benchmark import Bench, Figures, at_most, benchmark, running, wait_until
from relove.management.sandbox_world import Voice
from relove.sandbox.client import SandboxClient

ACCOUNTS = 300
# The base: a runner that has connected as many at once as it ever does, and loaded what that takes.
FIRST = 10
HALF = 155
# Long enough for the first beats, flushes and pings of all.
SETTLED_SECONDS = 8.0

State = TelegramAccountSession.State


@benchmark("accounts", {"kb_each": at_most(100)}, {"RELOVE_ACCOUNTS_PER_RUNNER": str(ACCOUNTS)})
def accounts(bench: Bench) -> Figures:
    """Kilobytes of resident memory for each idle account beyond the base: of all, and of the second half alone.

    The first accounts may fill what a starting process has left free; the second half finds nothing of that.
    """
    _connect()
    found: dict[str, list[float]] = {"kb_each": [], "kb_later": []}
    for number in range(bench.rounds):
        base, half, whole = _round()
        found["kb_each"].append((whole - base) / (ACCOUNTS - FIRST))
        found["kb_later"].append((whole - half) / (ACCOUNTS - HALF))
        bench.tell(
            f"round {number + 1}: base {base} kB, {HALF} accounts {half} kB, {ACCOUNTS} accounts {whole} kB"
        )
    return found


def _connect() -> None:
    client = SandboxClient(settings.SANDBOX_HTTP)
    voices = [Voice(f"account_{number}", f"Аккаунт {number}", "", "", [], []) for number in range(ACCOUNTS)]
    about = sandbox_world.disclosure()
    client.world({"users": [{"first_name": v.first_name, "username": v.username, "about": about} for v in voices]})
    sandbox_world.connect_accounts(client, timezone.now(), voices)


def _round() -> list[int]:
    """A new runner each time: what an earlier one had taken is not given back to the system."""
    rows = TelegramAccountSession.objects.order_by("id")
    ids = list(rows.values_list("id", flat=True))
    rows.update(state=State.DISABLED)
    with running({"Q_CLUSTER_NAME": "telegram"}, "qcluster"):
        return [_resident(ids[:count]) for count in (FIRST, HALF, ACCOUNTS)]


def _resident(ids: list[int]) -> int:
    """Kilobytes of the runner once it holds these accounts and has come to rest."""
    TelegramAccountSession.objects.filter(id__in=ids).update(state=State.ACTIVE)
    count, client = len(ids), SandboxClient(settings.SANDBOX_HTTP)
    wait_until(lambda: len(client.stats()["online"]) == count, f"not all of {count} accounts are online", 120, 0.2)
    time.sleep(SETTLED_SECONDS)
    held = TelegramAccountSession.objects.exclude(lease_token=None)
    assert held.count() == count
    [pid] = set(held.values_list("lease_pid", flat=True))
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None, "a process that is gone"
    return int(found[1])
