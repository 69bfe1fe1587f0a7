"""The first page: a start list while the system is new, afterwards what needs a person."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from relove import desk


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's DASHBOARD_CALLBACK."""
    steps = desk.start_steps()
    undone = next((index for index, step in enumerate(steps) if not step.done), None)
    return {
        **context,
        "is_fullwidth": "1",
        "start_steps": steps if undone is not None else [],
        "next_step": undone,
        "panels": desk.panels(request, timezone.now()),
    }
