"""A script's versions: who saved and published what and why, any two compared, and the way back."""

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
from django.views.decorators.http import require_http_methods

from relove import desk, show
from sales import kinds, services
from sales.admin import editor, publishing
from sales.models import ClientConversation, SalesScript, ScriptVersion
from sales.models.scripts import Running
from sales.problems import Refused

if TYPE_CHECKING:
    from sales.admin.scripts import ScriptAdmin

NAME = "sales_salesscript_versions"
# The newest ones; older versions are in the export of everything.
SHOWN = 100


def urls(page: "ScriptAdmin") -> list[URLPattern]:
    wrap = page.admin_site.admin_view
    return [path("<int:script_id>/versions/", wrap(versions), {"page": page}, name=NAME)]


def url(script_id: int) -> str:
    return reverse(f"admin:{NAME}", args=[script_id])


@require_http_methods(["GET", "POST"])
def versions(request: HttpRequest, page: "ScriptAdmin", script_id: int) -> HttpResponse:
    """GET: the list, and with ?old=1&new=2 what is different. POST: `do` is roll_back, mode or switch."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    script = get_object_or_404(SalesScript.objects.select_related("live"), pk=script_id)
    if request.method == "POST":
        if not page.has_change_permission(request):
            raise PermissionDenied
        return _done(request, script)
    rows = list(script.history.select_related("history_user", "published_by").order_by("-number")[:SHOWN])
    context = {
        **page.admin_site.each_context(request),
        "opts": page.model._meta,
        "title": _("Versions"),
        "script": script,
        "kind": kinds.get(script.kind),
        "may_change": page.has_change_permission(request),
        "rows": [_row(script, row) for row in rows],
        "editor_url": editor.url(script_id),
        "modes": SalesScript.Mode.choices,
        "runnings": Running.choices,
        "running": Running.STAY,
        **_comparison(request, script),
    }
    return TemplateResponse(request, "sales/versions.html", context)


def _row(script: SalesScript, row: ScriptVersion) -> dict[str, Any]:
    return {
        "version": row,
        "state": show.badge(row.state, row.get_state_display()),
        "saved": show.short_time(row.history_date),
        "published": show.short_time(row.published_at) if row.published_at else "",
        "publish_url": "" if row.is_live else publishing.url(script.pk, row.number),
    }


def _comparison(request: HttpRequest, script: SalesScript) -> dict[str, Any]:
    """What is different between the two chosen versions; without a choice, the live one and the newest."""
    chosen = [_number(request, name) for name in ("old", "new")]
    numbers = [chosen[0] or (script.live.number if script.live else script.number), chosen[1] or script.number]
    pair = {row.number: row for row in script.history.filter(number__in=numbers)}
    if not pair.keys() >= set(numbers):
        raise Http404
    old, new = pair[numbers[0]], pair[numbers[1]]
    kind = kinds.get(script.kind)
    return {
        "old": old,
        "new": new,
        "changes": [(change, _standing(script, change.step)) for change in publishing.changes(kind, old, new)],
        "texts": publishing.side_by_side(kind, old, new) if old != new else None,
    }


def _number(request: HttpRequest, name: str) -> int:
    written = request.GET.get(name, "")
    if not written.isascii() or len(written) > 6 or (written and not written.isdecimal()):
        raise Http404
    return int(written or 0)


def _standing(script: SalesScript, step: str) -> str:
    """How many dialogues that the script leads stand on a changed step, in words; "" for none."""
    if not step:
        return ""
    led = ClientConversation.objects.filter(script=script, lead=ClientConversation.Lead.SCRIPT)
    count = led.filter(progress__step=step).count()
    said = ngettext("%(count)s dialogue stands there", "%(count)s dialogues stand there", count)
    return said % {"count": count} if count else ""


def _done(request: HttpRequest, script: SalesScript) -> HttpResponse:
    try:
        ACTIONS[request.POST.get("do", "")](request, script)
    except KeyError as error:
        raise Http404 from error
    except services.ReasonMissing as error:
        messages.error(request, str(error))
    except Refused as refused:
        for problem in refused.problems:
            messages.error(request, str(problem))
    return redirect(url(script.pk))


def _roll_back(request: HttpRequest, script: SalesScript) -> None:
    number, running = request.POST.get("number", ""), request.POST.get("running", Running.STAY)
    if not number.isdecimal() or running not in Running.values:
        raise Http404
    get_object_or_404(ScriptVersion, id=script.pk, number=int(number))
    found = services.roll_back(
        script.pk,
        int(number),
        reason=request.POST.get("reason", ""),
        who=desk.staff_of(request),
        now=timezone.now(),
        running=Running(running),
    )
    said = _("Version %(new)s with the content of version %(old)s is live.")
    messages.success(request, said % {"new": found.version.number, "old": number})
    for trial in found.trials:
        if not trial.passed:
            said = _("The saved dialogue «%(name)s» goes otherwise: %(what)s")
            messages.warning(request, said % {"name": trial.test.name, "what": " ".join(trial.faults)})


def _mode(request: HttpRequest, script: SalesScript) -> None:
    mode = request.POST.get("mode", "")
    if mode not in SalesScript.Mode.values:
        raise Http404
    who, now = desk.staff_of(request), timezone.now()
    services.set_mode(script.pk, mode, reason=request.POST.get("reason", ""), who=who, now=now)
    messages.success(request, _("The mode is “%(mode)s” now.") % {"mode": SalesScript.Mode(mode).label})


def _switch(request: HttpRequest, script: SalesScript) -> None:
    is_active = request.POST.get("is_active") == "1"
    services.activate(script.pk, is_active, who=desk.staff_of(request), now=timezone.now())
    messages.success(request, _("The script is in use.") if is_active else _("The script is switched off."))


ACTIONS = {"roll_back": _roll_back, "mode": _mode, "switch": _switch}
