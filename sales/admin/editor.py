"""The script editor: one page for every kind, and the addresses it asks while somebody writes.

All of them take the text as it stands in the page (`text`, `format`). Data comes back as JSON: a document
with mistakes as {problems}, a refusal as {reason}.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts_mgmt import staff_links
from accounts_mgmt.models import StaffMessage, StaffTelegram, TelegramAccountSession
from relove import desk, texts
from relove.llm import LLMError
from relove.models import TelegramUser
from sales import editing, kinds, reading, services
from sales.admin import editor_tests, publishing
from sales.admin.asked import number, refusal, text_of
from sales.admin.editor_words import editor_words
from sales.kinds import ScriptKind, Turn
from sales.models import SalesScript
from sales.problems import Refused

if TYPE_CHECKING:
    from sales.admin.scripts import ScriptAdmin

NAME = "sales_salesscript_editor"
FORMATS = ("yaml", "json")
# The people met last, to be looked at as clients.
OFFERED = 30
TEST_LASTS = timedelta(hours=1)
SALT = "sales.editor.dialogue"
# What somebody may ask who may look at scripts and not change them.
LOOKING = ("check", "convert", "tests")


def urls(page: "ScriptAdmin") -> list[URLPattern]:
    wrap = page.admin_site.admin_view
    return [
        path("<int:script_id>/editor/", wrap(editor), {"page": page}, name=NAME),
        path("schema/<slug:kind>.json", wrap(schema), {"page": page}, name=f"{NAME}_schema"),
        path("<int:script_id>/editor/<slug:what>/", wrap(answer), {"page": page}, name=f"{NAME}_answer"),
    ]


def url(script_id: int) -> str:
    return reverse(f"admin:{NAME}", args=[script_id])


@require_GET
def editor(request: HttpRequest, page: "ScriptAdmin", script_id: int) -> HttpResponse:
    if not page.has_view_permission(request):
        raise PermissionDenied
    script, kind = _found(script_id)
    may_change = page.has_change_permission(request)
    tabs = _tabs(kind, may_change)
    context = {
        **page.admin_site.each_context(request),
        "opts": page.model._meta,
        "title": script.name,
        "is_fullwidth": "1",
        "script": script,
        "kind": kind,
        "url": url(script_id),
        "publish_url": publishing.url(script_id),
        "may_change": may_change,
        "tabs": tabs,
        "panels": [name for name, _title in tabs],
        "clients": [(user.pk, str(user)) for user in TelegramUser.objects.order_by("-id")[:OFFERED]],
        "senders": _senders(staff_links.link_of(desk.staff_of(request))),
        "link_url": reverse("admin:accounts_mgmt_stafftelegram_mine"),
        "schema": kinds.json_schema(kind),
        "text": reading.written(kind, script.content, "yaml"),
        "words": editor_words(),
        **editor_tests.tests_of(script),
    }
    return TemplateResponse(request, "sales/editor.html", context)


def _tabs(kind: ScriptKind, may_change: bool) -> list[tuple[str, str]]:
    tabs = [
        ("preview", _("Preview"), may_change and (kind.player or kind.preview)),
        ("talk", _("Dialogue"), may_change and kind.player),
        ("graph", _("Graph"), kind.graph),
        ("tests", _("Tests"), kind.player),
    ]
    return [(name, title) for name, title, is_there in tabs if is_there]


@require_GET
def schema(request: HttpRequest, page: "ScriptAdmin", kind: str) -> HttpResponse:
    """The published JSON Schema of a kind, for editors elsewhere too."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    return JsonResponse(kinds.json_schema(_kind(kind)), json_dumps_params={"ensure_ascii": False, "indent": 2})


@require_POST
def answer(request: HttpRequest, page: "ScriptAdmin", script_id: int, what: str) -> HttpResponse:
    """One question of the page; see ANSWERS."""
    may = page.has_view_permission(request) if what in LOOKING else page.has_change_permission(request)
    if not may:
        raise PermissionDenied
    if what not in ANSWERS or request.POST.get("format", "yaml") not in FORMATS:
        raise Http404
    script, kind = _found(script_id)
    try:
        return ANSWERS[what](request, script, kind)
    except Refused as refused:
        return JsonResponse({"problems": editing.told(refused.problems)})
    except LLMError as error:
        return refusal(_("The language model failed (%(error)s).") % {"error": error})


def _check(request: HttpRequest, script: SalesScript, kind: ScriptKind) -> HttpResponse:
    return JsonResponse(editing.judged(kind, *text_of(request)))


def _convert(request: HttpRequest, script: SalesScript, kind: ScriptKind) -> HttpResponse:
    into = request.POST.get("into")
    if into not in FORMATS:
        raise Http404
    return JsonResponse({"text": reading.converted(*text_of(request), into)})


