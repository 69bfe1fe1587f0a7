"""Pages of a script: what its versions achieved, and what another threshold would change."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from relove import desk, show
from sales import reports
from sales.dialogues import document_of
from sales.document import DEFAULT_THRESHOLD
from sales.models import SalesScript

if TYPE_CHECKING:
    from sales.admin.scripts import ScriptAdmin

REPORT, THRESHOLD = "sales_salesscript_report", "sales_salesscript_threshold"
KIND = "sales"


def urls(page: "ScriptAdmin") -> list[URLPattern]:
    wrap = page.admin_site.admin_view
    return [
        path("report/", wrap(report), {"page": page}, name=REPORT),
        path("threshold/", wrap(threshold), {"page": page}, name=THRESHOLD),
    ]


@require_GET
def report(request: HttpRequest, page: "ScriptAdmin") -> HttpResponse:
    script, context = _chosen(request, page, _("What scripts achieve"))
    if script is not None:
        context |= {
            "reports": reports.by_version(script),
            "touches": reports.first_touches(script),
            "threshold_url": f"{reverse(f'admin:{THRESHOLD}')}?script={script.pk}",
        }
    return TemplateResponse(request, "sales/report.html", context)


@require_GET
def threshold(request: HttpRequest, page: "ScriptAdmin") -> HttpResponse:
    """The last analysed messages under another threshold; the page itself moves it."""
    script, context = _chosen(request, page, _("Another threshold"))
    if not desk.may(request, "sales.view_conversationmessage"):
        raise PermissionDenied
    if script is not None:
        at = document_of(script.live).settings.threshold if script.live else DEFAULT_THRESHOLD
        rows = reports.replay(script, at)
        context |= {"at": at, "rows": [_row(each) for each in rows]}
    return TemplateResponse(request, "sales/threshold.html", context)


def _row(each: reports.Replayed) -> dict[str, Any]:
    row = each.row
    return {
        "text": row.text,
        "time": show.short_time(row.sent_at),
        "score": row.score,
        "shown": number_format(row.score, 2) if row.score is not None else "",
        "was": each.was,
        "would_be": each.would_be,
        "changes": each.changes,
    }


def _chosen(request: HttpRequest, page: "ScriptAdmin", title: str) -> tuple[SalesScript | None, dict[str, Any]]:
    """The script the page is about: the one named, else the one in use, else the first."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    scripts = SalesScript.objects.filter(kind=KIND).select_related("live").order_by("-is_active", "id")
    named = request.GET.get("script", "")
    script = get_object_or_404(scripts, pk=named) if named.isdecimal() else scripts.first()
    context = {
        **page.admin_site.each_context(request),
        "opts": page.model._meta,
        "title": title,
        "script": script,
        "all_scripts": list(scripts),
    }
    return script, context
