"""What became of everything, in words: posts, comments, people's messages and the answers to them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts_mgmt.outbox import Status, first_failing
from accounts_mgmt.private.model import PrivateMessage, private_models
from commentators.models import GeneratedComment, TelegramPost
from relove import show
from relove.rehearsal_models import RehearsalItem

Kind, Verdict, Approved = RehearsalItem.Kind, RehearsalItem.Verdict, RehearsalItem.Approved
PostStage = TelegramPost.Stage
REFUSED = (Status.FAILED, Status.REJECTED, Status.CANCELLED, Status.EXPIRED)
Item = dict[str, Any]


@dataclass(slots=True)
class Timeline:
    """Tells each thing once: as soon as nothing more will come of it, or at the end as it stands then."""

    refusals: dict[tuple[str, int], str]
    _told: set[tuple[str, str, int]] = field(default_factory=set)

    def news(self, now: datetime, *, is_over: bool = False) -> list[Item]:
        found = []
        for key, item in self._all(now, is_over):
            if key not in self._told and item is not None:
                self._told.add(key)
                found.append(item)
        return sorted(found, key=lambda item: item["at"])

    def _all(self, now: datetime, is_over: bool) -> Iterator[tuple[tuple[str, str, int], Item | None]]:
        for post in TelegramPost.objects.select_related("channel").order_by("id"):
            yield ("post", "came", post.pk), _came(post)
            yield ("post", "verdict", post.pk), _left_alone(post, now, is_over)
        for comment in GeneratedComment.objects.with_links().order_by("id"):
            yield ("comment", "", comment.pk), self._outgoing(comment, str(comment.channel), is_over)
        for kind in private_models():
            for row in kind._default_manager.select_related("sender", "user").order_by("id"):
                table = row._meta.db_table
                if row.direction == PrivateMessage.Direction.IN:
                    yield (table, "said", row.pk), _said(row)
                    yield (table, "answer", row.pk), _unanswered(row, now) if is_over else None
                else:
                    yield (table, "", row.pk), self._outgoing(row, str(row.user), is_over)

    def _outgoing(self, row: Any, place: str, is_over: bool) -> Item | None:
        kind = Kind.COMMENT if isinstance(row, GeneratedComment) else Kind.REPLY
        status, reason, at = Status(row.status), row.failed_reason, row.sent_at
        if status in (Status.SENT, Status.DELETED):
            verdict, reason = Verdict.SENT, ""
        elif status in REFUSED:
            verdict, reason, at = Verdict.REFUSED, reason or show.capital(str(status.label)), row.updated_at
        elif is_over:
            verdict, reason, at = Verdict.HELD, self._why_held(row), row.scheduled_at or row.created_at
        else:
            return None
        account = str(row.sender)
        return _item(at or row.created_at, kind, verdict, account, place, row.text, reason, _approval(row))

    def _why_held(self, row: Any) -> str:
        if row.status == Status.DRAFT:
            return self.refusals.get((row._meta.db_table, row.pk)) or _("It waits for a person's approval.")
        rows = type(row)._default_manager.filter(pk=row.pk)
        # a paused account's rows are not even claimed: nobody has written down why
        if refused := first_failing(rows, type(row).guards()):
            return str(refused.reason)
        return row.failed_reason or _("Its time comes after the end of the rehearsal.")


def _came(post: TelegramPost) -> Item:
    return _item(post.created_at, Kind.POST, Verdict.CAME, "", str(post.channel), post.text)


def _left_alone(post: TelegramPost, now: datetime, is_over: bool) -> Item | None:
    """A post without a comment, and why."""
    stage, place = PostStage(post.stage), str(post.channel)
    if stage in (PostStage.REFUSED, PostStage.IGNORED):
        reason = post.stage_reason or show.capital(str(stage.label))
        return _item(post.stored_at, Kind.COMMENT, Verdict.REFUSED, "", place, "", reason)
    if is_over and stage in (PostStage.NEW, PostStage.SUMMARISED):
        reason = post.stage_reason or show.capital(str(stage.label))
        return _item(now, Kind.COMMENT, Verdict.HELD, "", place, "", reason)
    return None


def _said(row: Any) -> Item:
    return _item(row.sent_at or row.created_at, Kind.SAID, Verdict.CAME, str(row.sender), str(row.user), row.text)


def _unanswered(row: Any, now: datetime) -> Item | None:
    """Words that got no answer by machine, and why a person must give one."""
    if not row.stage:
        return None
    reason = row.stage_reason or show.capital(str(PrivateMessage.Stage(row.stage).label))
    at = row.sent_at or now
    return _item(at, Kind.REPLY, Verdict.HELD, str(row.sender), str(row.user), "", reason)


def _approval(row: Any) -> str:
    if row.approved_by_id:
        return Approved.REHEARSAL
    if getattr(row, "purpose", ""):
        return Approved.FIXED
    return Approved.AUTOMATIC if row.random_id else Approved.NOBODY


def _item(
    at: datetime,
    kind: str,
    verdict: str,
    account: str,
    place: str,
    text: str,
    reason: str = "",
    approved: str = "",
) -> Item:
    return {
        "at": at.isoformat(),
        "kind": str(kind),
        "verdict": str(verdict),
        "account": account[:128],
        "place": place[:255],
        "text": text,
        "reason": reason[:255],
        "approved": str(approved),
    }
