"""Watching channels: adding, checking, reading, and saying what is wrong with one (ChannelMonitorService)."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from accounts_mgmt import calls, reasons
from accounts_mgmt.models import AccountCall, TelegramAccountSession
from commentators import posts
from commentators.models import TelegramChannel
from relove import oplog
from relove.language import storable
from relove.models import Chat, Staff
from relove.telegram.gateway import ChannelInfo, GatewayError, Message, Peer, PeerKind

NAME = re.compile(r"(?:(?:https?://)?(?:t\.me|telegram\.me)/(?:s/)?|@)?([A-Za-z]\w{3,31})(?:/\d+)?/?$")


class NoAccount(ValidationError):
    """There is no active account that could read."""


def normalised(name: str) -> str:
    """A bare lower-case username from @name, a t.me link or a bare name. Raises ValidationError."""
    match = NAME.match(name.strip())
    if not match:
        raise ValidationError(_("Write the channel as @name or as a link https://t.me/name."))
    return match[1].lower()


def add_channel(name: str, staff: Staff | None, now: datetime) -> AccountCall:
    """Add a channel and have it checked at once; the answer of the call says what was found."""
    listener, deputy = readers()
    with transaction.atomic():
        channel, _created = TelegramChannel.objects.get_or_create(
            username=normalised(name), defaults={"listener": listener, "deputy": deputy}
        )
        return ask_check(channel, channel.listener_id or listener.id, staff, now)


def ask_check(
    channel: TelegramChannel, account_id: int, staff: Staff | None, now: datetime, **options: Any
) -> AccountCall:
    """Have the account look the channel up in Telegram; only then can it be read. `options` are the call's."""
    return calls.ask(account_id, "check_channel", {"channel": channel.id}, now=now, asked_by=staff, **options)


def readers() -> tuple[TelegramAccountSession, TelegramAccountSession | None]:
    """A listening account and its deputy: commentators first, they live in channels anyway. Raises NoAccount."""
    found = list(TelegramAccountSession.objects.active().exclude(session=None).order_by("role", "id")[:2])
    if not found:
        raise NoAccount(_("Connect a Telegram account first: a channel is read through one."))
    return found[0], found[1] if len(found) > 1 else None


def name_of(channel_id: int) -> str:
    return TelegramChannel.objects.values_list("username", flat=True).get(id=channel_id)


def address_of(channel_id: int) -> Peer:
    """The channel's address; refused until it has been checked."""
    chat = TelegramChannel.objects.select_related("chat").get(id=channel_id).chat
    return Peer(PeerKind.CHANNEL, chat.telegram_id if chat else 0)


def reading_place(channel_id: int) -> tuple[Peer, str, int]:
    """Address, name and the last message read."""
    channel = TelegramChannel.objects.get(id=channel_id)
    return address_of(channel_id), channel.username, channel.last_message_id


@transaction.atomic
def checked(channel_id: int, account_id: int, found: ChannelInfo, now: datetime) -> dict[str, Any]:
    """Keep what a look at the channel found; the answer is for the page."""
    channel = TelegramChannel.objects.select_for_update().get(id=channel_id)
    problem = _not_the_same(channel, found)
    if problem:
        channel.problem, channel.problem_since = problem, channel.problem_since or now
        channel.save()
        return {"title": found.title, "reason": problem}
    kind = Chat.Kind.CHANNEL if found.is_broadcast else Chat.Kind.SUPERGROUP
    channel.chat = _chat(found.peer.id, kind, found.title, found.username)
    channel.discussion = None
    if found.linked_group:
        title = _("Comments of %(channel)s") % {"channel": found.title}
        channel.discussion = _chat(found.linked_group.id, Chat.Kind.SUPERGROUP, title, "")
    channel.title, channel.description = found.title[:255], storable(found.description)
    channel.members_count = found.members_count
    channel.listener_id = channel.listener_id or account_id
    channel.problem, channel.problem_since = "", None
    channel.save()
    oplog.log_operation(
        "check_channel", "success", account_id=account_id, subject=("telegram_channels", channel_id)
    )
    return {
        "title": found.title,
        "members": found.members_count,
        "comments": found.linked_group is not None,
        "member": found.is_member,
    }


