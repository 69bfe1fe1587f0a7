"""Scripts: the list; what a script says is written in its editor."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from import_export.admin import ExportActionMixin
from import_export.formats.base_formats import JSON
from unfold.decorators import display

from relove import show
from relove.admin.versioned import TransferAdmin
from sales import kinds
from sales.admin import editor, new_script, publishing, reports, versions
from sales.admin.resources import EverythingResource, ScriptResource
from sales.models import SalesScript


@admin.register(SalesScript)
class ScriptAdmin(ExportActionMixin, TransferAdmin):
    resource_classes = [ScriptResource, EverythingResource]
    formats = [JSON]
    list_display = ["title", "what", "use", "mode_word", "live_number", "version_link", "changed"]
    list_display_links = None
    list_select_related = ["live"]
    search_fields = ["name"]
    ordering = ["kind", "name"]
    empty_text = _("No scripts yet. A script says how the system answers.")

    def get_urls(self) -> list[URLPattern]:
        return [
            *editor.urls(self),
            *publishing.urls(self),
            *versions.urls(self),
            *reports.urls(self),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return new_script.page(request, self)

    def get_valid_export_item_pks(self, request: HttpRequest) -> Any:
        # the package's own only warns that it will go
        return self.get_queryset(request).values_list("pk", flat=True)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A script is changed in its editor, where every change becomes a version with a reason."""
        if not object_id.isdecimal():
            raise Http404
        return redirect(editor.url(int(object_id)))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("name"), ordering="name")
    def title(self, row: SalesScript) -> SafeString:
        return format_html('<a class="rl-link" href="{}"><bdi>{}</bdi></a>', editor.url(row.pk), row.name)

    @display(description=_("kind"), ordering="kind")
    def what(self, row: SalesScript) -> str:
        return show.capital(str(kinds.get(row.kind).title))

    @display(description=_("state"), ordering="is_active")
    def use(self, row: SalesScript) -> SafeString:
        if row.live is None:
            return show.badge("draft", _("not published yet"))
        return show.badge("active", _("in use")) if row.is_active else show.badge("disabled", _("switched off"))

    @display(description=_("mode"), ordering="mode")
    def mode_word(self, row: SalesScript) -> str:
        return show.capital(row.get_mode_display())

    @display(description=_("live version"))
    def live_number(self, row: SalesScript) -> Any:
        return row.live.number if row.live else show.NOTHING

    @display(description=_("versions"), ordering="number")
    def version_link(self, row: SalesScript) -> SafeString:
        return format_html('<a class="rl-link" href="{}">{}</a>', versions.url(row.pk), row.number)

    @display(description=_("changed"), ordering="updated_at")
    def changed(self, row: SalesScript) -> SafeString:
        return show.short_time(row.updated_at)
