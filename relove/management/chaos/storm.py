"""The faults, drawn by a seed, and the diary of what they did."""

import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from relove.management.chaos import CLUSTERS, LEASE_SECONDS
from relove.management.chaos.clocks import Clocks
from relove.management.demo import Tell
from relove.sandbox.client import SandboxClient
from relove.supervision import Supervisor

SEND = "messages.SendMessage"
# 3 % of calls
PASSING = (
    ("RPC_CALL_FAIL", 0.008),
    ("FLOOD_WAIT_1", 0.004),
    ("FLOOD_WAIT_5", 0.001),
    ("SLOWMODE_WAIT_2", 0.003),
    ("drop_before", 0.005),
    ("drop_after", 0.005),
    ("silence", 0.002),
    ("slow:1", 0.002),
)
# 20 % of questions; a trickle never ends in time and would be paid again and again by design
MODEL = ("429:1", "500", "timeout", "slow:1", "truncated", "malformed", "wrong_schema", "empty", "nan", "refusal")
MODEL_SHARE = 0.2
ENDINGS = ("AUTH_KEY_DUPLICATED", "SESSION_REVOKED", "USER_DEACTIVATED_BAN", "AUTH_KEY_UNREGISTERED", "PEER_FLOOD")
ENDED_CHATS = 0.02
# Who asks dies, or cannot store what it was answered.
LOSES_ANSWERS = ("kill", "postgres dies", "postgres away", "disk full")
AWAY_SECONDS = 60.0
DISK_FULL_SECONDS = 8.0
RESTART_SECONDS = 60.0
# by how many seconds a clock is wrong after it has jumped
CLOCK_JUMPS = (-7200, 0, 7200)


