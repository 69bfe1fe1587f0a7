"""Publishing a version: what is different by meaning and as text, how the saved dialogues go, what becomes of
dialogues that are under way."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from relove import desk
from sales import kinds, reading, services
from sales.admin.editor_words import code_words
from sales.kinds import Change, ScriptKind
from sales.models import SalesScript, ScriptVersion
from sales.models.scripts import Running
from sales.problems import Refused

if TYPE_CHECKING:
    from sales.admin.scripts import ScriptAdmin

NAME = "sales_salesscript_publish"


def urls(page: "ScriptAdmin") -> list[URLPattern]:
    wrap = page.admin_site.admin_view
    return [
        path("<int:script_id>/publish/", wrap(newest), name=f"{NAME}_newest"),
        path("<int:script_id>/publish/<int:number>/", wrap(publish), {"page": page}, name=NAME),
    ]


def url(script_id: int, number: int | None = None) -> str:
    """The page for a version; without a number for the one that is the newest when it is opened."""
    if number is None:
        return reverse(f"admin:{NAME}_newest", args=[script_id])
    return reverse(f"admin:{NAME}", args=[script_id, number])


@require_GET
def newest(request: HttpRequest, script_id: int) -> HttpResponse:
    return redirect(url(script_id, get_object_or_404(SalesScript, pk=script_id).number))


def _editor_url(script_id: int) -> str:
    return reverse("admin:sales_salesscript_editor", args=[script_id])


@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, page: "ScriptAdmin", script_id: int, number: int) -> HttpResponse:
    """GET: what would change. POST: play the saved dialogues and publish; red ones need a reason."""
    if not page.has_change_permission(request):
        raise PermissionDenied
    script = get_object_or_404(SalesScript.objects.select_related("live"), pk=script_id)
    version = get_object_or_404(script.history.model, id=script_id, number=number)
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            return _published(request, script, version)
        except services.Blocked as blocked:
            context = {"trials": blocked.trials, "blocked": str(blocked)}
        except Refused as refused:
            context = {"problems": [str(problem) for problem in refused.problems]}
    context |= {
        **page.admin_site.each_context(request),
        "opts": page.model._meta,
        "title": _("Publish version %(number)s") % {"number": number},
        "script": script,
        "version": version,
        "editor_url": _editor_url(script_id),
        "runnings": Running.choices,
        "running": request.POST.get("running", Running.STAY),
        "saved": list(script.tests.order_by("id")),
        **_difference(script, version),
    }
    return TemplateResponse(request, "sales/publish.html", context)


def _published(request: HttpRequest, script: SalesScript, version: ScriptVersion) -> HttpResponse:
    running = request.POST.get("running", "")
    if running not in Running.values:
        raise Http404
    found = services.publish(
        script.pk,
        version.number,
        who=desk.staff_of(request),
        now=timezone.now(),
        running=Running(running),
        override=request.POST.get("override", ""),
    )
    red = sum(not trial.passed for trial in found.trials)
    messages.success(request, _("Version %(number)s is live.") % {"number": version.number})
    if red:
        said = ngettext("%(count)s dialogue goes otherwise.", "%(count)s dialogues go otherwise.", red)
        messages.warning(request, said % {"count": red})
    return redirect(_editor_url(script.pk))


def _difference(script: SalesScript, version: ScriptVersion) -> dict[str, Any]:
    """Changes by meaning and both texts; a script that was never live has but one."""
    if script.live is None:
        return {"texts": None}
    kind = kinds.get(script.kind)
    return {"changes": changes(kind, script.live, version), "texts": side_by_side(kind, script.live, version)}


def side_by_side(kind: ScriptKind, old: ScriptVersion, new: ScriptVersion) -> dict[str, Any]:
    """What the page's script compares: both texts under their numbers."""
    return {
        "a": reading.written(kind, old.content, "yaml"),
        "b": reading.written(kind, new.content, "yaml"),
        "labels": [_version(old), _version(new)],
        "words": code_words(),
    }


def changes(kind: ScriptKind, old: ScriptVersion, new: ScriptVersion) -> list[Change]:
    try:
        return kind.difference(old.document(), new.document())
    except Refused:
        # an action that one of them names has gone since: only the texts can be compared
        return []


def _version(version: ScriptVersion) -> str:
    return _("Version %(number)s") % {"number": version.number}
