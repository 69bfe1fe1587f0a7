"""Reading a channel's earlier posts, as many as a person wishes: page by page, each an account call.

A page is stored together with how far the reading has come, so a call that is repeated after a crash stores
nothing twice and leaves nothing out. A chain that broke is taken up again by the upkeep.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts_mgmt import calls, reasons
from commentators import monitoring, posts
from commentators.models import ChannelBackfill, TelegramChannel
from relove import live, oplog
from relove.models import Staff
from relove.telegram.gateway import GatewayError, Message

TOPIC = live.topic("channels", "commentators.view_telegramchannel")
KIND = "backfill_channel"
PAGE = 100
MOST = 5_000


@dataclass(frozen=True, slots=True)
class Page:
    """What is to be read next: at most `limit` messages below `below`, 0 being the newest."""

    backfill: int
    place: monitoring.Place
    below: int
    limit: int


@transaction.atomic
def begin(channel_id: int, wanted: int, staff: Staff | None, now: datetime) -> ChannelBackfill:
    """Ask for the last `wanted` posts of a channel; raises ValidationError where that cannot be."""
    channel = TelegramChannel.objects.select_for_update(no_key=True).get(id=channel_id)
    if channel.chat_id is None:
        raise ValidationError(_("The channel has to be checked first."))
    if not 1 <= wanted <= MOST:
        raise ValidationError(_("Between 1 and %(most)s posts can be read at a time.") % {"most": MOST})
    if channel.backfills.filter(finished_at=None).exists():
        raise ValidationError(_("Earlier posts of this channel are being read already."))
    backfill = ChannelBackfill.objects.create(channel=channel, wanted=wanted, asked_by=staff)
    monitoring.ask_reading(channel, KIND, now)
    live.publish(TOPIC)
    return backfill


def ask_due(now: datetime) -> int:
    """Ask for the next page of every reading under way that nobody is carrying out; answers how many."""
    channels = TelegramChannel.objects.filter(backfills__finished_at=None, backfills__isnull=False)
    return sum(monitoring.ask_reading(channel, KIND, now) for channel in channels.with_readers())


def next_page(channel_id: int) -> Page | None:
    """None when nothing is left to read."""
    backfill = ChannelBackfill.objects.filter(channel=channel_id, finished_at=None).first()
    if backfill is None:
        return None
    limit = min(PAGE, backfill.wanted - backfill.found)
    return Page(backfill.id, monitoring.reading_place(channel_id), backfill.below, limit)


@transaction.atomic
def keep(page: Page, messages: Sequence[Message], now: datetime) -> int:
    """Store a page and ask for the next; answers how many posts the reading has found so far.

    A page that somebody has stored before, after a crash say, counts once.
    """
    rows = ChannelBackfill.objects.select_for_update(of=("self",)).select_related("channel")
    backfill = rows.get(id=page.backfill)
    if backfill.below != page.below or backfill.finished_at:
        return backfill.found
    monitoring.log_stored(posts.store(backfill.channel_id, messages), None)
    backfill.found += len(messages)
    backfill.below = min((message.id for message in messages), default=page.below)
    if not messages or backfill.found >= backfill.wanted:
        backfill.finished_at = now
    backfill.save()
    if backfill.finished_at is None:
        _ask_next(backfill.channel, now)
    live.publish(TOPIC)
    return backfill.found


def _ask_next(channel: TelegramChannel, now: datetime) -> None:
    """The call that brings us here is still open: another one beside it is what we want."""
    reader = monitoring.reader_of(channel, now)
    if reader:
        calls.ask(reader.id, KIND, {"channel": channel.id}, now=now)


@transaction.atomic
def refused(page: Page, call: calls.Call, error: GatewayError, now: datetime) -> None:
    """The listening account may not read: its deputy goes on; where there is none the reading ends here."""
    if monitoring.ask_deputy(call, KIND, now):
        return
    words = reasons.sentence(error)
    ChannelBackfill.objects.filter(id=page.backfill).update(problem=words, finished_at=now)
    oplog.log_operation(KIND, "failed", error=words, subject=("telegram_channels", call.arguments["channel"]))
    live.publish(TOPIC)
