"""Scripts: the list; what a script says is written in its editor."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from relove import show
from relove.admin.base import BackOfficeAdmin
from sales import kinds
from sales.admin import editor, publishing
from sales.models import SalesScript


@admin.register(SalesScript)
class ScriptAdmin(BackOfficeAdmin):
    list_display = ["title", "what", "number", "published", "mode", "is_active", "changed"]
    list_display_links = None
    list_select_related = ["live"]
    search_fields = ["name"]
    ordering = ["kind", "name"]
    empty_text = _("No scripts yet. A script says how the system answers.")

    def get_urls(self) -> list[URLPattern]:
        return [*editor.urls(self), *publishing.urls(self), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A script is changed in its editor, where every change becomes a version with a reason."""
        if not object_id.isdecimal():
            raise Http404
        return redirect(editor.url(int(object_id)))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("name"), ordering="name")
    def title(self, row: SalesScript) -> SafeString:
        return format_html('<a class="rl-link" href="{}"><bdi>{}</bdi></a>', editor.url(row.pk), row.name)

    @display(description=_("kind"), ordering="kind")
    def what(self, row: SalesScript) -> str:
        return show.capital(str(kinds.get(row.kind).title))

    @display(description=_("live version"))
    def published(self, row: SalesScript) -> Any:
        return row.live.number if row.live else show.NOTHING

    @display(description=_("changed"), ordering="updated_at")
    def changed(self, row: SalesScript) -> SafeString:
        return show.short_time(row.updated_at)
