"""A stage for the outbox's proofs: a sandbox, ready accounts, a channel with posts, comments in the queue.

The runners are processes of their own with the environment `Scene.environment`; the judge is the
sandbox's ledger.
"""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import CHANNEL as OUTBOX
from accounts_mgmt.outbox import Status
from commentators import monitoring
from commentators.models import CommentatorAccount, GeneratedComment, TelegramPost
from relove.db import notify
from relove.management import sandbox_world
from relove.sandbox.client import Answer, SandboxClient
from relove.telegram.gateway import ChannelInfo, Peer, PeerKind
from tests.live import running_sandbox, wait_for

ROOT = Path(__file__).resolve().parents[2]
# Above what the sandbox takes in a test: the limits have tests of their own.
QUICK = {
    "RELOVE_LEASE_SECONDS": "2",
    "RELOVE_SEND_CEILING": "0",
    "RELOVE_PACE_PER_SECOND": "1000",
    "RELOVE_PACE_PER_MINUTE": "60000",
    "RELOVE_RETRY_BASE_SECONDS": "0.2",
    # Telethon takes two seconds to pass on that a message is there already
    "RELOVE_TELEGRAM_REQUEST_TIMEOUT": "6",
    "RELOVE_CONN_MAX_AGE": "600",
}


def environment() -> dict[str, str]:
    """For processes that work on the test's database and sandbox."""
    database = connection.settings_dict
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    return {
        **os.environ,
        **QUICK,
        "DATABASE_URL": f"{server}/{database['NAME']}",
        "DJANGO_SETTINGS_MODULE": "relove.settings",
        "Q_CLUSTER_NAME": "telegram",
        "RELOVE_SANDBOX_TELEGRAM": django_settings.SANDBOX_TELEGRAM,
        "RELOVE_SANDBOX_HTTP": django_settings.SANDBOX_HTTP,
    }


