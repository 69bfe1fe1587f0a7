"""The demonstration's inside: posts of an export become delivered comments, with the real clients.

Runs with the database, the sandbox and the clusters that `manage.py demo` has started.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db.models import Q
from django.utils import timezone

from accounts_mgmt import calls
from accounts_mgmt.models import AccountCall
from accounts_mgmt.outbox import Status
from commentators import metrics, services
from commentators.models import GeneratedComment, TelegramChannel, TelegramPost
from relove.management import sandbox_world
from relove.models import Staff
from relove.sandbox.client import SandboxClient

# A slot a second: the pace of the demonstration is the ceiling's, not a person's day.
COMMENTS_A_DAY = 86_400
PATIENCE = 120.0
AT_ONCE = 100
Stage = TelegramPost.Stage
Tell = Callable[[str], None]


@dataclass(slots=True)
class Result:
    """What the demonstration counts; `lost` and `duplicated` by the server's ledger alone."""

    posts: int = 0
    summarised: int = 0
    drafted: int = 0
    approved: int = 0
    refused: int = 0
    sent: int = 0
    with_metrics: int = 0
    lost: int = 0
    duplicated: int = 0
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        kept = self.approved == self.sent and not self.lost and not self.duplicated
        handled = self.drafted + self.refused == self.posts
        return handled and kept and self.refused * 5 <= self.posts

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class LateError(Exception):
    """Something did not come in time; the text says what."""


def set_up() -> None:
    """The sandbox's world and our rows for it, before the clusters start."""
    client = SandboxClient(settings.SANDBOX_HTTP)
    now = timezone.now()
    client.world(sandbox_world.description())
    accounts = sandbox_world.connect_accounts(client, now)
    sandbox_world.add_channel(accounts, now, COMMENTS_A_DAY)
    Staff.objects.create_user("demo")


def drive(export: Path, tell: Tell) -> tuple[Result, str]:
    """Publish, and follow the posts to comments with their response; answers what was late, if anything."""
    started = time.monotonic()
    client = SandboxClient(settings.SANDBOX_HTTP)
    result, complaint = Result(), ""
    try:
        _follow(export, client, result, tell)
    except LateError as error:
        complaint = str(error)
    _count(result, client)
    result.seconds = round(time.monotonic() - started, 1)
    return result, complaint


def _follow(export: Path, client: SandboxClient, result: Result, tell: Tell) -> None:
    channel = TelegramChannel.objects.get()
    for kind in ("check_channel", "join_channel"):
        _call(channel, kind)
    loaded = client.load_export(channel.username, export)
    tell(f"publishing {loaded['posts']} posts of {export.name}")
    while client.publish_export(channel.username, limit=AT_ONCE)["posts"]:
        pass
    result.posts = loaded["posts"]
    worded = TelegramPost.objects.exclude(text="")
    _until(lambda: worded.count() >= result.posts, "the posts were not all read", tell)
    _review(result, tell)
    _until(lambda: not GeneratedComment.objects.unsettled().exists(), "comments are left in the queue", tell)
    client.wait_idle(timeout=20)
    _read_metrics(tell)


def _call(channel: TelegramChannel, kind: str) -> None:
    assert channel.listener_id is not None
    call = calls.ask(channel.listener_id, kind, {"channel": channel.id}, now=timezone.now())
    _until(lambda: not AccountCall.objects.open().filter(id=call.id).exists(), f"{kind} was not carried out", None)
    call.refresh_from_db()
    if call.state != AccountCall.State.DONE:
        raise CommandError(f"{kind}: {call.error}")


def _review(result: Result, tell: Tell) -> None:
    """A person approves every draft, as they come, until no post has a stage to take any more."""
    staff = Staff.objects.get(username="demo")

    def done() -> bool:
        drafts = list(GeneratedComment.objects.drafts().values_list("id", flat=True)[:AT_ONCE])
        result.approved += len(services.approve(drafts, staff, timezone.now()).done) if drafts else 0
        return not drafts and not TelegramPost.objects.unfinished().exists()

    _until(done, "posts wait for a summary or a draft", tell)


def _read_metrics(tell: Tell) -> None:
    def done() -> bool:
        metrics.ask_due(timezone.now())
        return not GeneratedComment.objects.filter(status=Status.SENT, metrics_at=None).exists()

    _until(done, "the response to comments was not read", tell)


def _count(result: Result, client: SandboxClient) -> None:
    # a photo without a caption is read too, but is no post to speak about
    posts = TelegramPost.objects.exclude(text="")
    result.summarised = posts.filter(summary__isnull=False).count()
    result.drafted = posts.filter(stage=Stage.DRAFTED).count()
    result.refused = posts.filter(Q(stage=Stage.REFUSED) | Q(stage=Stage.IGNORED)).count()
    comments = GeneratedComment.objects.exclude(approved_at=None)
    result.sent = comments.filter(status=Status.SENT).count()
    result.with_metrics = comments.filter(engagement_metrics__isnull=False).count()
    accepted = Counter(
        (entry["account"], entry["random_id"]) for entry in client.ledger() if entry.get("random_id")
    )
    approved = set(comments.values_list("sender__telegram_user_id", "random_id"))
    result.lost = len(approved - accepted.keys())
    # a message of ours that no comment accounts for is as much too many as a second copy
    repeated = sum(count - 1 for count in accepted.values())
    result.duplicated = repeated + len(accepted.keys() - approved)


def _until(done: Callable[[], bool], complaint: str, tell: Tell | None) -> None:
    """Wait for a state, telling how far things are; patience ends where for so long nothing gets further."""
    moved = told = time.monotonic()
    progress = _progress()
    while not done():
        now = time.monotonic()
        if now - moved > PATIENCE:
            raise LateError(f"For {PATIENCE:.0f} s nothing got further: {complaint}.")
        if now - told > 2:
            before, progress, told = progress, _progress(), now
            moved = now if progress != before else moved
            if tell:
                tell(progress)
        time.sleep(0.1)


def _progress() -> str:
    posts = TelegramPost.objects
    sent = GeneratedComment.objects.filter(status=Status.SENT).count()
    summarised = posts.filter(summary__isnull=False).count()
    drafted = GeneratedComment.objects.count()
    return f"{posts.count()} read · {summarised} summarised · {drafted} drafted · {sent} sent"
