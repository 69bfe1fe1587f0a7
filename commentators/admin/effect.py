"""The page of results: what comments brought in a period, beside the period before it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_GET

from commentators import effect
from commentators.effect import Period, Report, Sums
from commentators.models import CommentatorAccount, GeneratedComment, TelegramChannel
from relove import show

if TYPE_CHECKING:
    from commentators.admin.comments import CommentAdmin

PERIODS = (7, 30, 90)
LONGEST_DAYS = 366
ROWS = 12
GRID = {"x": {"grid": {"display": False}}, "y": {"beginAtZero": True, "ticks": {"precision": 0}}}
LEGEND = {"legend": {"display": True, "align": "end", "labels": {"boxWidth": 12, "boxHeight": 12}}}
OPTIONS = {"animation": False, "responsive": True, "maintainAspectRatio": False, "scales": GRID, "plugins": LEGEND}


@dataclass(frozen=True)
class Card:
    """A figure, and how it compares with the period before; `change` is empty where nothing compares."""

    title: str
    value: SafeString
    change: str


@dataclass(frozen=True)
class Row:
    """A line of a table; `share` is its comments in percent of the longest line's."""

    name: SafeString
    sums: Sums
    before: Sums
    share: int

    @property
    def response(self) -> SafeString:
        return show.number(self.sums.response, 1)

    @property
    def change(self) -> str:
        return _change(self.sums.response, self.before.response)


@require_GET
def results(request: HttpRequest, page: "CommentAdmin") -> HttpResponse:
    """`days` back from today, or `from` … `to` (ISO dates, a year at most)."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    period, problem = _period(request)
    found, came = effect.report(period), effect.origins(period)
    context = {
        **page.admin_site.each_context(request),
        "title": _("Results"),
        "is_fullwidth": "1",
        "period": period,
        "problem": problem,
        "periods": PERIODS,
        "days": len(period.days),
        "has_sent": found.pair("all")[0].comments > 0,
        "cards": _cards(found),
        "by_day": _by_day(found, period),
        "by_hour": _by_hour(found),
        "options": json.dumps(OPTIONS),
        "tables": [
            (_("Channels"), _rows(found, "channel", _named(TelegramChannel.objects.all()))),
            (_("Accounts"), _rows(found, "account", _named(CommentatorAccount.objects.select_related("session")))),
            (_("Voices"), _rows(found, "voice", lambda key: format_html("<bdi>{}</bdi>", key))),
        ],
        "best": effect.best(period),
        "came": came,
        "came_rules": [(rule.label, count) for rule, count in came.by_rule.items()],
        "trail_days": effect.TRAIL_DAYS,
    }
    return TemplateResponse(request, "commentators/effect.html", context)


def _period(request: HttpRequest) -> tuple[Period, str]:
    """The period asked for and what is wrong with the question; the last 30 days where it is not to be had."""
    now = timezone.now()
    usual = Period.of_days(30, now)
    words = request.GET.get("from", ""), request.GET.get("to", "")
    if any(words):
        try:
            first, last = (parse_date(text) for text in words)
        except ValueError:
            first = last = None
        if first is None or last is None or not 0 <= (last - first).days < LONGEST_DAYS or first.year < 2000:
            return usual, _("Choose two dates, the first one first, a year apart at most.")
        return Period(first, last), ""
    days = request.GET.get("days", "")
    return (Period.of_days(int(days), now), "") if days in map(str, PERIODS) else (usual, "")


def _cards(found: Report) -> list[Card]:
    now, before = found.pair("all")
    values: list[tuple[str, Callable[[Sums], float | None], int]] = [
        (_("comments sent"), lambda sums: sums.comments, 0),
        (_("with a response"), lambda sums: sums.answered, 0),
        (_("reactions"), lambda sums: sums.likes, 0),
        (_("answers"), lambda sums: sums.replies, 0),
        (_("response for each comment"), lambda sums: sums.response, 1),
        (_("views their posts gained"), lambda sums: sums.post_views, 0),
    ]
    return [
        Card(title, show.number(value(now), digits), _change(value(now), value(before)))
        for title, value, digits in values
    ]


def _change(now: float | None, before: float | None) -> str:
    """ "+12 %" against the period before; nothing where there was nothing."""
    if not before or now is None:
        return ""
    percent = round((now - before) / before * 100)
    return f"{'+' if percent > 0 else '−' if percent < 0 else ''}{abs(percent)} %"


def _by_day(found: Report, period: Period) -> str:
    def values(days: list[Any], which: int) -> list[int]:
        sums = [found.pair("day", day.isoformat())[which] for day in days]
        return [one.likes + one.replies for one in sums]

    series = [
        (_("response"), values(period.days, 0), "var(--color-primary-600)", []),
        (_("response in the period before"), values(period.before.days, 1), "var(--color-base-400)", [4, 4]),
    ]
    lines = [
        {
            "label": label,
            "data": data,
            "borderColor": colour,
            "borderDash": dash,
            "borderWidth": 2,
            "pointRadius": 2,
        }
        for label, data, colour, dash in series
    ]
    return json.dumps({"labels": [date_format(day, "j M") for day in period.days], "datasets": lines})


def _by_hour(found: Report) -> str:
    pairs = [found.pair("hour", str(hour))[0] for hour in range(24)]
    values = {
        _("comments sent"): ([one.comments for one in pairs], "var(--color-base-400)"),
        _("response for each comment"): (
            [round(one.response or 0, 2) for one in pairs],
            "var(--color-primary-600)",
        ),
    }
    bars = [
        {"label": label, "data": data, "backgroundColor": colour, "borderRadius": 3}
        for label, (data, colour) in values.items()
    ]
    return json.dumps({"labels": [f"{hour}:00" for hour in range(24)], "datasets": bars})


def _rows(found: Report, about: str, name: Callable[[str], SafeString]) -> list[Row]:
    keys = found.keys(about)[:ROWS]
    longest = found.pair(about, keys[0])[0].comments if keys else 1
    pairs = [(key, *found.pair(about, key)) for key in keys]
    return [Row(name(key), now, before, round(now.comments / longest * 100)) for key, now, before in pairs]


def _named(rows: Any) -> Callable[[str], SafeString]:
    known = {str(row.pk): row for row in rows}
    return lambda key: show.link(known.get(key))


NOT_YET: Promise = lazy("unknown: nobody who wrote to us has been seen under this comment")


def trail_rows(comment: GeneratedComment) -> SafeString:
    """Who met the comment, by which rule, and their first private message after it."""
    steps = effect.trail(comment)
    if not any(step.message for step in steps):
        return format_html('<span class="rl-second">{}</span>', show.capital(str(NOT_YET)))
    rows = (
        (
            show.link(step.touch.user),
            step.rule.label,
            show.link(step.message, show.shorten(step.message.text)),
            show.short_time(step.message.created_at),
        )
        for step in steps
        if step.message
    )
    line = '<li>{} <span class="rl-chip">{}</span> {} {}</li>'
    return format_html('<ol class="rl-list">{}</ol>', format_html_join("", line, rows))
