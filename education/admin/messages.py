"""All that was said in study groups, as one list; a group's own messages stand on its board."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from education.models import GroupMessage
from relove import show
from relove.admin.biglist import BigListAdmin


@admin.register(GroupMessage)
class GroupMessageAdmin(BigListAdmin):
    list_display = ["words", "state", "who", "where", "sent"]
    list_filter = [("status", ChoicesDropdownFilter), ("direction", ChoicesDropdownFilter)]
    list_select_related = ["sender", "user", "group", "approved_by"]
    search_fields = ["text"]
    search_help_text = _("Words of the message")
    extra_lookups = ("group__id__exact", "user__id__exact")
    ordering = ["-id"]
    sortable_by = ("sent",)
    empty_text = _("Nothing has been said in study groups yet.")
    fieldsets = [
        (None, {"fields": ["full_text", "state", "sent", "who", "where"]}),
        (_("How it came to be"), {"fields": [("purpose", "scene", "role"), ("origin", "model"), "approved_by"]}),
    ]

    @display(description=_("message"))
    def words(self, row: GroupMessage) -> SafeString:
        return show.foreign_text(row.text)

    @display(description=_("text"))
    def full_text(self, row: GroupMessage) -> SafeString:
        return show.whole_text(row.text)

    @display(description=_("status"), ordering="status")
    def state(self, row: GroupMessage) -> SafeString:
        return show.badge(row.status, show.choice(row, "status"), row.failed_reason)

    @display(description=_("said by"))
    def who(self, row: GroupMessage) -> Any:
        """The person, or the account that speaks."""
        return show.link(row.user) if row.direction == GroupMessage.Direction.IN else str(row.sender)

    @display(description=_("study group"))
    def where(self, row: GroupMessage) -> SafeString:
        return show.link(row.group)

    @display(description=_("sent"), ordering="sent_at")
    def sent(self, row: GroupMessage) -> SafeString:
        return show.short_time(row.sent_at)
