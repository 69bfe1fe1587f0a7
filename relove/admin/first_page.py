"""What the kernel puts on the first page: operations, how they went, and what they cost."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Max
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from relove import desk, options, show
from relove.admin.logs import operation_name
from relove.dashboard import GREY, MAY_SEE, RED, ROSE, Card, Chart, View, bars, cards, change, chart, line
from relove.llm.ledger import spent_today
from relove.models import OperationLog, SessionLog
from relove.rollups import Kind

SEND = "send_message"
SLOWEST = 8
CAUSES = 6
# newest failed rows that causes are looked for in
FAILED_ROWS = 1_000
# from a comment to a study group, by what the log says of each step
FUNNEL = [
    (lazy("comments sent"), Kind(SEND, "generated_comments")),
    (lazy("dialogues begun"), Kind("begin_dialogue", "client_conversations")),
    (lazy("diagnostics finished"), Kind("diagnostics", "diagnostic_results")),
    (lazy("joined a group"), Kind("join_group", "education_groups")),
]


@cards(10)
def operation_cards(request: HttpRequest, view: View) -> Iterable[Card]:
    log = reverse("admin:relove_operationlog_changelist")
    now, before = view.sums(view.times), view.sums(view.times_before)
    sent, sent_before = view.sums(view.times, *_sends(view)), view.sums(view.times_before, *_sends(view))
    active = SessionLog.objects.filter(status=SessionLog.Status.ACTIVE).count()
    sessions = reverse("admin:relove_sessionlog_changelist") + "?status__exact=active"
    chosen = f"{log}?period={view.name}"
    return [
        Card(_("active sessions"), show.number(active), sessions),
        Card(_("operations"), show.number(now.count), chosen, change(now.count, before.count)),
        Card(_("ended well, %"), show.number(now.success, 1), chosen, change(now.success, before.success)),
        Card(
            _("failed"),
            show.number(now.failed),
            f"{chosen}&status__exact=failed",
            change(now.failed, before.failed),
            "failed" if now.failed else "",
        ),
        Card(
            _("sending, p50 / p95, ms"),
            show.pair(sent.percentile(0.5), sent.percentile(0.95)),
            f"{chosen}&q={SEND}",
            change(sent.percentile(0.95), sent_before.percentile(0.95)),
        ),
        Card(
            _("model today, USD of %(budget)s") % {"budget": options.shown(options.value("LLM_DAILY_BUDGET_USD"))},
            show.number(spent_today(), 2),
            reverse("admin:relove_llmcall_changelist") + "?period=day",
        ),
    ]


def _sends(view: View) -> set[Kind]:
    return {kind for _at, kind in view.rows if kind.operation == SEND} or {Kind(SEND)}


@chart(10)
def operations(request: HttpRequest, view: View) -> Chart:
    now = [view.sums([at]) for at in view.times]
    before = [view.sums([at]).count for at in view.times_before]
    series = [
        line(_("the period before"), before, GREY, dashed=True),
        bars(_("ended well"), [one.done for one in now], ROSE),
        bars(_("failed"), [one.failed for one in now], RED),
    ]
    return Chart("operations", _("Operations"), [view.label(at) for at in view.times], series, stacked=True)


@chart(20)
def durations(request: HttpRequest, view: View) -> Chart:
    """The slowest kinds of operation that take time at all."""
    names = {kind.operation for _at, kind in view.rows}
    found = {name: view.sums(view.times, *(k for _at, k in view.rows if k.operation == name)) for name in names}
    timed = {name: one for name, one in found.items() if one.total_ms}
    slowest = sorted(timed, key=lambda name: -(timed[name].percentile(0.95) or 0))[:SLOWEST]
    series = [
        bars("p50", [timed[name].percentile(0.5) for name in slowest], GREY),
        bars("p95", [timed[name].percentile(0.95) for name in slowest], ROSE),
    ]
    labels = [operation_name(name) for name in slowest]
    return Chart("durations", _("How long operations take, ms"), labels, series, sideways=True)


@chart(30)
def funnel(request: HttpRequest, view: View) -> Chart:
    series = [
        bars(_("now"), [view.sums(view.times, kind).done for _title, kind in FUNNEL], ROSE),
        bars(_("the period before"), [view.sums(view.times_before, kind).done for _title, kind in FUNNEL], GREY),
    ]
    labels = [show.capital(str(title)) for title, _kind in FUNNEL]
    return Chart("funnel", _("From a comment to a group"), labels, series, sideways=True)


@desk.panel(20)
def errors(request: HttpRequest, now: datetime) -> desk.Panel | None:
    """What failed in the last 24 hours, by cause; the line leads to the newest row of it."""
    if not desk.may(request, MAY_SEE):
        return None
    failed = OperationLog.objects.filter(
        status=OperationLog.Status.FAILED, created_at__gte=now - timedelta(days=1)
    )
    newest = failed.order_by("-created_at").values("pk")[:FAILED_ROWS]
    causes = (
        OperationLog.objects.filter(pk__in=newest, created_at__gte=now - timedelta(days=1))
        .values("operation_type", "error_message")
        .annotate(times=Count("pk"), newest=Max("pk"), at=Max("created_at"))
        .order_by("-times", "-at")[:CAUSES]
    )
    lines = [
        desk.Line(
            f"{operation_name(cause['operation_type'])}: {cause['error_message'] or _('no reason given')}",
            reverse("admin:relove_operationlog_change", args=[cause["newest"]]),
            "failed",
            f"× {cause['times']}",
            cause["at"],
        )
        for cause in causes
    ]
    address = reverse("admin:relove_operationlog_changelist") + "?status__exact=failed&period=day"
    return desk.Panel(lazy("Errors of the last 24 hours"), empty=lazy("No errors."), lines=lines, url=address)
