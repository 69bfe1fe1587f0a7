"""Tables that people keep: with versions to look at and go back to, with import and export."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from import_export.admin import ImportExportModelAdmin
from simple_history.admin import SimpleHistoryAdmin
from unfold.contrib.import_export.forms import ExportForm, ImportForm

from relove.admin.base import BackOfficeAdmin
from relove.exports import FORMATS


class TransferAdmin(ImportExportModelAdmin, BackOfficeAdmin):
    """The package lets in whoever may open the list; here each step asks for the right it uses."""

    import_form_class = ImportForm
    export_form_class = ExportForm
    formats = FORMATS

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class VersionedAdmin(SimpleHistoryAdmin, TransferAdmin):
    """Its history page, too, asks for the right that a step uses."""

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A version; going back to it is a change of the row."""
        if request.method == "POST" and not self.has_change_permission(request):
            raise PermissionDenied
        return super().history_form_view(request, object_id, version_id, extra_context)
