"""What the apps put on the staff's first page and beside the sidebar's entries.

Apps register here from their `admin` modules; the kernel asks without knowing them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from relove import live, once, show
from relove.models import Staff

# pages that show how things go: something worth telling has happened
TOPIC = live.topic("desk", "relove.view_operationlog")
CACHE_KEY = "relove:desk:counts"
CACHE_SECONDS = 10

Count = Callable[[datetime], int]


@dataclass(frozen=True)
class Step:
    """A step of the start list: done, or the thing to do next. `url` is where it is done."""

    title: str | Promise
    text: str | Promise
    url: str
    done: bool


@dataclass(frozen=True)
class Line:
    """A row of a panel: what, since when, where to look. `state` colours it (relove.statuses)."""

    text: str
    url: str
    state: str = ""
    word: str = ""
    moment: datetime | None = None

    @property
    def badge(self) -> SafeString:
        return show.badge(self.state, self.word) if self.state else SafeString()

    @property
    def time(self) -> SafeString:
        return show.short_time(self.moment) if self.moment else SafeString()


@dataclass(frozen=True)
class Figure:
    """A number of a panel with the list behind it."""

    title: str | Promise
    value: int
    url: str
    state: str = ""


@dataclass(frozen=True)
class Panel:
    title: str | Promise
    empty: str | Promise = ""
    figures: list[Figure] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    url: str = ""


Steps = Callable[[], list[Step]]
PanelMaker = Callable[[HttpRequest, datetime], Panel | None]

WorkMaker = Callable[[datetime], Figure]
Names = Callable[[], dict[int, str]]

_counts: dict[str, list[Count]] = {}
_names: dict[str, Names] = {}
_steps: list[tuple[int, Steps]] = []
_works: list[tuple[int, str, WorkMaker]] = []
_panels: list[tuple[int, PanelMaker]] = []


def count(name: str) -> Callable[[Count], Count]:
    """Register a number of things that wait for a person, never a total; those of one name are added up."""

    def register(function: Count) -> Count:
        _counts.setdefault(name, []).append(function)
        return function

    return register


def steps(order: int) -> Callable[[Steps], Steps]:
    def register(function: Steps) -> Steps:
        _steps.append((order, function))
        return function

    return register


def panel(order: int) -> Callable[[PanelMaker], PanelMaker]:
    def register(function: PanelMaker) -> PanelMaker:
        _panels.append((order, function))
        return function

    return register


def work(order: int, permission: str) -> Callable[[WorkMaker], WorkMaker]:
    """Register something that waits for whoever has the right: listed on the first page while there is any."""

    def register(function: WorkMaker) -> WorkMaker:
        _works.append((order, permission, function))
        return function

    return register


@panel(1)
def work_list(request: HttpRequest, now: datetime) -> Panel | None:
    """What waits for the person at the page, from all apps; no panel for who may do none of it."""
    makers = sorted((order, number) for number, (order, right, _make) in enumerate(_works) if may(request, right))
    found = [_works[number][2](now) for _order, number in makers]
    lines = [Line(str(work.title), work.url, work.state, str(work.value)) for work in found if work.value]
    return Panel(_("Waits for you"), empty=_("Nothing waits."), lines=lines) if makers else None


def names(table: str) -> Callable[[Names], Names]:
    """Register the names of a small table's rows, so that logs can call them by name."""

    def register(function: Names) -> Names:
        _names[table] = function
        return function

    return register


def row_name(table: str, row_id: int | None) -> str | None:
    """What people call the row, at most ten seconds old; None where its table has no names."""
    function = _names.get(table)
    if function is None or row_id is None:
        return None
    return _known(table, function).get(row_id)


def rows_named(table: str, words: str) -> list[int]:
    """The rows whose name contains the words; none where the table has no names."""
    function = _names.get(table)
    known = _known(table, function) if function else {}
    return [row_id for row_id, name in known.items() if words.casefold() in name.casefold()]


def _known(table: str, function: Names) -> dict[int, str]:
    key = f"relove:desk:names:{table}"
    return once.per_request(key, lambda: cache.get_or_set(key, function, CACHE_SECONDS)) or {}


def counts() -> dict[str, int]:
    """All registered numbers, at most ten seconds old."""
    return once.per_request(CACHE_KEY, lambda: cache.get_or_set(CACHE_KEY, _count_all, CACHE_SECONDS)) or {}


def forget_counts() -> None:
    """After a decision the numbers beside the sidebar must not lag behind the page."""
    cache.delete(CACHE_KEY)
    once.forget(CACHE_KEY)


def _count_all() -> dict[str, int]:
    now = timezone.now()
    return {name: sum(function(now) for function in functions) for name, functions in _counts.items()}


def badge_text(value: int) -> str | None:
    """What stands beside a sidebar entry: nothing for nothing, 99+ for many."""
    if not value:
        return None
    return "99+" if value > 99 else str(value)


def start_steps() -> list[Step]:
    ordered = sorted(_steps, key=lambda pair: pair[0])
    return [step for _, function in ordered for step in function()]


def panels(request: HttpRequest, now: datetime) -> list[Panel]:
    ordered = sorted(_panels, key=lambda pair: pair[0])
    made = (function(request, now) for _, function in ordered)
    return [panel for panel in made if panel is not None]


def staff_of(request: HttpRequest) -> Staff:
    """Who is at the page; the admin lets nobody else in."""
    if not isinstance(request.user, Staff):
        raise PermissionDenied
    return request.user


def may(request: HttpRequest, *permissions: str) -> bool:
    """Whether the person at the page has one of these rights ("app.view_model")."""
    user = request.user
    return isinstance(user, Staff) and any(user.has_perm(permission) for permission in permissions)