class Scene:
    """What a test plays on: rows of our own and their counterparts in the sandbox."""

    def __init__(self, client: SandboxClient, folder: Path) -> None:
        self.client, self.folder = client, folder
        now = timezone.now()
        self.channel_id: int = client.world(sandbox_world.description())["channels"][0]["id"]
        # nobody reacts here: only what the accounts do is to be seen
        client.settings(people=False)
        self.accounts = sandbox_world.connect_accounts(client, now)
        self.channel = sandbox_world.add_channel(self.accounts, now, per_day=1)
        self._check_channel()

    def _check_channel(self) -> None:
        """As the account call check_channel would, without a runner."""
        found = ChannelInfo(
            Peer(PeerKind.CHANNEL, self.channel_id), "Путь к себе", sandbox_world.CHANNEL, "", 3, True, False, None
        )
        monitoring.checked(self.channel.id, self.accounts[0].session_id, found, timezone.now())
        self.channel.refresh_from_db()

    @property
    def environment(self) -> dict[str, str]:
        """For processes that play on this scene."""
        return environment()

    def post(self) -> TelegramPost:
        """A post in the channel, and our row of it."""
        text = f"Пост {TelegramPost.objects.count() + 1}"
        published = self.client.publish(self.channel_id, text)
        return TelegramPost.objects.create(
            channel=self.channel, message_id=published["id"], text=text, created_at=timezone.now()
        )

    def queue(self, posts: int, accounts: int = len(sandbox_world.VOICES), **fields: Any) -> list[int]:
        """Queue a comment by each of the first accounts under each of so many new posts; their ids."""
        comments = []
        for post in [self.post() for _ in range(posts)]:
            for account in self.accounts[:accounts]:
                comments.append(self._comment(post, account, **fields))
        made = GeneratedComment.objects.bulk_create(comments)
        notify(OUTBOX)
        return [comment.id for comment in made]

    def _comment(self, post: TelegramPost, account: CommentatorAccount, **fields: Any) -> GeneratedComment:
        comment = GeneratedComment(
            post=post, channel=self.channel, account=account, sender=account.session, approved_at=timezone.now()
        )
        comment.queue(timezone.now())
        comment.text = f"{account} под «{post.text}»"
        for name, value in fields.items():
            setattr(comment, name, value)
        return comment

    # --- the judge ---------------------------------------------------------------------------------

    def accepted(self) -> list[Answer]:
        """What the sandbox accepted from our accounts."""
        return [entry for entry in self.client.ledger() if entry["random_id"]]

    def wait_until_accepted(self, count: int) -> None:
        wait_for(lambda: len(self.accepted()) >= count, f"{count} messages are in the ledger")

    def wait_until_settled(self, seconds: float = 30) -> None:
        unsettled = GeneratedComment.objects.unsettled().filter(set_aside=False)
        wait_for(lambda: not unsettled.exists(), "no comment is on its way any more", seconds)

    def assert_each_sent_once(self, ids: list[int]) -> None:
        """Every message once in the ledger, nothing else there, every row knows its message."""
        accepted = self.accepted()
        counts = Counter((entry["account"], entry["random_id"]) for entry in accepted)
        rows = GeneratedComment.objects.filter(id__in=ids)
        wanted = set(rows.values_list("sender__telegram_user_id", "random_id"))
        assert len(wanted) == len(ids)
        left = list(rows.exclude(status=Status.SENT).values_list("status", "failed_code", "failed_reason"))
        assert left == []
        assert not wanted - counts.keys(), "lost"
        assert not counts.keys() - wanted, "nobody asked for these"
        assert not [key for key, count in counts.items() if count > 1], "sent twice"
        numbers = {entry["random_id"]: entry["message"] for entry in accepted}
        assert {row.random_id: row.message_id for row in rows} == numbers
        assert not self.client.stats()["dead_keys"], "a key was used from two addresses"

    def holders(self) -> set[int]:
        """The pids of the processes that hold accounts."""
        held = TelegramAccountSession.objects.exclude(lease_token=None)
        return set(held.values_list("lease_pid", flat=True))


class Runners:
    """A process that holds accounts: a cluster, or a single runner."""

    def __init__(self, command: list[str], scene: Scene, **environment: str) -> None:
        self.output = scene.folder / "runners.out"
        # what the process writes once it can be told to stop
        self.sign = ""
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env={**scene.environment, **environment},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def is_frozen(self) -> bool:
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def wait_until_up(self) -> None:
        def up() -> bool:
            return self.sign in self.output.read_text() or self.process.poll() is not None

        wait_for(up, "the process is up")

    def stop(self, seconds: float = 15) -> int:
        self.wait_until_up()
        self.signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def end(self) -> None:
        """Whatever state it is in: its group is its own, and orphans drain by themselves."""
        if self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self.process.wait()


@contextmanager
def cluster(scene: Scene, **environment: str) -> Iterator[Runners]:
    """A real cluster: `telegram`, or the one that Q_CLUSTER_NAME names."""
    yield from _until_the_end(Runners(["manage.py", "qcluster"], scene, **environment))


@contextmanager
def runner(scene: Scene, address: str, **environment: str) -> Iterator[Runners]:
    """A runner alone, as a host of its own: with its own source address, which the sandbox checks."""
    command = ["-m", "tests.accounts_mgmt.worker", address]
    alone = Runners(command, scene, RELOVE_HOST_ID=address, **environment)
    alone.sign = f"listening to signals at {address}\n"
    yield from _until_the_end(alone)


def _until_the_end(runners: Runners) -> Iterator[Runners]:
    try:
        yield runners
    except BaseException:
        print(runners.output.read_text()[-8000:])  # noqa: T201  pytest shows it with the failure
        raise
    finally:
        runners.end()


@contextmanager
def stage(settings: Any, folder: Path) -> Iterator[Scene]:
    with running_sandbox(settings) as client:
        yield Scene(client, folder)