@dataclass
class Diary:
    """What happened: ids are Telegram's own, bare."""

    kills: int = 0
    ended_accounts: list[int] = field(default_factory=list)
    ended_chats: list[int] = field(default_factory=list)
    # model calls under way when something died that may have lost their answers
    calls_at_risk: int = 0
    events: dict[str, int] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)

    def as_line(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of_line(cls, line: str) -> "Diary":
        return cls(**json.loads(line))


@dataclass
class Storm:
    """Breaks what runs under `supervisor`.

    `disk` is where PostgreSQL's data lies if that can be filled, `clocks` are the clusters' own.
    """

    supervisor: Supervisor
    client: SandboxClient
    seed: int
    tell: Tell
    disk: Path | None
    clocks: Clocks | None
    diary: Diary = field(default_factory=Diary)

    def rage(self, seconds: float, alive: Callable[[], bool]) -> None:
        """For so long, or until the inside has ended; everything runs again afterwards."""
        dice = random.Random(self.seed)
        self._spoil_calls(dice)
        started, until = time.monotonic(), time.monotonic() + seconds
        great = self._great_events(seconds)
        while time.monotonic() < until and alive():
            if great and time.monotonic() - started >= great[0][0]:
                self._do(great.pop(0)[1], dice)
            else:
                self._do(dice.choices(list(self._usual), list(self._usual.values()))[0], dice)
            time.sleep(dice.uniform(1.0, 4.0))
        self._calm()

    @property
    def _usual(self) -> dict[str, int]:
        return {
            "kill": 16,
            "freeze": 2,
            "postgres dies": 1,
            "redis dies": 1,
            "redis flushed": 1,
            "lines cut": 1,
            "clock jumps": 2,
        }

    def _great_events(self, seconds: float) -> list[tuple[float, str]]:
        """Those that come at set times of a run: (seconds after its start, event)."""
        times = [(seconds * (0.1 + 0.12 * n), "account ends") for n in range(len(ENDINGS))]
        return sorted([*times, (seconds * 0.4, "postgres away"), (seconds * 0.7, "disk full")])

    def _do(self, event: str, dice: random.Random) -> None:
        self.diary.events[event] = self.diary.events.get(event, 0) + 1
        self.tell(event)
        if event in LOSES_ANSWERS:
            with suppress(OSError):
                # the sandbox itself does not suffer; a busy machine may keep its answer waiting
                self.diary.calls_at_risk += self.client.call("GET", "llm/stats")["in_flight"]
        getattr(self, f"_{event.replace(' ', '_')}")(dice)

    # --- processes -----------------------------------------------------------------------------------

    def _kill(self, dice: random.Random) -> None:
        if victim := self._victim(dice, CLUSTERS):
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                self.diary.kills += 1

    def _freeze(self, dice: random.Random) -> None:
        """Past its lease, so that another takes over, and then it wakes up."""
        if victim := self._victim(dice, [name for name in CLUSTERS if name.startswith("telegram")]):
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGSTOP)
                time.sleep(LEASE_SECONDS * 2)
                os.kill(victim, signal.SIGCONT)

    def _clock_jumps(self, dice: random.Random) -> None:
        """On one machine, two hours forward or back, or right again."""
        cluster, seconds = dice.choice(CLUSTERS), dice.choice(CLOCK_JUMPS)
        if self.clocks:
            self.clocks.set_wrong(cluster, seconds)

    def _victim(self, dice: random.Random, names: Any) -> int | None:
        statuses = self.supervisor.statuses()
        mains = [statuses[name].pid for name in names if statuses[name].pid]
        everybody = sorted(pid for main in mains for pid in family(main))
        return dice.choice(everybody) if everybody else None

    # --- servers -------------------------------------------------------------------------------------

    def _postgres_dies(self, dice: random.Random) -> None:
        """As by `pg_ctl stop -m immediate`; the process manager starts it again."""
        self._signal("postgres", signal.SIGQUIT)

    def _postgres_away(self, dice: random.Random, most: float = AWAY_SECONDS) -> None:
        self._signal("postgres", signal.SIGQUIT)
        self.supervisor.stop("postgres")
        time.sleep(most)
        self.supervisor.start("postgres")

    def _redis_dies(self, dice: random.Random) -> None:
        self._signal("valkey", signal.SIGKILL)

    def _redis_flushed(self, dice: random.Random) -> None:
        with suppress(RedisError), Redis.from_url(self.supervisor.env["REDIS_URL"]) as redis:
            redis.flushall()

    def _disk_full(self, dice: random.Random) -> None:
        if self.disk is None:
            return
        ballast, free = self.disk / "ballast", os.statvfs(self.disk)
        with suppress(OSError), ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize)
        time.sleep(DISK_FULL_SECONDS)
        ballast.unlink(missing_ok=True)

    def _signal(self, program: str, number: signal.Signals) -> None:
        if pid := self.supervisor.statuses()[program].pid:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    # --- Telegram and the model ----------------------------------------------------------------------

    def _spoil_calls(self, dice: random.Random) -> None:
        for kind, share in PASSING:
            fields = {"method": SEND} if kind.startswith("SLOWMODE") else {}
            self.client.add_fault(kind, share=share, **fields)
        for kind in MODEL:
            fault = {"kind": kind, "share": MODEL_SHARE / len(MODEL)}
            self.client.call("POST", "llm/faults", fault)

    def choose(self, accounts: list[int], people: list[int], groups: list[int]) -> None:
        """Who is struck for good. Called before the storm; ids are Telegram's."""
        dice = random.Random(self.seed)
        self.diary.ended_accounts = dice.sample(accounts, len(ENDINGS))
        for chat in dice.sample(people, max(1, round(len(people) * ENDED_CHATS))):
            self.client.add_fault("USER_IS_BLOCKED", method=SEND, chat=chat)
            self.diary.ended_chats.append(chat)
        for chat in dice.sample(groups, max(1, round(len(groups) * ENDED_CHATS))):
            self.client.add_fault("CHAT_WRITE_FORBIDDEN", method=SEND, chat=chat)
            self.diary.ended_chats.append(chat)

    def _account_ends(self, dice: random.Random) -> None:
        number = self.diary.events["account ends"] - 1
        account = self.diary.ended_accounts[number]
        self.client.add_fault(ENDINGS[number], method=SEND, account=account, times=1)

    def _lines_cut(self, dice: random.Random) -> None:
        self.client.disconnect()

    def _calm(self) -> None:
        """Passing faults end; what was ended for good stays so."""
        for fault in self.client.faults():
            if fault["share"] < 1:
                self.client.clear_faults(fault["id"])
        self.client.call("DELETE", "llm/faults")
        self._wait_for_postgres()

    def _wait_for_postgres(self) -> None:
        until = time.monotonic() + RESTART_SECONDS
        while time.monotonic() < until:
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.supervisor.env["DATABASE_URL"], connect_timeout=2).close()
                return
            time.sleep(0.2)


def family(pid: int) -> Iterator[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return iter(found)
