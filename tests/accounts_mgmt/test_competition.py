"""Several runners want the same accounts: one at a time has each, and nothing leaves twice.

Each is a host of its own with its own source address, and the sandbox destroys a key it meets from two.
"""

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from accounts_mgmt.models import AccountSecurityLog, TelegramAccountSession
from relove.models import SessionLog
from tests.accounts_mgmt.database_way import DatabaseWay, database_way
from tests.accounts_mgmt.scene import Scene, cluster, runner
from tests.live import wait_for

pytestmark = pytest.mark.processes

ONE, OTHER = "127.0.0.2", "127.0.0.3"


@pytest.fixture
def strict(scene: Scene) -> Scene:
    """A lease of 2 s leaves its successor 0.7 s; with 15 s it is 5 s, as the sandbox's own window."""
    scene.client.settings(duplicated_key_window=0.5)
    return scene


def wait_for_accounts(scene: Scene, count: int) -> None:
    held = TelegramAccountSession.objects.exclude(lease_token=None)
    wait_for(lambda: held.count() == count and len(scene.client.stats()["online"]) == count, f"{count} are held")


def events(kind: str) -> int:
    return AccountSecurityLog.objects.filter(event=kind).count()


def test_two_clusters_share_the_accounts(scene: Scene) -> None:
    ids = scene.queue(posts=10)
    with cluster(scene, RELOVE_ACCOUNTS_PER_RUNNER="3"), cluster(scene, RELOVE_ACCOUNTS_PER_RUNNER="3"):
        scene.wait_until_settled()
        assert len(scene.holders()) == 2
        scene.assert_each_sent_once(ids)
        assert events("leased") == len(scene.accounts), "nobody took what another had"


def test_two_hosts_want_every_account(strict: Scene) -> None:
    with runner(strict, ONE), runner(strict, OTHER):
        wait_for_accounts(strict, len(strict.accounts))
        ids = strict.queue(posts=10)
        strict.wait_until_settled()
        strict.assert_each_sent_once(ids)
        assert not events("lease_lost")


def test_a_stopped_host_hands_over(strict: Scene) -> None:
    """What is in flight settles, the rest goes to the other host, which waits a moment for the keys' sake."""
    strict.client.add_fault("slow:0.3", method="messages.SendMessage")
    with runner(strict, ONE) as first:
        wait_for_accounts(strict, len(strict.accounts))
        with runner(strict, OTHER):
            ids = strict.queue(posts=15)
            strict.wait_until_accepted(30)
            assert first.stop() == 0
            strict.wait_until_settled()
            strict.assert_each_sent_once(ids)
            assert events("released") == len(strict.accounts)


def test_a_killed_host_is_waited_for(strict: Scene) -> None:
    """Another host cannot know that it is dead: the leases run out first."""
    strict.client.add_fault("slow:0.3", method="messages.SendMessage")
    with runner(strict, ONE) as first:
        wait_for_accounts(strict, len(strict.accounts))
        with runner(strict, OTHER):
            ids = strict.queue(posts=15)
            strict.wait_until_accepted(30)
            first.signal(signal.SIGKILL)
            strict.wait_until_settled()
            strict.assert_each_sent_once(ids)


@pytest.mark.parametrize("frozen_at", ["anywhere", "before_request:20:STOP"])
def test_a_frozen_host_wakes_up_and_is_silent(frozen_at: str, strict: Scene) -> None:
    """SIGSTOP past the lease, another takes over, SIGCONT: the old one writes and sends nothing."""
    anywhere = frozen_at == "anywhere"
    strict.client.add_fault("slow:0.3", method="messages.SendMessage")
    with runner(strict, ONE, RELOVE_FAULT_POINT="" if anywhere else frozen_at) as frozen:
        wait_for_accounts(strict, len(strict.accounts))
        ids = strict.queue(posts=15)
        if anywhere:
            strict.wait_until_accepted(30)
            frozen.signal(signal.SIGSTOP)
        wait_for(frozen.is_frozen, "it is frozen")
        with runner(strict, OTHER):
            strict.wait_until_settled()
            strict.assert_each_sent_once(ids)
            before, rows = requests(strict), row_versions()
            frozen.signal(signal.SIGCONT)
            wait_for(lambda: events("lease_lost") == len(strict.accounts), "the old one has let go")
            frozen.stop()
            strict.assert_each_sent_once(ids)
            assert requests(strict) == before
            assert row_versions() == rows
            assert len(strict.holders()) == 1


def test_a_host_whose_database_refuses_it_lets_go_before_another_connects(strict: Scene) -> None:
    """Telegram it could still reach: it alone knows that its time is up. What it had in hand leaves once."""
    strict.client.add_fault("slow:0.3", method="messages.SendMessage")
    with cut_off_host(strict) as way, runner(strict, OTHER):
        ids = strict.queue(posts=10)
        strict.wait_until_accepted(20)
        way.refuse()
        assert_handed_over(strict)
        strict.wait_until_settled()
        strict.assert_each_sent_once(ids)


def test_a_host_whose_database_falls_silent_lets_go_before_another_connects(strict: Scene) -> None:
    """No answer is no error: nothing that waits for one may keep it from disconnecting."""
    with cut_off_host(strict) as way, runner(strict, OTHER):
        way.fall_silent()
        assert_handed_over(strict)
        ids = strict.queue(posts=2)
        strict.wait_until_settled()
        strict.assert_each_sent_once(ids)


@contextmanager
def cut_off_host(scene: Scene) -> Iterator[DatabaseWay]:
    """A host that holds every account, and its way to the database, mended before it is stopped."""
    straight = scene.environment["DATABASE_URL"]
    with database_way() as way, runner(scene, ONE, DATABASE_URL=way.url(straight)) as host:
        wait_for_accounts(scene, len(scene.accounts))
        # a transaction cut off in its middle would keep its rows locked
        working = SessionLog.objects.filter(status=SessionLog.Status.ACTIVE)
        wait_for(lambda: working.count() == len(scene.accounts), "all are taken to the end")
        yield way
        way.mend()
        assert host.stop() == 0


def assert_handed_over(scene: Scene) -> None:
    there = TelegramAccountSession.objects.filter(lease_host=OTHER).exclude(lease_token=None)
    online = scene.client.stats
    wait_for(lambda: there.count() == len(scene.accounts) == len(online()["online"]), "the other host has them")
    assert not online()["overlaps"], "two hosts were connected at once"


def requests(scene: Scene) -> dict[str, int]:
    """How often anything was asked of Telegram but for the upkeep of idle clients."""
    counts: Counter[str] = Counter()
    for one in scene.client.stats()["requests"]:
        if not one["method"].startswith(("updates.", "help.")):
            counts[one["method"]] += one["count"]
    return counts


def row_versions() -> list[Any]:
    """Another row for every UPDATE, even one that changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, xmin::text FROM generated_comments ORDER BY id")
        return cursor.fetchall()
