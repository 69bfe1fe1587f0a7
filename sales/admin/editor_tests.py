"""The editor's saved dialogues: kept from the test dialogue, played with the text as it stands, removed."""

import json
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from relove import desk, show
from sales import reading, trials
from sales.admin.asked import number, refusal, text_of
from sales.kinds import ScriptKind
from sales.models import SalesScript, ScriptTest


def keep(request: HttpRequest, script: SalesScript, kind: ScriptKind) -> HttpResponse:
    """Save the test dialogue: what was seen at each message is expected from now on."""
    try:
        turns = json.loads(request.POST.get("dialogue", ""))
        dialogue = trials.SavedDialogue.model_validate({"turns": turns})
    except ValueError as error:
        raise BadRequest from error
    dialogue = dialogue.with_phrases(_phrases(request, "must"), _phrases(request, "must_not"))
    name = request.POST.get("name", "").strip()
    try:
        trials.keep(script.pk, name, dialogue, desk.staff_of(request))
    except trials.NameTaken as error:
        return refusal(str(error))
    return JsonResponse({"said": _("The dialogue is saved as a test.")})


def _phrases(request: HttpRequest, field: str) -> list[str]:
    return [phrase.strip() for phrase in request.POST.get(field, "").split(";") if phrase.strip()]


def drop(request: HttpRequest, script: SalesScript, kind: ScriptKind) -> HttpResponse:
    script.tests.filter(pk=number(request, "test")).delete()
    return show_tests(request, script, kind)


def run(request: HttpRequest, script: SalesScript, kind: ScriptKind) -> HttpResponse:
    """Play every saved dialogue with the text as it stands in the page."""
    document = reading.read(kind, *text_of(request)).document
    trials.play(kind, document, list(script.tests.order_by("id")), timezone.now())
    return show_tests(request, script, kind)


def show_tests(request: HttpRequest, script: SalesScript, kind: ScriptKind) -> HttpResponse:
    context = {**tests_of(script), "may_change": desk.may(request, "sales.change_salesscript")}
    return TemplateResponse(request, "sales/editor_tests.html", context)


def tests_of(script: SalesScript) -> dict[str, Any]:
    rows = list(script.tests.order_by("id"))
    red = sum(bool(row.last_faults) for row in rows)
    good = _("All saved dialogues went as they should at their last run.")
    bad = ngettext("%(count)s dialogue goes otherwise.", "%(count)s dialogues go otherwise.", red) % {"count": red}
    return {"tests": [_test(row) for row in rows], "verdict": bad if red else good}


def _test(row: ScriptTest) -> dict[str, Any]:
    if not row.runs:
        return {"row": row, "badge": show.badge("draft", _("not played yet")), "rate": ""}
    badge = show.badge("failed", _("goes otherwise")) if row.last_faults else show.badge("sent", _("as it should"))
    values = {"passes": row.passes, "runs": row.runs, "share": round(100 * row.passes / row.runs)}
    rate = _("Passed %(passes)s of %(runs)s (%(share)s %%)") % values
    return {"row": row, "badge": badge, "rate": rate}
