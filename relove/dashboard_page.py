"""The first page: what is wrong now, a start list while the system is new, what needs a person, how it goes."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from relove import dashboard, desk, troubles


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's DASHBOARD_CALLBACK. `period` is a name of relove.dashboard.PERIODS."""
    now = timezone.now()
    steps = desk.start_steps()
    undone = next((index for index, step in enumerate(steps) if not step.done), None)
    found = troubles.found(now, request)
    return {
        **context,
        "is_fullwidth": "1",
        "troubles": found,
        "is_well": all(trouble.state == troubles.NEWS for trouble in found),
        "start_steps": steps if undone is not None else [],
        "next_step": undone,
        "panels": desk.panels(request, now),
        "figures": dashboard.page(request, dashboard.view_of(request.GET.get("period", ""), now)),
        "periods": dashboard.PERIODS,
    }