def _not_the_same(channel: TelegramChannel, found: ChannelInfo) -> str:
    """Why what was found is not to be kept under this row; empty when it is.

    A name may be given up and taken by another owner: no agreement passes on to that one.
    """
    if channel.chat and channel.chat.telegram_id != found.peer.id:
        channel.basis = TelegramChannel.Basis.NONE
        return _("Another channel has this name now. Add it anew, with a posting basis of its own.")
    other = TelegramChannel.objects.filter(chat__telegram_id=found.peer.id).exclude(id=channel.id).first()
    if other:
        return _("This channel is here already as @%(name)s.") % {"name": other.username}
    return ""


def _chat(telegram_id: int, kind: Chat.Kind, title: str, username: str) -> Chat:
    chat, _created = Chat.objects.update_or_create(
        telegram_id=telegram_id, kind=kind, defaults={"title": title[:255], "username": username}
    )
    return chat


def unreadable(channel_id: int, error: GatewayError, now: datetime) -> None:
    """Say at the channel why it cannot be read, and since when."""
    channel = TelegramChannel.objects.get(id=channel_id)
    channel.problem = reasons.sentence(error)
    channel.problem_since = channel.problem_since or now
    channel.last_checked = now
    channel.save(update_fields=["problem", "problem_since", "last_checked"])
    oplog.log_operation("read_channel", "failed", error=channel.problem, subject=("telegram_channels", channel_id))


def saw_post(account_id: int, message: Message) -> None:
    """A live update: stored when its channel is watched."""
    channel = TelegramChannel.objects.watched().filter(chat__telegram_id=message.chat.id).first()
    if channel:
        _log_stored(posts.store(channel.id, [message]), account_id)


def saw_deletion(telegram_id: int, message_ids: Sequence[int], now: datetime) -> None:
    for channel in TelegramChannel.objects.filter(chat__telegram_id=telegram_id):
        posts.mark_deleted(channel.id, message_ids, now)


def read(channel_id: int, messages: Sequence[Message], now: datetime) -> int:
    """An interval's reading; answers how many posts were new."""
    new = posts.store(channel_id, messages)
    # only a reading knows that nothing is missing below: a live post may have come first
    read_to = max((message.id for message in messages), default=0)
    TelegramChannel.objects.filter(id=channel_id).update(
        last_checked=now, last_message_id=Greatest("last_message_id", read_to), problem="", problem_since=None
    )
    _log_stored(new, None)
    return len(new)


def _log_stored(post_ids: Sequence[int], account_id: int | None) -> None:
    oplog.log_operations(
        [
            oplog.Operation("store_post", "success", account_id=account_id, subject=("telegram_posts", post_id))
            for post_id in post_ids
        ]
    )


def ask_due(now: datetime) -> int:
    """Ask for a reading of every channel whose interval has passed; answers how many.

    The listening account reads; where it cannot, its deputy does.
    """
    asked = 0
    for channel in TelegramChannel.objects.due(now).exclude(chat=None).select_related("listener", "deputy"):
        readers = (channel.listener, channel.deputy)
        reader = next((one for one in readers if one and _can_read(one, now)), None)
        waiting = AccountCall.objects.open().filter(kind="read_channel", arguments__channel=channel.id)
        if reader and not waiting.exists():
            calls.ask(reader.id, "read_channel", {"channel": channel.id}, now=now)
            asked += 1
    return asked


def _can_read(account: TelegramAccountSession, now: datetime) -> bool:
    waits = account.flood_until is not None and account.flood_until > now
    return account.state == TelegramAccountSession.State.ACTIVE and account.session is not None and not waits
