"""Rehearsals: asking for one, watching it, and its timeline. A page starts no process: it writes the row."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST

from relove import rehearsals, show
from relove.admin.base import ReadOnlyAdmin
from relove.dashboard import GREY, Chart, bars
from relove.desk import staff_of
from relove.models import Rehearsal, RehearsalItem

DAYS = (1, 3, 7, 14)
SPEEDS = (60, 20, 5, 1)
LISTED = 25
ON_PAGE = 100
VIOLET, PALE = "#7c3aed", "#c4b5fd"
Kind, Verdict = RehearsalItem.Kind, RehearsalItem.Verdict
# what each verdict means, said above the timeline
MEANINGS = {
    Verdict.SENT: lazy("would have gone out"),
    Verdict.HELD: lazy("waits for a time or a person"),
    Verdict.REFUSED: lazy("would never go out"),
    Verdict.CAME: lazy("posts and people's words"),
}


@admin.register(Rehearsal)
class RehearsalAdmin(ReadOnlyAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("ask/", wrap(require_POST(self.ask)), name="relove_rehearsal_ask"),
            path("<int:number>/cancel/", wrap(require_POST(self.cancel)), name="relove_rehearsal_cancel"),
            *super().get_urls(),
        ]

    def has_ask_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("relove.add_rehearsal"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = list(Rehearsal.objects.select_related("asked_by").order_by("-pk")[:LISTED])
        context = {
            "title": _("Rehearsals"),
            "lines": [{"row": row, "badge": _badge(row), "words": _in_short(row)} for row in rows],
            "open": next((row for row in rows if row.is_open), None),
            "days": DAYS,
            "speeds": SPEEDS,
            "approvals": Rehearsal.Approval.choices,
        }
        return self._page(request, "rehearsals", context)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """The rehearsal itself: how far it is, what it found, and why."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = Rehearsal.objects.select_related("asked_by")
        row = get_object_or_404(rows, pk=object_id if object_id.isdecimal() else 0)
        counts, chosen = rehearsals.counts(row), _chosen(request)
        items = _items(row, chosen, request.GET.get("page", ""))
        context = {
            "title": show.capital(str(row)),
            "row": row,
            "badge": _badge(row),
            "counts": [(verdict, counts[verdict], words) for verdict, words in MEANINGS.items()],
            "chosen": chosen,
            "kinds": Kind.choices,
            "accounts": _accounts(row),
            "items": items,
            "steps": [{"row": one, "badge": show.badge(one.verdict, one.get_verdict_display())} for one in items],
            "chart": _by_hour(row),
            "pace": _pace(row),
        }
        return self._page(request, "rehearsal", context)

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
        """The page; with `part` in the address its inner part alone, for the page itself to stay as it is."""
        template = f"relove/{name}_part.html" if "part" in request.GET else f"relove/{name}.html"
        common = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "is_fullwidth": "1",
            "may_ask": self.has_ask_permission(request),
            "topic": rehearsals.TOPIC,
        }
        return TemplateResponse(request, template, common | context)

    def ask(self, request: HttpRequest) -> HttpResponse:
        if not self.has_ask_permission(request):
            raise PermissionDenied
        days, approval, speed = (request.POST.get(name, "") for name in ("days", "approval", "speed"))
        if days not in map(str, DAYS) or speed not in map(str, SPEEDS) or approval not in Rehearsal.Approval:
            messages.error(request, _("Choose how many days are played, how fast, and what becomes of drafts."))
            return redirect(_list())
        try:
            row = rehearsals.ask(
                staff_of(request),
                timezone.now(),
                length=timedelta(days=int(days)),
                approval=approval,
                speed=int(speed),
            )
        except rehearsals.UnderWay:
            messages.error(request, _("Another rehearsal is under way: wait for its end, or stop it."))
            return redirect(_list())
        return redirect("admin:relove_rehearsal_change", row.pk)

    def cancel(self, request: HttpRequest, number: int) -> HttpResponse:
        if not self.has_ask_permission(request):
            raise PermissionDenied
        row = get_object_or_404(Rehearsal, pk=number)
        if not rehearsals.cancel(row, staff_of(request), timezone.now()):
            messages.warning(request, _("It has ended already."))
        return redirect("admin:relove_rehearsal_change", row.pk)


def _list() -> str:
    return reverse("admin:relove_rehearsal_changelist")


def _badge(row: Rehearsal) -> SafeString:
    return show.badge(row.state, row.get_state_display())


def _in_short(row: Rehearsal) -> str:
    """How many things have which verdict."""
    named = ((Verdict(verdict).label, count) for verdict, count in rehearsals.counts(row).items())
    return " · ".join(f"{word}: {count}" for word, count in named)


def _pace(row: Rehearsal) -> str:
    """How long it took, and how much of the past that was for each second of it."""
    took = row.took(timezone.now())
    played = (row.reached or row.since) - row.since
    words = {"took": _lasted(took), "played": _lasted(played), "times": round(played / took) if took else 0}
    return _("%(played)s played in %(took)s, %(times)s times faster; quiet stretches are skipped") % words


def _lasted(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    if minutes < 1:
        return _("%(count)s s") % {"count": round(length.total_seconds())}
    if minutes < 120:
        return _("%(count)s min") % {"count": minutes}
    return _("%(count)s h") % {"count": round(minutes / 60)}


def _chosen(request: HttpRequest) -> dict[str, str]:
    """The filters of the address, as far as they make sense."""
    verdict, kind = request.GET.get("verdict", ""), request.GET.get("kind", "")
    return {
        "verdict": verdict if verdict in Verdict else "",
        "kind": kind if kind in Kind else "",
        "account": request.GET.get("account", "")[:128],
    }


def _accounts(row: Rehearsal) -> list[str]:
    named = row.items.exclude(account="").order_by("account").values_list("account", flat=True)
    return list(named.distinct())


def _items(row: Rehearsal, chosen: dict[str, str], page: str) -> Page[RehearsalItem]:
    found: QuerySet[RehearsalItem] = row.items.order_by("at", "id")
    filters = {name: value for name, value in chosen.items() if value}
    return Paginator(found.filter(**filters), ON_PAGE).get_page(page)


def _by_hour(row: Rehearsal) -> Chart | None:
    """What goes out by the hour of the day, beside the comments that did go out in the same days."""
    if not row.items.filter(verdict=Verdict.SENT).exists():
        return None
    sent = row.items.filter(verdict=Verdict.SENT).values_list("kind", "at")
    hours = {kind: [0] * 24 for kind in (Kind.COMMENT, Kind.REPLY)}
    for kind, at in sent:
        hours[Kind(kind)][timezone.localtime(at).hour] += 1
    return Chart(
        "rehearsal",
        _("What would go out by the hour of the day"),
        [f"{hour}:00" for hour in range(24)],
        [
            bars(_("comments in the rehearsal"), hours[Kind.COMMENT], VIOLET),
            bars(_("comments in reality"), row.figures.get("really", []), GREY),
            bars(_("private messages in the rehearsal"), hours[Kind.REPLY], PALE),
        ],
    )
