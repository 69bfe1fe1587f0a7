"""Exports and imports of tables: nothing a spreadsheet would run, nothing secret."""

from typing import Any

from import_export import resources
from import_export.formats.base_formats import CSV, JSON

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


class SafeResource(resources.ModelResource):
    """Every exported cell is defused, and an apostrophe we put is taken off on import."""

    def export_field(self, field: Any, instance: Any, **kwargs: Any) -> Any:
        return defuse(super().export_field(field, instance, **kwargs))

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        for name in list(row):
            row[name] = undefuse(row[name])
        super().before_import_row(row, **kwargs)
