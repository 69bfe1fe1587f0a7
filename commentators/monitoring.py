"""Watching channels: adding, checking, reading, and saying what is wrong with one (ChannelMonitorService)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from accounts_mgmt import calls, reasons
from accounts_mgmt.models import AccountCall, TelegramAccountSession
from commentators import posts
from commentators.models import TelegramChannel
from commentators.models.channels import NAMELESS
from relove import oplog
from relove.language import storable
from relove.models import Chat, Staff
from relove.telegram.gateway import ChannelInfo, GatewayError, Message, Peer, PeerKind

SITE = r"(?:https?://)?(?:t\.me|telegram\.me)/"
NAME = re.compile(rf"(?:{SITE}(?:s/)?|@)?([A-Za-z]\w{{3,31}})(?:/\d+)?/?(?:\?\S*)?$")
# an id as clients and bots show it, bare or with -100 before it, or out of a link to a post
NUMBER = re.compile(rf"(?:(?:-100)?|{SITE}c/)(\d{{5,13}})(?:/\d+)*/?$")


class NoAccount(ValidationError):
    """There is no active account that could read."""


def normalised(name: str) -> str:
    """A bare lower-case username, or "c/" and an id, from @name, a t.me link or an id. Raises ValidationError."""
    if match := NUMBER.match(name.strip()):
        return f"{NAMELESS}{match[1]}"
    if match := NAME.match(name.strip()):
        return match[1].lower()
    raise ValidationError(_("Write the channel as @name, as a link https://t.me/name or as its id."))


def add_channel(name: str, staff: Staff | None, now: datetime) -> AccountCall:
    """Add a channel and have it checked at once; the answer of the call says what was found."""
    username = normalised(name)
    listener, deputy = readers(number_of(username))
    with transaction.atomic():
        channel, _created = TelegramChannel.objects.get_or_create(
            username=username, defaults={"listener": listener, "deputy": deputy}
        )
        return ask_check(channel, channel.listener_id or listener.id, staff, now)


def ask_check(
    channel: TelegramChannel, account_id: int, staff: Staff | None, now: datetime, **options: Any
) -> AccountCall:
    """Have the account look the channel up in Telegram; only then can it be read. `options` are the call's."""
    return calls.ask(account_id, "check_channel", {"channel": channel.id}, now=now, asked_by=staff, **options)


def ask_about(channel: TelegramChannel, kind: str, staff: Staff, now: datetime) -> AccountCall:
    """A person's wish about a channel, of the account that reads it; raises NoAccount."""
    account = reader_of(channel, now) or readers(number_of(channel.username))[0]
    return calls.ask(account.id, kind, {"channel": channel.id}, now=now, asked_by=staff)


def number_of(username: str) -> int | None:
    """The Telegram id of a channel that has no name; None where it has one."""
    return int(username.removeprefix(NAMELESS)) if username.startswith(NAMELESS) else None


def readers(telegram_id: int | None = None) -> tuple[TelegramAccountSession, TelegramAccountSession | None]:
    """A listening account and its deputy: commentators first, they live in channels anyway. Raises NoAccount.

    A channel known by its id alone can be asked for only by an account that has met it.
    """
    able = TelegramAccountSession.objects.active().exclude(session=None).order_by("role", "id")
    if telegram_id is not None:
        able = able.who_met_channel(telegram_id)
    found = list(able[:2])
    if not found and telegram_id is not None:
        raise NoAccount(_("None of our accounts has met this channel: add it by its name, or join it first."))
    if not found:
        raise NoAccount(_("Connect a Telegram account first: a channel is read through one."))
    return found[0], found[1] if len(found) > 1 else None


