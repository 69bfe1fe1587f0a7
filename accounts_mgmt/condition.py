"""How an account is, in sentences for people: what holds it back, why, and when it goes on. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts_mgmt import trends
from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.pause_models import Pause

State = TelegramAccountSession.State


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about an account; `look` is a state of relove.statuses, `until` when it ends by itself."""

    look: str
    text: str
    until: datetime | None = None


def findings(
    account: TelegramAccountSession, pauses: Iterable[Pause], waits: list[trends.Wait], now: datetime
) -> list[Finding]:
    """What holds the account back, the gravest first; one calm sentence where nothing does."""
    found = [*_state(account), *_pauses(pauses), *_waiting(account, waits, now), *_honesty(account)]
    return found or [Finding("success", _("The account is in order: it listens and may write."))]


def _state(account: TelegramAccountSession) -> Iterator[Finding]:
    if account.state == State.SIGNING_IN:
        yield Finding("signing_in", _("The account is being signed in."))
    elif account.state == State.DISABLED:
        yield Finding("disabled", _("The account is switched off: nobody connects it."))
    elif account.state != State.ACTIVE or account.state_reason:
        reason = account.state_reason or str(account.get_state_display())
        look = str(account.state) if account.state != State.ACTIVE else "failed"
        yield Finding(look, _("%(reason)s Its messages wait for it; a person is needed.") % {"reason": reason})


def _pauses(pauses: Iterable[Pause]) -> Iterator[Finding]:
    for pause in pauses:
        everything = pause.level == Pause.Level.EVERYTHING
        words = _("Everything is paused") if everything else _("The account is paused")
        yield Finding("paused", f"{words}: {pause.reason}" if pause.reason else f"{words}.", pause.until)


def _waiting(account: TelegramAccountSession, waits: list[trends.Wait], now: datetime) -> Iterator[Finding]:
    if account.flood_until and account.flood_until > now:
        words = _("Telegram asks the account to wait; it goes on by itself.")
        yield Finding("flood", words, account.flood_until)
    if account.slowed_at:
        words = _(
            "It writes at half its pace, because Telegram made it wait ever longer. "
            "After a day without any wait it writes at its full pace again."
        )
        yield Finding("slowed", words, trends.calm_from(account.slowed_at, waits))


def _honesty(account: TelegramAccountSession) -> Iterator[Finding]:
    if not account.owner_consent_at:
        yield Finding("limited", _("It writes nothing by machine: the owner's consent is not recorded."))
    if not account.disclosure:
        yield Finding("limited", _("It writes nothing by machine: it has no disclosure."))
    elif not account.disclosure_seen_at:
        yield Finding(
            "limited", _("It writes nothing by machine: Telegram does not show the disclosure in its profile.")
        )
