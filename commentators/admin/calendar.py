"""The calendar: what goes out when, by account; a comment is moved by dragging it or by keys."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts_mgmt.outbox import Status
from commentators import services
from commentators.models import CommentatorAccount, GeneratedComment
from relove import show
from relove.desk import staff_of

if TYPE_CHECKING:
    from commentators.admin.comments import CommentAdmin

LISTED = 500
LONGEST = timedelta(days=14)
MOVABLE = (Status.DRAFT, Status.PENDING)
PLANNED = (*MOVABLE, Status.SENDING, Status.UNKNOWN)
# So many colours of accounts there are; a further account shares one, its name stands beside it.
COLOURS = 8


@require_GET
def calendar(request: HttpRequest, page: "CommentAdmin") -> HttpResponse:
    if not page.has_view_permission(request):
        raise PermissionDenied
    accounts = CommentatorAccount.objects.select_related("session").order_by("pk")
    context = {
        **page.admin_site.each_context(request),
        "title": _("Calendar"),
        "is_fullwidth": "1",
        "accounts": [{"row": account, "colour": account.pk % COLOURS} for account in accounts],
        "may_decide": page.has_decide_permission(request),
        "words": {
            "week": _("Week"),
            "day": _("Day"),
            "today": _("Today"),
            "previous": _("Back"),
            "next": _("Further"),
            "moved": _("Moved."),
            "offline": _("No connection: nothing was changed."),
            "empty": _("Nothing is planned for this time."),
        },
    }
    return TemplateResponse(request, "commentators/calendar.html", context)


@require_GET
def events(request: HttpRequest, page: "CommentAdmin") -> JsonResponse:
    """Comments planned or sent from `start` to `end` (ISO, at most a fortnight), of one `account` if named."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    start, end = _moment(request.GET.get("start", "")), _moment(request.GET.get("end", ""))
    if start is None or end is None or not start < end <= start + LONGEST:
        return JsonResponse({"reason": _("This is no time.")}, status=400)
    planned = Q(status__in=PLANNED, scheduled_at__gte=start, scheduled_at__lt=end)
    sent = Q(sent_at__gte=start, sent_at__lt=end)
    rows: list[GeneratedComment] = []
    for condition in (planned, sent):
        found = GeneratedComment.objects.with_links().filter(condition)
        account = request.GET.get("account", "")
        if account.isdecimal() and len(account) < 19:
            found = found.filter(account_id=int(account))
        rows += found.order_by("scheduled_at", "id")[:LISTED]
    may_move = page.has_decide_permission(request)
    return JsonResponse({"events": [_event(row, may_move) for row in rows]})


@require_POST
def move(request: HttpRequest, page: "CommentAdmin", comment_id: int) -> JsonResponse:
    """Plan the comment for `after` (local time of the page) if it still stands at `before`."""
    if not page.has_decide_permission(request):
        raise PermissionDenied
    before, after = _moment(request.POST.get("before", "")), _moment(request.POST.get("after", ""))
    if before is None or after is None:
        return JsonResponse({"reason": _("This is no time.")}, status=400)
    try:
        moved = services.move(comment_id, staff_of(request), before, after, timezone.now())
    except ValidationError as error:
        return JsonResponse({"reason": " ".join(error.messages)})
    return JsonResponse({"event": _event(moved, True)})


def _moment(text: str) -> datetime | None:
    """A time of a page: with a zone as it is, without one in the zone that pages show."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    if moment is None:
        return None
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _event(row: GeneratedComment, may_move: bool) -> dict[str, Any]:
    """`start` is local and without a zone, as the page shows it; `at` is exact, for moving."""
    at = row.sent_at or row.scheduled_at
    assert at is not None
    name = str(row.account)
    return {
        "id": str(row.pk),
        "start": timezone.localtime(at).replace(tzinfo=None).isoformat(timespec="seconds"),
        "at": at.isoformat(),
        "account": name,
        "initials": "".join(word[0] for word in name.split()[:2]).upper(),
        "colour": row.account_id % COLOURS,
        "channel": str(row.channel),
        "text": show.shorten(row.text),
        "state": row.status,
        "word": show.capital(str(Status(row.status).label)),
        "movable": may_move and row.status in MOVABLE and row.attempted_at is None,
    }
