"""How things go: figures and charts of a period beside the period before it, for the staff's first page.

Numbers of operations come from relove.rollups. Apps register charts of their own from their `admin` modules.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as lazy

from relove import desk, rollups
from relove.rollups import Kind, Series, Sums, total

MAY_SEE = "relove.view_operationlog"
ROSE, GREY, RED, AMBER = (f"var(--color-{name})" for name in ("primary-600", "base-400", "red-600", "amber-500"))
LEGEND = {"display": True, "align": "end", "labels": {"boxWidth": 12, "boxHeight": 12}}
SCALES: dict[str, dict[str, Any]] = {
    "x": {"grid": {"display": False}},
    "y": {"beginAtZero": True, "ticks": {"precision": 0}},
}


@dataclass(frozen=True)
class View:
    """What is looked at: `count` spans that end now, and as many before them."""

    name: str
    span: str
    count: int
    now: datetime

    @cached_property
    def times(self) -> list[datetime]:
        """Where the spans of the period begin, the oldest first."""
        return self._starts(0)

    @cached_property
    def times_before(self) -> list[datetime]:
        return self._starts(self.count)

    @cached_property
    def rows(self) -> Series:
        return rollups.series(self.span, self.times_before[0], self.now)

    def sums(self, times: Sequence[datetime], *kinds: Kind) -> Sums:
        """Of these times together, and of all kinds or these."""
        known = set(times)
        return total(one for (at, kind), one in self.rows.items() if at in known and (not kinds or kind in kinds))

    def label(self, at: datetime) -> str:
        local = timezone.localtime(at)
        return date_format(local, "j M") if self.span == "day" else date_format(local, "H:i")

    def _starts(self, back: int) -> list[datetime]:
        return [self._start(number) for number in reversed(range(back, back + self.count))]

    def _start(self, back: int) -> datetime:
        local = timezone.localtime(self.now).replace(second=0, microsecond=0)
        if self.span == "day":
            # days of the calendar: one of them may have 23 hours
            day = (local - timedelta(days=back)).date()
            return timezone.make_aware(datetime.combine(day, datetime.min.time()))
        length = timedelta(hours=1) if self.span == "hour" else timedelta(minutes=1)
        return (local if self.span == "minute" else local.replace(minute=0)) - back * length


PERIODS = {
    "hour": (lazy("hour"), "minute", 60),
    "day": (lazy("24 hours"), "hour", 24),
    "week": (lazy("7 days"), "day", 7),
    "month": (lazy("30 days"), "day", 30),
}


def view_of(name: str, now: datetime) -> View:
    """The period of that name, a day where there is none."""
    known = name if name in PERIODS else "day"
    _title, span, count = PERIODS[known]
    return View(known, span, count, now)


@dataclass(frozen=True)
class Card:
    """A figure; `change` compares it with the period before, `url` leads to the rows."""

    title: str
    value: SafeString
    url: str
    change: str = ""
    state: str = ""


@dataclass(frozen=True)
class Chart:
    """What Chart.js draws: `type` bar or line, `series` of {label, data, colour …}; `name` is its place."""

    name: str
    title: str
    labels: list[str]
    series: list[dict[str, Any]]
    type: str = "bar"
    sideways: bool = False
    stacked: bool = False
    note: str = ""

    @property
    def is_empty(self) -> bool:
        return not any(value for one in self.series for value in one["data"])

    @property
    def data(self) -> str:
        return json.dumps({"labels": self.labels, "datasets": self.series})

    @property
    def options(self) -> str:
        scales = {name: axis | {"stacked": self.stacked} for name, axis in SCALES.items()}
        if self.sideways:
            scales = {"x": scales["y"], "y": scales["x"]}
        general = {"animation": False, "responsive": True, "maintainAspectRatio": False}
        axis = "y" if self.sideways else "x"
        return json.dumps(general | {"indexAxis": axis, "scales": scales, "plugins": {"legend": LEGEND}})


@dataclass(frozen=True)
class Page:
    """The page's part of figures, for whoever may see the log of operations."""

    view: View
    cards: list[Card] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)


ChartMaker = Callable[[HttpRequest, View], Chart | None]
CardMaker = Callable[[HttpRequest, View], Iterable[Card]]
_charts: list[tuple[int, ChartMaker]] = []
_cards: list[tuple[int, CardMaker]] = []


def chart(order: int) -> Callable[[ChartMaker], ChartMaker]:
    """Register a chart; it answers None to whoever may not see it."""

    def register(function: ChartMaker) -> ChartMaker:
        _charts.append((order, function))
        return function

    return register


def cards(order: int) -> Callable[[CardMaker], CardMaker]:
    """Register figures of the first row; none for whoever may not see them."""

    def register(function: CardMaker) -> CardMaker:
        _cards.append((order, function))
        return function

    return register


def page(request: HttpRequest, view: View) -> Page | None:
    if not desk.may(request, MAY_SEE):
        return None
    figures = [card for _order, make in sorted(_cards, key=lambda pair: pair[0]) for card in make(request, view)]
    made = (make(request, view) for _order, make in sorted(_charts, key=lambda pair: pair[0]))
    return Page(view, figures, [one for one in made if one is not None])


def bars(label: str, data: list[Any], colour: str, **more: Any) -> dict[str, Any]:
    return {"label": label, "data": data, "backgroundColor": colour, "borderRadius": 3, **more}


def line(label: str, data: list[Any], colour: str, *, dashed: bool = False) -> dict[str, Any]:
    dash = [4, 4] if dashed else []
    shape = {"type": "line", "borderWidth": 2, "pointRadius": 0, "borderDash": dash}
    return {"label": label, "data": data, "borderColor": colour, "backgroundColor": colour, **shape}


def change(now: float | None, before: float | None) -> str:
    """ "+12 %" against the period before; nothing where there was nothing."""
    if not before or now is None:
        return ""
    percent = round((now - before) / before * 100)
    return f"{'+' if percent > 0 else '−' if percent < 0 else ''}{abs(percent)} %"