def name_of(channel_id: int) -> str:
    return TelegramChannel.objects.values_list("username", flat=True).get(id=channel_id)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a channel is read: its address, refused until it was checked, its name, the last message read."""

    address: Peer
    name: str
    last: int


def reading_place(channel_id: int) -> Place:
    channel = TelegramChannel.objects.select_related("chat").get(id=channel_id)
    number = channel.chat.telegram_id if channel.chat else 0
    return Place(Peer(PeerKind.CHANNEL, number), channel.username, channel.last_message_id)


@transaction.atomic
def checked(channel_id: int, account_id: int, found: ChannelInfo, now: datetime) -> dict[str, Any]:
    """Keep what a look at the channel found; the answer is for the page."""
    channel = TelegramChannel.objects.select_for_update(no_key=True).get(id=channel_id)
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
    if number_of(channel.username) and found.username:
        channel.username = found.username.lower()
    channel.listener_id = channel.listener_id or account_id
    channel.problem, channel.problem_since = "", None
    channel.save()
    oplog.log_operation(
        "check_channel", "success", account_id=account_id, subject=("telegram_channels", channel_id)
    )
    return {
        "title": found.title,
        "about": channel.description,
        "members": found.members_count,
        "comments_open": found.linked_group is not None,
        "discussion": channel.discussion.title if channel.discussion else "",
        "member": found.is_member,
    }


def _not_the_same(channel: TelegramChannel, found: ChannelInfo) -> str:
    """Why what was found is not to be kept under this row; empty when it is.

    A name may be given up and taken by another owner: no agreement passes on to that one.
    """
    if channel.chat and channel.chat.telegram_id != found.peer.id:
        channel.basis = TelegramChannel.Basis.NONE
        return _("Another channel has this name now. Add it anew, with a posting basis of its own.")
    same = Q(chat__telegram_id=found.peer.id) | Q(username=found.username.lower() or None)
    other = TelegramChannel.objects.filter(same).exclude(id=channel.id).first()
    if other:
        return _("This channel is here already as %(name)s.") % {"name": other.address}
    return ""


def _chat(telegram_id: int, kind: Chat.Kind, title: str, username: str) -> Chat:
    chat, _created = Chat.objects.update_or_create(
        telegram_id=telegram_id, kind=kind, defaults={"title": title[:255], "username": username}
    )
    return chat


@transaction.atomic
def unreadable(call: calls.Call, kind: str, error: GatewayError, now: datetime) -> None:
    """The listening account was refused: its deputy is asked the same. With neither the channel says why."""
    if not ask_deputy(call, kind, now):
        channel = TelegramChannel.objects.get(id=call.arguments["channel"])
        _has_problem(channel, reasons.sentence(error), now)


def ask_deputy(call: calls.Call, kind: str, now: datetime) -> bool:
    """Ask the deputy what the listening account was refused; False where that is no way."""
    channel = TelegramChannel.objects.select_related("deputy").get(id=call.arguments["channel"])
    deputy = channel.deputy
    if call.account != channel.listener_id or deputy is None or not can_read(deputy, now):
        return False
    calls.ask(deputy.id, kind, call.arguments, now=now)
    return True


def _has_problem(channel: TelegramChannel, words: str, now: datetime) -> None:
    """Say at the channel why it cannot be read, and since when."""
    channel.problem, channel.problem_since = words, channel.problem_since or now
    channel.last_checked = now
    channel.save(update_fields=["problem", "problem_since", "last_checked"])
    oplog.log_operation("read_channel", "failed", error=words, subject=("telegram_channels", channel.id))


def saw_post(account_id: int, message: Message) -> None:
    """A live update: stored when its channel is watched."""
    channel = TelegramChannel.objects.watched().filter(chat__telegram_id=message.chat.id).first()
    if channel:
        log_stored(posts.store(channel.id, [message]), account_id)


def saw_deletion(telegram_id: int, message_ids: Sequence[int], now: datetime) -> None:
    for channel in TelegramChannel.objects.filter(chat__telegram_id=telegram_id):
        posts.mark_deleted(channel.id, message_ids, now)


@transaction.atomic
def read(channel_id: int, messages: Sequence[Message], now: datetime) -> int:
    """An interval's reading; answers how many posts were new."""
    new = posts.store(channel_id, messages)
    # only a reading knows that nothing is missing below: a live post may have come first
    read_to = max((message.id for message in messages), default=0)
    TelegramChannel.objects.filter(id=channel_id).update(
        last_checked=now, last_message_id=Greatest("last_message_id", read_to), problem="", problem_since=None
    )
    log_stored(new, None)
    return len(new)


def log_stored(post_ids: Sequence[int], account_id: int | None) -> None:
    oplog.log_each("store_post", "telegram_posts", post_ids, account_id)


def ask_due(now: datetime) -> int:
    """Ask for a reading of every channel whose interval has passed; answers how many."""
    channels = TelegramChannel.objects.due(now).exclude(chat=None).with_readers()
    return sum(ask_reading(channel, "read_channel", now) for channel in channels)


def ask_reading(channel: TelegramChannel, kind: str, now: datetime) -> bool:
    """Have a channel read by a kind of call, once at a time.

    The listening account reads; where it cannot, its deputy does; where nobody can, the channel says so.
    """
    if AccountCall.objects.open().filter(kind=kind, arguments__channel=channel.id).exists():
        return False
    reader = reader_of(channel, now)
    if reader:
        calls.ask(reader.id, kind, {"channel": channel.id}, now=now)
    elif not any(map(is_connected, both(channel))):
        _has_problem(channel, _("Neither the listening account nor its deputy can read: connect one."), now)
    return reader is not None


def reader_of(channel: TelegramChannel, now: datetime) -> TelegramAccountSession | None:
    """Who reads a channel now."""
    return next((one for one in both(channel) if can_read(one, now)), None)


def both(channel: TelegramChannel) -> list[TelegramAccountSession]:
    """The listening account and its deputy, as far as there are any."""
    return [one for one in (channel.listener, channel.deputy) if one]


def is_connected(account: TelegramAccountSession) -> bool:
    return account.state == TelegramAccountSession.State.ACTIVE and account.session is not None


def can_read(account: TelegramAccountSession, now: datetime) -> bool:
    """Whether the account may ask now: Telegram may have told it to wait."""
    waits = account.flood_until is not None and account.flood_until > now
    return is_connected(account) and not waits
