"""Exports and imports of tables: nothing a spreadsheet would run, nothing secret."""

import re
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from import_export import resources
from import_export.formats.base_formats import CSV, JSON
from import_export.widgets import JSONWidget, Widget

# A cell that begins with one of these is a formula to a spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
FORMATS = [CSV, JSON]


def defuse(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula gets an apostrophe before it."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def undefuse(value: Any) -> Any:
    """Back again, so that an exported file can be imported."""
    if isinstance(value, str) and value.startswith("'") and value[1:].startswith(FORMULA_STARTS):
        return value[1:]
    return value


# the colours that the comparison writes into its marks; the theme has its own
INLINE_STYLE = re.compile(r' style="[^"]*"')


class PlainDiff(resources.Diff):
    """A comparison without style attributes, which the content policy refuses."""

    def as_html(self) -> list[SafeString]:
        # the parts are escaped by the comparison; only its own attributes are taken off
        return [mark_safe(INLINE_STYLE.sub("", html)) for html in super().as_html()]  # noqa: S308


class SafeResource(resources.ModelResource):
    """Every exported cell is defused, and an apostrophe we put is taken off on import."""

    def get_diff_class(self) -> type[PlainDiff]:
        return PlainDiff

    def export_field(self, field: Any, instance: Any, **kwargs: Any) -> Any:
        return defuse(super().export_field(field, instance, **kwargs))

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        for name in list(row):
            row[name] = undefuse(row[name])
        super().before_import_row(row, **kwargs)


class LinesWidget(Widget):
    """A list of texts, in JSON as a list."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[str]:
        if value in (None, ""):
            return []
        if isinstance(value, list) and all(isinstance(line, str) for line in value):
            return value
        raise ValueError("a list of texts is expected")

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return list(value or [])


class TreeWidget(JSONWidget):
    """JSON inside JSON stays as it is."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        return value if isinstance(value, dict | list) else super().clean(value)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return value
