"""What all our lists and forms have in common."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db import DataError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from relove import oplog
from relove.paginator import BoundedPaginator


class ViewsLogged:
    """A mixin, before the others, for pages about people: who looked at a row is written down."""

    def change_view(self: Any, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().change_view(request, object_id, *args, **kwargs)  # type: ignore[misc]
        if request.method == "GET" and response.status_code == 200:
            subject = (self.model._meta.db_table, int(object_id))
            oplog.log_activity("view_sensitive", staff_id=request.user.pk, subject=subject)
        return response


class BackOfficeAdmin(ModelAdmin):
    """Short pages, no count of big tables, no select boxes over them, only the filters it declares.

    `empty_text` is the sentence of a list that holds nothing yet: what it is, and how it fills.
    `extra_lookups` are query keys that our own links use beside the declared filters.
    """

    list_per_page = 25
    list_max_show_all = 0
    show_full_result_count = False
    paginator = BoundedPaginator
    show_facets = ModelAdmin.show_facets.NEVER
    list_filter_submit = True
    list_fullwidth = True
    warn_unsaved_form = True
    empty_text: Any = ""
    extra_lookups: ClassVar[tuple[str, ...]] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what a filter or a link of ours asks for: others scan, or break on what they are given."""
        declared = {_filter_field(item) for item in self.list_filter}
        field = lookup.split("__")[0]
        return lookup in self.extra_lookups or (field in declared and _is_plain(lookup, field))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Named after what it lists: Django's “Select %s to change” cannot be said in Russian of every name."""
        title = capfirst(self.model._meta.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Two buttons are enough: nobody adds ten channels or voices in a row."""
        context["show_save_and_add_another"] = False
        name = self.model._meta.verbose_name
        context["title"] = _("Adding: %(name)s") % {"name": name} if kwargs.get("add") else capfirst(name)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list for this query string; one that the database cannot answer leads back to the plain list."""
        try:
            return super().get_changelist_instance(request)
        except (DataError, OverflowError, ValueError) as error:
            raise IncorrectLookupParameters from error


def _filter_field(item: Any) -> str:
    """The field a list_filter entry is about; "" for one of our own making."""
    name = item[0] if isinstance(item, tuple | list) else item
    if isinstance(name, str):
        return name.split("__")[0]
    if isinstance(name, type) and issubclass(name, SimpleListFilter):
        return str(name.parameter_name)
    return ""


FILTER_LOOKUPS = {"", "exact", "in", "isnull", "id", "gte", "lte", "gt", "lt", "from", "to"}


def _is_plain(lookup: str, field: str) -> bool:
    return all(part in FILTER_LOOKUPS for part in lookup.removeprefix(field).split("__"))


class ReadOnlyAdmin(BackOfficeAdmin):
    """Rows that the machine writes: shown, never changed by hand."""

    warn_unsaved_form = False

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        # nobody changes these rows, so Django's own history of changes stays empty
        context["show_history"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        """Every name of the fieldsets, so that methods may stand there."""
        return [name for _, options in self.fieldsets or () for name in _flat(options["fields"])]


def _flat(names: Any) -> list[str]:
    return [part for name in names for part in (name if isinstance(name, tuple | list) else (name,))]
