"""What each app knows of a person: a register that the person's page walks.

An app registers a function that answers with the events of one Telegram user, newest first and at most
`LIMIT`; together they are the person's history in time order. The same register is walked to export and
to erase a person (relove.erasure).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from relove.models import TelegramUser

LIMIT = 200


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened with a person: when, what in words, the text if there was one, and its row.

    A text that takes a right of its own names it; who lacks it reads `instead`.
    """

    at: datetime
    what: str
    text: str = ""
    row: Model | None = None
    right: str = ""
    instead: str = ""

    def text_for(self, reader: Any) -> str:
        """The text as this member of the staff may see it."""
        return self.instead if self.right and not reader.has_perm(self.right) else self.text


Timeline = Callable[[TelegramUser], Iterable[Event]]
Erase = Callable[[TelegramUser], None]
InFlight = Callable[[TelegramUser], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Provider:
    """`models` are the tables with a key to users that the app answers for.

    `erase` takes out what they hold of a person; without it their rows are deleted, the last table first.
    `in_flight` says in sentences what has to end before.
    """

    timeline: Timeline
    models: tuple[type[Model], ...]
    erase: Erase | None = None
    in_flight: InFlight | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """Something staff may do with a person: in words, and the page where it is done."""

    title: str
    url: str


Doors = Callable[[HttpRequest, TelegramUser], Iterable[Door]]

NameStage = Callable[[str], str]
_providers: list[Provider] = []
_doors: list[Doors] = []
_stages: list[NameStage] = []


def names_stages(function: NameStage) -> NameStage:
    """Register who knows the names of the journey's stages, of which the kernel has the codes alone."""
    _stages.append(function)
    return function


def stage_name(code: str) -> str:
    """The stage as people call it, else its code."""
    return next(filter(None, (name(code) for name in _stages)), code)


def doors(function: Doors) -> Doors:
    """Register what an app lets the person at the page do with somebody."""
    _doors.append(function)
    return function


def doors_of(request: HttpRequest, user: TelegramUser) -> list[Door]:
    return [door for known in _doors for door in known(request, user)]


def provider(
    *models: type[Model], erase: Erase | None = None, in_flight: InFlight | None = None
) -> Callable[[Timeline], Timeline]:
    """Register what an app knows of a person in these tables."""

    def register(function: Timeline) -> Timeline:
        _providers.append(Provider(function, models, erase, in_flight))
        return function

    return register


def covered() -> set[type[Model]]:
    """The tables somebody answers for."""
    return {model for known in _providers for model in known.models}


def key_of(model: type[Model]) -> str:
    """The name of the table's key to users."""
    return next(field.name for field in model._meta.fields if field.related_model is TelegramUser)


def timeline(user: TelegramUser) -> list[Event]:
    """The person's newest events from all apps, newest first."""
    events = [event for known in _providers for event in known.timeline(user)]
    return sorted(events, key=lambda event: event.at, reverse=True)[:LIMIT]


def in_flight(user: TelegramUser) -> list[str]:
    """Why the person cannot be erased just now."""
    return [reason for known in _providers if known.in_flight for reason in known.in_flight(user)]


def erase(user: TelegramUser) -> None:
    """Take out what the apps hold of the person; runs in the caller's transaction."""
    for known in _providers:
        if known.erase:
            known.erase(user)
            continue
        for model in reversed(known.models):
            model._default_manager.filter(**{key_of(model): user}).delete()
