"""Account calls: what a page, task or command wants from Telegram other than a message.

Asking writes a row and wakes the runner that holds the account; only that runner carries it out. A
kind is an async function from (gateway, call) to a JSON answer, registered with whether it may be
repeated after a crash or a lost answer.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from accounts_mgmt.models import AccountCall
from accounts_mgmt.querysets import AccountCallQuerySet
from relove import logs
from relove.db import notify
from relove.telegram.gateway import Gateway

logger = logging.getLogger(__name__)

CHANNEL = "relove_calls"
PATIENCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Call:
    """A call as its kind sees it."""

    id: int
    account: int
    arguments: dict[str, Any]
    # the lease under which it is carried out
    token: int = 0
    # the request that asked for it, in the programs' logs
    request_id: str = ""


CallFunction = Callable[[Gateway, Call], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    run: CallFunction
    repeatable: bool
    # lasts until something happens: cut short when a runner stops, begun again by the next one
    lasting: bool = False
    # for an account that is being signed in, and for no other
    signs_in: bool = False


_kinds: dict[str, Kind] = {}


def kind(
    name: str, *, repeatable: bool, lasting: bool = False, signs_in: bool = False
) -> Callable[[CallFunction], CallFunction]:
    """Register a kind of call."""

    def register(function: CallFunction) -> CallFunction:
        _kinds[name] = Kind(name, function, repeatable, lasting, signs_in)
        return function

    return register


def get(name: str) -> Kind:
    return _kinds[name]


def known(*, signs_in: bool = False) -> list[str]:
    """Kinds for accounts that are being signed in, or for all others."""
    return [name for name, registered in _kinds.items() if registered.signs_in == signs_in]


def repeatable() -> list[str]:
    return [name for name, registered in _kinds.items() if registered.repeatable]


class UnknownKind(ValueError):
    """No app has registered this kind of call."""


def ask(
    account_id: int,
    name: str,
    arguments: dict[str, Any],
    *,
    now: datetime,
    asked_by: Any = None,
    patience: timedelta = PATIENCE,
) -> AccountCall:
    """Write the wish down and wake the account's runner. After `patience` it is too late for it."""
    if name not in _kinds:
        raise UnknownKind(name)
    call = AccountCall.objects.create(
        account_id=account_id,
        kind=name,
        arguments=arguments,
        asked_by=asked_by,
        deadline=now + patience,
        request_id=logs.request_id(),
    )
    logger.info("call %s is asked for: %s", call.pk, name)
    notify(CHANNEL, str(account_id))
    return call


def expire(now: datetime) -> int:
    """Close what nobody carried out in time, or began and never answered; says how many."""
    waiting = AccountCall.objects.filter(state=AccountCall.State.WAITING, deadline__lt=now)
    told_to_wait = _close(
        waiting.filter(account__flood_until__gte=F("deadline")),
        now,
        _("Telegram makes the account wait for longer than this question could. Ask again when the wait is over."),
    )
    late = told_to_wait + _close(
        waiting,
        now,
        _("Nobody held the account in time. Is the cluster telegram running, and the account active?"),
    )
    begun = AccountCall.objects.filter(state=AccountCall.State.RUNNING, deadline__lt=now - PATIENCE)
    lost = begun.update(
        state=AccountCall.State.UNKNOWN,
        finished_at=now,
        error=_("It was begun and never answered: look in Telegram whether it was done."),
    )
    return late + lost


def _close(waiting: AccountCallQuerySet, now: datetime, why: str) -> int:
    return waiting.update(state=AccountCall.State.EXPIRED, finished_at=now, error=why)