def _save(request: HttpRequest, script: SalesScript, kind: ScriptKind) -> HttpResponse:
    form = text_of(request)[1]
    found = reading.read(kind, *text_of(request))
    try:
        version = services.save(
            script.pk,
            found.data,
            started_from=number(request, "base"),
            reason=request.POST.get("reason", ""),
            who=desk.staff_of(request),
            now=timezone.now(),
        )
    except services.ReasonMissing as error:
        return refusal(str(error))
    except services.Conflict as conflict:
        return JsonResponse({"conflict": _theirs(conflict, kind, form)})
    said = _("Version %(number)s is saved. Clients are answered by it once it is published.")
    return JsonResponse({"number": version.number, "said": said % {"number": version.number}})


def _theirs(conflict: services.Conflict, kind: ScriptKind, form: str) -> dict[str, Any]:
    latest = conflict.latest
    when = timezone.localtime(latest.history_date)
    words = _("%(what)s That was on %(time)s: “%(reason)s”.") % {
        "what": conflict,
        "time": formats.date_format(when, "j E, H:i"),
        "reason": latest.history_change_reason,
    }
    text = reading.written(kind, latest.content, form)
    return {"words": words, "number": latest.number, "text": text}


# --- replies -------------------------------------------------------------------------------------------


def _preview(request: HttpRequest, script: SalesScript, kind: ScriptKind) -> HttpResponse:
    document, client = reading.read(kind, *text_of(request)).document, _client(request)
    if kind.player:
        said = [editing.reply(kind.player(document, {}, _message(request), client))]
    elif kind.preview:
        said = [{"title": sample.title, "text": sample.text} for sample in kind.preview(document, client)]
    else:
        raise Http404
    return JsonResponse({"said": said})


def _talk(request: HttpRequest, script: SalesScript, kind: ScriptKind) -> HttpResponse:
    """One message of the test dialogue; where it stands travels with the page, signed."""
    if kind.player is None:
        raise Http404
    document = reading.read(kind, *text_of(request)).document
    turn: Turn = kind.player(document, _state(request), _message(request), _client(request))
    answered = {
        "state": signing.dumps(turn.state, salt=SALT),
        "said": editing.reply(turn),
        "expect": editing.expected(turn),
    }
    return JsonResponse(answered)


def _state(request: HttpRequest) -> dict[str, Any]:
    signed = request.POST.get("state", "")
    try:
        state: dict[str, Any] = signing.loads(signed, salt=SALT) if signed else {}
    except signing.BadSignature as error:
        raise BadRequest from error
    return state


def _client(request: HttpRequest) -> TelegramUser | None:
    return TelegramUser.objects.filter(pk=number(request, "client")).first()


def _message(request: HttpRequest) -> str:
    message = request.POST.get("message", "").strip()
    if not message or len(message) > texts.MESSAGE_LIMIT:
        raise BadRequest
    return message


# --- a test message ------------------------------------------------------------------------------------


def _send(request: HttpRequest, script: SalesScript, kind: ScriptKind) -> HttpResponse:
    """Send a reply that was previewed to the person's own Telegram, marked as a test."""
    link = staff_links.link_of(desk.staff_of(request))
    account = _senders(link).filter(pk=number(request, "account")).first()
    if link is None or account is None:
        return refusal(_("Link your Telegram first, on your page “My Telegram”."))
    mark = _("Test of the script “%(name)s”, nobody else receives this:") % {"name": script.name}
    text = f"{mark}\n\n{request.POST.get('message', '')}"
    staff_links.write(link, text, StaffMessage.Purpose.TEST, timezone.now(), TEST_LASTS, sender=account)
    return JsonResponse({"said": _("The test message is in the queue.")})


def _senders(link: StaffTelegram | None) -> Any:
    is_linked = link is not None and link.is_linked
    return staff_links.senders(link) if link and is_linked else TelegramAccountSession.objects.none()


# --- what they share -----------------------------------------------------------------------------------

Answer = Callable[[HttpRequest, SalesScript, ScriptKind], HttpResponse]
ANSWERS: dict[str, Answer] = {
    "check": _check,
    "convert": _convert,
    "save": _save,
    "preview": _preview,
    "talk": _talk,
    "keep": editor_tests.keep,
    "drop": editor_tests.drop,
    "run": editor_tests.run,
    "send": _send,
    "tests": editor_tests.show_tests,
}


def _found(script_id: int) -> tuple[SalesScript, ScriptKind]:
    script = get_object_or_404(SalesScript, pk=script_id)
    return script, _kind(script.kind)


def _kind(name: str) -> ScriptKind:
    try:
        return kinds.get(name)
    except kinds.UnknownKind as error:
        raise Http404 from error
