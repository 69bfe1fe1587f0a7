"""What Telegram's answers mean for an account: waiting, stopping, quarantine. Never evading.

`effect_of` is pure: an error and what it does. `apply` writes it, guarded by the lease's token.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Greatest, Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts_mgmt import calls, sessions
from accounts_mgmt.models import AccountChatHold, AccountSecurityLog, TelegramAccountSession
from relove.db import in_thread
from relove.telegram.gateway import (
    BannedInChannel,
    FloodWait,
    Gateway,
    GatewayError,
    PeerFlood,
    SessionLost,
    SlowMode,
)

Event = AccountSecurityLog.Event
State = TelegramAccountSession.State
# What a person has switched off, or Telegram has ended, no later answer brings back.
MAY_WORSEN = (State.ACTIVE, State.LIMITED)


@dataclass(frozen=True, slots=True)
class Effect:
    """What an error does to its account: `state` None keeps the state."""

    event: Event
    state: State | None = None
    wait_seconds: float | None = None
    chat_only: bool = False
    reason: str = ""

    @property
    def ends_session(self) -> bool:
        return self.state in (State.SIGNED_OUT, State.BANNED)


def effect_of(error: GatewayError) -> Effect | None:
    """None for errors that concern the message alone."""
    if isinstance(error, FloodWait):
        return Effect(Event.FLOOD, wait_seconds=error.retry_after or 60.0)
    if isinstance(error, SlowMode):
        return Effect(Event.FLOOD, wait_seconds=error.retry_after or 60.0, chat_only=True)
    if isinstance(error, BannedInChannel):
        return Effect(Event.BANNED, chat_only=True, reason=_("The account may not write in this chat."))
    if isinstance(error, PeerFlood):
        reason = _("Telegram says that the account writes too much to people who do not know it.")
        return Effect(Event.PEER_FLOOD, State.LIMITED, reason=reason)
    if isinstance(error, SessionLost):
        return _session_effect(error.code)
    return None


def _session_effect(code: str) -> Effect:
    if code in ("USER_DEACTIVATED_BAN", "PHONE_NUMBER_BANNED"):
        return Effect(Event.BANNED, State.BANNED, reason=_("Telegram has banned the account."))
    if code == "AUTH_KEY_DUPLICATED":
        reason = _("The session was used from two addresses at once and is destroyed. Sign in again.")
        return Effect(Event.DUPLICATED, State.SIGNED_OUT, reason=reason)
    return Effect(Event.REVOKED, State.SIGNED_OUT, reason=_("The session has ended. Sign in again."))


def apply(account_id: int, token: int, effect: Effect, code: str, chat_id: int | None, kind: str = "") -> None:
    """Write an effect down, if the account is still held under `token`."""
    with transaction.atomic():
        held = TelegramAccountSession.objects.select_for_update().filter(id=account_id, lease_token=token)
        account = held.first()
        if account is None:
            return
        if effect.chat_only:
            _hold_chat(account, chat_id, effect, code)
        elif effect.state and account.state in MAY_WORSEN:
            account.state, account.state_reason = effect.state, effect.reason
            account.state_since = timezone.now()
            account.save(update_fields=["state", "state_reason", "state_since"])
            if effect.ends_session:
                sessions.KEPT.forget(account_id)
        elif effect.wait_seconds:
            # answers to several requests cross: the longest wait holds
            until = Greatest("flood_until", Now() + Value(timedelta(seconds=effect.wait_seconds)))
            held.update(flood_until=until)
        details: dict[str, Any] = {"code": code, "seconds": effect.wait_seconds, "chat": chat_id}
        if kind:
            details["request"] = kind
        log_event(account_id, effect.event, **{k: v for k, v in details.items() if v is not None})


def _hold_chat(account: TelegramAccountSession, chat_id: int | None, effect: Effect, code: str) -> None:
    if chat_id is None:
        return
    here = AccountChatHold.objects.filter(account=account, chat_id=chat_id)
    if effect.wait_seconds is None:
        until = None
    elif here.filter(until=None).exists():
        return  # banned there already: a wait would end that
    else:
        until = Now() + Value(timedelta(seconds=effect.wait_seconds))
    AccountChatHold.objects.update_or_create(
        account=account, chat_id=chat_id, defaults={"until": until, "reason": code}
    )


def log_event(account_id: int, event: Event, *, staff: Any = None, **details: Any) -> None:
    """One row of the security log."""
    AccountSecurityLog.objects.create(account_id=account_id, event=event, staff=staff, details=details)


def saw_profile(account_id: int, username: str, first_name: str, bio: str) -> None:
    """Keep what Telegram shows of an account, and whether its disclosure stands in the profile."""
    account = TelegramAccountSession.objects.get(id=account_id)
    shown = bool(account.disclosure) and account.disclosure in bio
    if shown != bool(account.disclosure_seen_at):
        account.disclosure_seen_at = timezone.now() if shown else None
        log_event(account_id, Event.DISCLOSURE, shown=shown)
    account.username, account.first_name, account.bio = username, first_name, bio[:140]
    account.save(update_fields=["username", "first_name", "bio", "disclosure_seen_at"])


@calls.kind("profile", repeatable=True)
async def read_profile(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Read the account's own profile, and see whether its disclosure stands there."""
    profile = await gateway.profile()
    await in_thread(saw_profile, call.account, profile.username, profile.first_name, profile.bio)
    return {"username": profile.username, "first_name": profile.first_name, "bio": profile.bio}


@calls.kind("disclose", repeatable=True)
async def disclose(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Write the account's disclosure into its profile, and see it there."""
    account = await in_thread(TelegramAccountSession.objects.get, id=call.account)
    if account.disclosure and account.disclosure not in (await gateway.profile()).bio:
        await gateway.set_profile(bio=account.disclosure)
    return await read_profile(gateway, call)
