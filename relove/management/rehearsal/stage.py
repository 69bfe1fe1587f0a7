"""The sandbox's world for the copied configuration, with fresh sessions for the accounts."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.sessions import seal_session
from commentators import monitoring
from commentators.models import CommentatorAccount, TelegramChannel
from commentators.models.channels import NAMELESS
from relove.sandbox.client import SandboxClient
from relove.telegram.gateway import ChannelInfo, Peer, PeerKind
from relove.telegram.session import SessionData

State = TelegramAccountSession.State
# who is connected: a limited account listens, and what it would write waits
CONNECTED = (State.ACTIVE, State.LIMITED)
LeftOut = list[tuple[str, str]]


def build(client: SandboxClient, channels: dict[str, dict[str, bool]]) -> LeftOut:
    """Make everybody and everything; answers what takes no part, and why."""
    # each process hears of a moved clock when it next asks the database
    client.settings(people=False, checks_dates=False)
    left_out: LeftOut = []
    for account in TelegramAccountSession.objects.order_by("pk"):
        if account.state in CONNECTED:
            _connect(client, account)
        else:
            left_out.append((account.label, account.state_reason or str(State(account.state).label)))
    for channel in TelegramChannel.objects.select_related("listener").order_by("pk"):
        known = channels[str(channel.pk)]
        if known["checked"]:
            _open(client, channel, discussion=known["discussion"])
        else:
            left_out.append((str(channel), _("It has not been looked at in Telegram yet.")))
    return left_out


def _connect(client: SandboxClient, account: TelegramAccountSession) -> None:
    user = client.add_user(
        account.first_name or account.label, username=account.username or None, about=_profile(account)
    )
    ready = client.session(user["id"])
    host, _colon, port = settings.SANDBOX_TELEGRAM.rpartition(":")
    data = SessionData(bytes.fromhex(ready["auth_key"]), ready["dc_id"], host, int(port))
    account.telegram_user_id, account.session = user["id"], seal_session(data)
    account.save(update_fields=["telegram_user_id", "session"])


def _profile(account: TelegramAccountSession) -> str:
    """The bio, in which the disclosure stands if Telegram showed it there when it was last looked at."""
    shown = account.disclosure_seen_at is not None
    if shown == bool(account.disclosure and account.disclosure in account.bio):
        return account.bio
    return account.disclosure if shown else ""


def _open(client: SandboxClient, channel: TelegramChannel, *, discussion: bool) -> None:
    """The channel, heard live by whoever listens there, and known to us as after a look at it."""
    if channel.username.startswith(NAMELESS):
        channel.username = f"rehearsal_{channel.pk}"
        channel.save_without_historical_record()  # type: ignore[attr-defined]
    ears = [one.telegram_user_id for one in monitoring.both(channel) if one.telegram_user_id]
    made: dict[str, Any] = client.add_channel(
        channel.title or channel.username, username=channel.username, discussion=discussion, members=ears
    )
    found = ChannelInfo(
        Peer(PeerKind.CHANNEL, made["id"]),
        made["title"],
        channel.username,
        channel.description,
        made["members"],
        True,
        False,
        Peer(PeerKind.CHANNEL, made["linked"]) if made["linked"] else None,
    )
    reader = channel.listener or monitoring.readers()[0]
    monitoring.checked(channel.pk, reader.pk, found, timezone.now())


def commentators() -> list[TelegramAccountSession]:
    """Connected accounts that comment."""
    rows = CommentatorAccount.objects.filter(is_active=True, session__state__in=CONNECTED)
    return [row.session for row in rows.select_related("session").order_by("pk")]


def main_accounts() -> list[TelegramAccountSession]:
    """Connected accounts that lead dialogues."""
    role = TelegramAccountSession.Role.MAIN
    return list(TelegramAccountSession.objects.filter(role=role, state__in=CONNECTED).order_by("pk"))
