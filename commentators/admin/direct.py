"""The inbox: private chats like a messenger, and all messages as a list."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from accounts_mgmt.admin.messenger import UNSAID, Messenger
from commentators.models import DirectMessage
from relove import desk, people, show
from relove.admin.biglist import BigListAdmin
from relove.models import TelegramUser


class DirectMessenger(Messenger):
    kind = DirectMessage
    title = _("Private messages")
    empty = _("No private messages yet. They appear when somebody writes to a commentator.")


@admin.register(DirectMessage)
class DirectMessageAdmin(BigListAdmin):
    list_display = ["words", "way", "state", "person", "our_account", "sent"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("direction", ChoicesDropdownFilter),
        ("purpose", ChoicesDropdownFilter),
    ]
    list_select_related = ["sender", "user"]
    list_fields = (
        "text",
        "direction",
        "status",
        "failed_reason",
        "user__first_name",
        "user__last_name",
        "user__username",
        "user__telegram_id",
        "sender__label",
        "sent_at",
    )
    search_fields = ["text"]
    search_help_text = _("Words of the message")
    extra_lookups = ("user__id__exact",)
    ordering = ["-id"]
    sortable_by = ("sent",)
    empty_text = _("No private messages yet. They appear when somebody writes to a commentator.")
    fieldsets = [
        (None, {"fields": ["full_text", ("way", "state", "sent"), "why", ("person", "our_account"), "thread"]}),
        (
            _("How it came to be"),
            {"fields": [("origin", "purpose"), "model", "as_drafted", ("approved_by", "approved")]},
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        return DirectMessenger(self.admin_site).urls + super().get_urls()

    @display(description=_("message"))
    def words(self, row: DirectMessage) -> SafeString:
        return show.foreign_text(row.text)

    @display(description=_("text"))
    def full_text(self, row: DirectMessage) -> SafeString:
        return show.whole_text(row.text)

    @display(description=_("as drafted"))
    def as_drafted(self, row: DirectMessage) -> SafeString:
        return show.whole_text(row.drafted_text)

    @display(description=_("direction"), ordering="direction")
    def way(self, row: DirectMessage) -> str:
        return show.capital(show.choice(row, "direction"))

    @display(description=_("status"), ordering="status")
    def state(self, row: DirectMessage) -> SafeString:
        return show.badge(row.status, show.choice(row, "status"), row.failed_reason)

    @display(description=_("why"))
    def why(self, row: DirectMessage) -> SafeString:
        return show.foreign_text(row.failed_reason or row.stage_reason)

    @display(description=_("person"))
    def person(self, row: DirectMessage) -> SafeString:
        return show.link(row.user)

    @display(description=_("account"))
    def our_account(self, row: DirectMessage) -> SafeString:
        return show.link(row.sender)

    @display(description=_("sent"), ordering="sent_at")
    def sent(self, row: DirectMessage) -> SafeString:
        return show.short_time(row.sent_at)

    @display(description=_("approved"))
    def approved(self, row: DirectMessage) -> SafeString:
        return show.short_time(row.approved_at)

    @display(description=_("thread"))
    def thread(self, row: DirectMessage) -> SafeString:
        address = DirectMessenger(self.admin_site).url(row.sender_id, row.user_id)
        return format_html('<a class="rl-link" href="{}">{}</a>', address, _("open"))


# --- the first page ----------------------------------------------------------------------------------


@desk.count("inbox")
def unread_threads(now: Any) -> int:
    unread = DirectMessage.objects.unread().order_by().values("sender", "user").distinct()
    return unread.count()


@desk.work(20, "commentators.change_directmessage")
def threads_to_read(now: Any) -> desk.Figure:
    address = f"{reverse(f'admin:{DirectMessenger.name}')}?show=unread"
    return desk.Figure(_("Unread private threads"), unread_threads(now), address, "new")


@desk.work(21, "commentators.change_directmessage")
def threads_to_answer(now: Any) -> desk.Figure:
    waiting = DirectMessage.objects.filter(Q(stage="person") | Q(status="draft"))
    address = f"{reverse(f'admin:{DirectMessenger.name}')}?show=waits"
    count = waiting.order_by().values("sender", "user").distinct().count()
    return desk.Figure(_("Private threads that wait for a decision"), count, address, "draft")


@desk.work(31, "commentators.view_directmessage")
def unclear_messages(now: Any) -> desk.Figure:
    unclear = DirectMessage.objects.filter(status="unknown").count()
    address = f"{reverse('admin:commentators_directmessage_changelist')}?status__exact=unknown"
    return desk.Figure(_("Private messages whose outcome is unknown"), unclear, address, "unknown")


# --- a person's page ---------------------------------------------------------------------------------


@people.provider(DirectMessage)
def told(user: TelegramUser) -> list[people.Event]:
    """Both sides' messages; stops stand in the activity log."""
    rows = DirectMessage.objects.filter(user=user).exclude(status__in=UNSAID)
    return [
        people.Event(
            row.sent_at or row.created_at,
            f"{row.sender}: {row.get_direction_display()}",
            row.text,
            row,
        )
        for row in rows.select_related("sender").order_by("-id")[: people.LIMIT]
    ]
