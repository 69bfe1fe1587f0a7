"""Watching channels: adding, checking, reading, and saying what is wrong with one (ChannelMonitorService)."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts_mgmt import calls, reasons
from accounts_mgmt.models import AccountCall, TelegramAccountSession
from commentators import posts
from commentators.models import TelegramChannel
from relove import oplog
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
def checked(channel_id: int, account_id: int, found: ChannelInfo) -> dict[str, Any]:
    """Keep what a look at the channel found; the answer is for the page."""
    channel = TelegramChannel.objects.select_for_update().get(id=channel_id)
    kind = Chat.Kind.CHANNEL if found.is_broadcast else Chat.Kind.SUPERGROUP
    channel.chat = _chat(found.peer.id, kind, found.title, found.username)
    channel.discussion = None
    if found.linked_group:
        title = _("Comments of %(channel)s") % {"channel": found.title}
        channel.discussion = _chat(found.linked_group.id, Chat.Kind.SUPERGROUP, title, "")
    channel.title, channel.description = found.title[:255], posts.clean(found.description)
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
    if channel and posts.store(channel.id, [message]):
        _log_stored(channel.id, account_id)


def saw_deletion(telegram_id: int, message_ids: Sequence[int], now: datetime) -> None:
    for channel in TelegramChannel.objects.filter(chat__telegram_id=telegram_id):
        posts.mark_deleted(channel.id, message_ids, now)


def read(channel_id: int, messages: Sequence[Message], now: datetime) -> int:
    """An interval's reading; answers how many posts were new."""
    new = posts.store(channel_id, messages)
    TelegramChannel.objects.filter(id=channel_id).update(last_checked=now, problem="", problem_since=None)
    if new:
        _log_stored(channel_id, None)
    return new


def _log_stored(channel_id: int, account_id: int | None) -> None:
    oplog.log_operation("store_post", "success", account_id=account_id, subject=("telegram_channels", channel_id))


def ask_due(now: datetime) -> int:
    """Ask for a reading of every channel whose interval has passed; answers how many.

    The listening account reads; where it cannot, its deputy does.
    """
    asked = 0
    for channel in TelegramChannel.objects.due(now).exclude(chat=None).select_related("listener", "deputy"):
        reader = next((one for one in (channel.listener, channel.deputy) if one and one.state == "active"), None)
        waiting = AccountCall.objects.open().filter(kind="read_channel", arguments__channel=channel.id)
        if reader and not waiting.exists():
            calls.ask(reader.id, "read_channel", {"channel": channel.id}, now=now)
            asked += 1
    return asked
