"""What people ask of Telegram about a channel: a look, joining, earlier posts."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from accounts_mgmt.admin.pauses import pause_url
from accounts_mgmt.models import AccountCall, Pause
from commentators import monitoring
from commentators.admin import backfill
from relove import confirm
from relove.admin.base import BackOfficeAdmin
from relove.desk import staff_of


def progress(call: AccountCall) -> HttpResponse:
    """To the page that waits for the call's answer; from there to the channel."""
    channel = reverse("admin:commentators_telegramchannel_change", args=[call.arguments["channel"]])
    progress = reverse("admin:accounts_mgmt_accountcall_progress", args=[call.pk])
    return redirect(f"{progress}?{urlencode({'next': channel})}")


class ChannelActions(BackOfficeAdmin):
    """The buttons of a channel's page."""

    actions_detail = ["look_again", "earlier_posts", "join_channel", "pause_channel"]

    @action(description=_("Look again"), icon="travel_explore", permissions=["change"])
    def look_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have what Telegram says of the channel read anew."""
        return self._ask(
            request,
            object_id,
            "check_channel",
            _now("Look at %(channel)s again"),
            _now("An account looks the channel up in Telegram: title, description, members, comments."),
        )

    @action(description=_("Join"), icon="group_add", permissions=["change"])
    def join_channel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Live updates reach members only."""
        return self._ask(
            request,
            object_id,
            "join_channel",
            _now("Join %(channel)s"),
            _now("The listening account becomes a member, which the owner can see; posts then come at once."),
        )

    @action(description=_("Pause or resume"), icon="pause", permissions=["change"])
    def pause_channel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect(pause_url(Pause.Level.CHANNEL, int(object_id)))

    @action(description=_("Earlier posts"), icon="history", permissions=["change"])
    def earlier_posts(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect(backfill.NAME, object_id)

    def _ask(self, request: HttpRequest, object_id: str, kind: str, title: str, sentence: str) -> HttpResponse:
        """After a page that says what will happen: the account call, and the page that waits for its answer."""
        channel = self.get_object(request, object_id)
        if channel is None:
            return redirect("admin:commentators_telegramchannel_changelist")
        if not confirm.is_confirmed(request):
            title = title % {"channel": channel}
            return confirm.ask(self, request, title=title, sentence=sentence, button=_now("Ask"), rows=[channel])
        try:
            call = monitoring.ask_about(channel, kind, staff_of(request), timezone.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect("admin:commentators_telegramchannel_change", channel.pk)
        return progress(call)
