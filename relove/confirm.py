"""The page between a bulk action and its effect: how many rows, what will happen, and a reason where asked."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.functional import Promise

from relove import show
from relove.admin.base import BackOfficeAdmin

CONFIRMED = "confirmed"
LONGEST_REASON = 255
# Rows named on the page; of the rest only the number.
NAMED = 10


def is_confirmed(request: HttpRequest) -> bool:
    return request.method == "POST" and CONFIRMED in request.POST


def reason_given(request: HttpRequest) -> str:
    """The chosen reason, or the person's own words; "" for none."""
    own = request.POST.get("reason_text", "").strip()
    return (own or request.POST.get("reason", "").strip())[:LONGEST_REASON]


def ask(
    page: BackOfficeAdmin,
    request: HttpRequest,
    *,
    title: str,
    sentence: str | Promise,
    button: str | Promise,
    rows: Sequence[Any],
    action: str = "",
    reasons: Sequence[str | Promise] = (),
    danger: bool = False,
    back_url: str = "",
) -> TemplateResponse:
    """Show the page. With `reasons` one of them, or own words, must be given.

    `back_url` is where "back" leads; without it, one step up from the address.
    """
    context = {
        **page.admin_site.each_context(request),
        "opts": page.model._meta,
        "title": title,
        "sentence": sentence,
        "button": button,
        "named": [show.foreign_text(getattr(row, "text", "") or str(row)) for row in rows[:NAMED]],
        "others": max(0, len(rows) - NAMED),
        "ids": [row.pk for row in rows],
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "action": action,
        "reasons": reasons,
        "danger": danger,
        "back": request.POST.get("back", ""),
        "back_url": back_url or (request.get_full_path() if action else f"{request.path.rsplit('/', 2)[0]}/"),
    }
    return TemplateResponse(request, "relove/confirm.html", context)
