"""A thousand posts while the processes that listen die or hand over: each stored, each once."""

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.utils import timezone

from accounts_mgmt import calls
from accounts_mgmt.models import AccountCall
from commentators.models import TelegramPost
from tests.accounts_mgmt.scene import Scene, cluster, runner
from tests.live import wait_for

pytestmark = pytest.mark.processes

POSTS = 1000
EVERY_SECONDS = 3.0
FAULTS = 4


class Publishing(threading.Thread):
    """Publishes evenly, so that the faults fall among the posts."""

    def __init__(self, scene: Scene, seconds: float) -> None:
        super().__init__()
        self._scene, self._pause = scene, seconds / POSTS
        self.published: list[int] = []
        self._stopped = threading.Event()

    def run(self) -> None:
        while len(self.published) < POSTS and not self._stopped.wait(self._pause):
            text = f"Пост {len(self.published) + 1}"
            self.published.append(self._scene.client.publish(self._scene.channel_id, text)["id"])

    def stop(self) -> None:
        self._stopped.set()
        self.join()


@contextmanager
def publishing(scene: Scene) -> Iterator[Publishing]:
    thread = Publishing(scene, seconds=13)
    thread.start()
    try:
        yield thread
    finally:
        thread.stop()


def join_channel(scene: Scene) -> None:
    """The account call, carried out by whoever holds the accounts: only members hear of posts."""
    for kind in ("check_channel", "join_channel"):
        listener = scene.accounts[0].session_id
        calls.ask(listener, kind, {"channel": scene.channel.id}, now=timezone.now())
        wait_for(lambda: not AccountCall.objects.open().exists(), kind)
    assert not AccountCall.objects.exclude(state=AccountCall.State.DONE).exists()


def disturb(publishing: Publishing, fault: Callable[[], None]) -> None:
    """The fault every three seconds, until all is published and it has happened at least four times."""
    started = time.monotonic()
    times = 0
    while publishing.is_alive() or times < FAULTS:
        times += 1
        publishing.join(max(0.0, started + times * EVERY_SECONDS - time.monotonic()))
        fault()


def assert_all_stored(scene: Scene, published: list[int]) -> None:
    stored = TelegramPost.objects.filter(channel=scene.channel)
    wait_for(lambda: stored.count() >= POSTS, f"{POSTS} posts are stored", seconds=60)
    assert sorted(stored.values_list("message_id", flat=True)) == sorted(published)
    assert len(published) == POSTS
    assert not scene.client.stats()["dead_keys"]


def living(pids: set[int]) -> set[int]:
    """Without the one that was killed last, whose accounts nobody has taken yet."""
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


def test_killed_every_three_seconds(scene: Scene) -> None:
    with cluster(scene):
        join_channel(scene)

        def kill() -> None:
            (pid,) = wait_for(lambda: living(scene.holders()), "somebody holds the accounts")
            os.kill(pid, signal.SIGKILL)

        with publishing(scene) as posts:
            disturb(posts, kill)
            assert_all_stored(scene, posts.published)


def test_handed_over_every_three_seconds(scene: Scene) -> None:
    """Two hosts, of which one waits: the other is told to go, and another begins to wait."""
    scene.client.settings(duplicated_key_window=0.5)
    addresses = iter(f"127.0.0.{number}" for number in range(2, 100))
    with ExitStack() as stack:
        hosts = deque(stack.enter_context(runner(scene, next(addresses))) for _ in range(2))
        join_channel(scene)

        def hand_over() -> None:
            (pid,) = wait_for(scene.holders, "somebody holds the accounts")
            leaving = next(host for host in hosts if host.pid == pid)
            hosts.remove(leaving)
            assert leaving.stop() == 0
            hosts.append(stack.enter_context(runner(scene, next(addresses))))

        with publishing(scene) as posts:
            disturb(posts, hand_over)
            assert_all_stored(scene, posts.published)
