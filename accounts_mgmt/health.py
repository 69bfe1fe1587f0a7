"""What Telegram's answers mean for an account: waiting, stopping, quarantine. Never evading.

`effect_of` is pure: an error and what it does. `apply` writes it, guarded by the lease's token.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Greatest, Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts_mgmt import alerts, sessions, trends
from accounts_mgmt.models import AccountChatHold, AccountSecurityLog, TelegramAccountSession
from relove.models import Chat
from relove.telegram.gateway import (
    BannedInChannel,
    FloodWait,
    GatewayError,
    PeerFlood,
    Profile,
    SessionLost,
    SlowMode,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Event = AccountSecurityLog.Event
State = TelegramAccountSession.State
# What a person has switched off, or Telegram has ended, no later answer brings back.
MAY_WORSEN = (State.ACTIVE, State.LIMITED)
FLOOD_CODES = ("FLOOD_WAIT", "FLOOD_PREMIUM_WAIT")
PROFILE_FIELDS = ("username", "first_name", "last_name", "bio", "disclosure_seen_at", "profile_read_at")

STOPPED = gettext_lazy("The account “%(account)s” has stopped: %(reason)s Its messages wait for it.")
SLOWED = gettext_lazy(
    "Telegram makes the account “%(account)s” wait ever longer: from now on it writes at half its pace."
)
BANNED_IN_CHAT = gettext_lazy("The account “%(account)s” may not write in “%(chat)s” any more; it stops there.")
UNDISCLOSED = gettext_lazy(
    "The disclosure is gone from the profile of the account “%(account)s”: "
    "nothing written by a machine leaves it any more."
)


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
    """Write an effect down, if the account is still held under `token`, and tell a person where it needs one."""
    now = timezone.now()
    with transaction.atomic():
        held = TelegramAccountSession.objects.select_for_update(no_key=True).filter(
            id=account_id, lease_token=token
        )
        account = held.first()
        if account is None:
            return
        details: dict[str, Any] = {"code": code, "seconds": effect.wait_seconds, "chat": chat_id}
        if kind:
            details["request"] = kind
        log_event(account_id, effect.event, **{k: v for k, v in details.items() if v is not None})
        if effect.chat_only:
            _hold_chat(account, chat_id, effect, code)
        elif effect.state and account.state in MAY_WORSEN:
            account.state, account.state_reason, account.state_since = effect.state, effect.reason, now
            account.save(update_fields=["state", "state_reason", "state_since"])
            if effect.ends_session:
                sessions.KEPT.forget(account_id)
            alert(account, effect.event, STOPPED, now, reason=effect.reason)
        elif effect.wait_seconds:
            # answers to several requests cross: the longest wait holds
            until = Greatest("flood_until", Now() + Value(timedelta(seconds=effect.wait_seconds)))
            held.update(flood_until=until)
            _slow_down(account, now)


def alert(account: TelegramAccountSession, event: str, text: "StrPromise", now: datetime, **values: Any) -> None:
    """Tell the staff on duty what happened to an account."""
    alerts.tell(f"account:{account.pk}:{event}", text, now=now, account=account.label, **values)


def waits_of(account_id: int, now: datetime) -> list[trends.Wait]:
    """How often Telegram made the whole account wait within a day, and how long; slow mode is a chat's."""
    rows = AccountSecurityLog.objects.filter(
        account_id=account_id, event=Event.FLOOD, details__code__in=FLOOD_CODES, created_at__gt=now - trends.SPAN
    )
    return [trends.Wait(row.created_at, float(row.details.get("seconds", 0))) for row in rows]


def _slow_down(account: TelegramAccountSession, now: datetime) -> None:
    if account.slowed_at is None and trends.grow(waits_of(account.pk, now), now):
        TelegramAccountSession.objects.filter(pk=account.pk).update(slowed_at=now)
        log_event(account.pk, Event.SLOWED)
        alert(account, Event.SLOWED, SLOWED, now)


def quicken(now: datetime) -> int:
    """Let accounts write at their full pace again that Telegram has left in peace; says how many."""
    slowed = TelegramAccountSession.objects.exclude(slowed_at=None)
    calm = [one for one in slowed if trends.calm_from(one.slowed_at, waits_of(one.pk, now)) <= now]
    for account in calm:
        with transaction.atomic():
            TelegramAccountSession.objects.filter(pk=account.pk).update(slowed_at=None)
            log_event(account.pk, Event.CALM)
    return len(calm)


def _hold_chat(account: TelegramAccountSession, chat_id: int | None, effect: Effect, code: str) -> None:
    if chat_id is None:
        return
    if effect.wait_seconds is None:
        chat = Chat.objects.get(id=chat_id)
        alert(account, f"{effect.event}:{chat_id}", BANNED_IN_CHAT, timezone.now(), chat=chat)
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


def saw_profile(account_id: int, profile: Profile) -> None:
    """Keep what Telegram shows of an account, and whether its disclosure stands in the profile.

    Where it is gone nothing written by a machine leaves any more (the guards), and a person is told.
    """
    now = timezone.now()
    with transaction.atomic():
        account = TelegramAccountSession.objects.select_for_update(no_key=True).get(id=account_id)
        shown = bool(account.disclosure) and account.disclosure in profile.bio
        if shown != bool(account.disclosure_seen_at):
            account.disclosure_seen_at = now if shown else None
            log_event(account_id, Event.DISCLOSURE, shown=shown)
            if not shown:
                alert(account, Event.DISCLOSURE, UNDISCLOSED, now)
        account.username, account.profile_read_at = profile.username, now
        account.first_name, account.last_name = profile.first_name[:128], profile.last_name[:128]
        account.bio = profile.bio[:140]
        account.save(update_fields=PROFILE_FIELDS)
