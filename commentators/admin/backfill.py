"""Reading earlier posts of a channel: how many, and how far it has come, shown while it goes on."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from commentators import backfill
from commentators.models import ChannelBackfill, TelegramChannel
from relove import show
from relove.desk import staff_of

if TYPE_CHECKING:
    from commentators.admin.channels import ChannelAdmin

NAME = "admin:commentators_telegramchannel_backfill"
# Readings of the past that the page names.
SHOWN = 5


class BackfillForm(forms.Form):
    wanted = forms.IntegerField(
        label=_("How many of the last posts"),
        initial=100,
        min_value=1,
        max_value=backfill.MOST,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Posts older than the freshness limit are shown and counted, but never get a draft."),
    )


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, channels: "ChannelAdmin", channel_id: int) -> HttpResponse:
    """The form, and the reading under way; a wish leads back here."""
    channel = _channel(request, channels, channel_id)
    if request.method == "POST" and not channels.has_change_permission(request, channel):
        raise PermissionDenied
    form = BackfillForm(request.POST or None)
    if form.is_valid():
        try:
            backfill.begin(channel_id, form.cleaned_data["wanted"], staff_of(request), timezone.now())
        except ValidationError as error:
            form.add_error("wanted", error)
        else:
            return redirect(NAME, channel_id)
    context = {
        **channels.admin_site.each_context(request),
        "opts": channels.opts,
        "original": channel,
        "title": _now("Earlier posts of %(channel)s") % {"channel": channel},
        "form": form,
        "may_ask": channels.has_change_permission(request, channel),
        "part_url": reverse(f"{NAME}_part", args=[channel_id]),
        "channel_url": reverse("admin:commentators_telegramchannel_change", args=[channel_id]),
        **_readings(channel),
    }
    return TemplateResponse(request, "commentators/backfill.html", context)


@require_GET
def part(request: HttpRequest, channels: "ChannelAdmin", channel_id: int) -> HttpResponse:
    """The readings alone, for a page that is open."""
    channel = _channel(request, channels, channel_id)
    return TemplateResponse(request, "commentators/backfill_part.html", _readings(channel))


def _channel(request: HttpRequest, channels: "ChannelAdmin", channel_id: int) -> TelegramChannel:
    channel = channels.get_object(request, str(channel_id))
    if channel is None or not channels.has_view_permission(request, channel):
        raise PermissionDenied
    return channel


def _readings(channel: TelegramChannel) -> dict[str, Any]:
    rows = channel.backfills.select_related("asked_by").order_by("-id")[:SHOWN]
    return {"readings": [(row, _badge(row), show.short_time(row.created_at)) for row in rows], "channel": channel}


def _badge(row: ChannelBackfill) -> Any:
    if row.problem:
        return show.badge("failed", row.problem)
    return show.badge("sent", _("finished")) if row.finished_at else show.badge("sending", _("is being read"))
