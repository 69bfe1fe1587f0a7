"""Exports and imports of tables: nothing a spreadsheet would run, nothing secret."""

import json
import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from import_export import resources
from import_export.formats.base_formats import CSV, JSON, XLSX
from import_export.widgets import JSONWidget, Widget

# A cell that begins with one of these is a formula to a spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
FORMATS = [CSV, XLSX, JSON]


def defuse(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula gets an apostrophe before it.

    So does one that looks like a defused formula by itself: it must come back as it was.
    """
    return f"'{value}" if _is_formula(value) else value


def undefuse(value: Any) -> Any:
    """Back again, so that an exported file can be imported."""
    return value[1:] if _is_formula(value) and value.startswith("'") else value


def _is_formula(value: Any) -> bool:
    return isinstance(value, str) and value.lstrip("'").startswith(FORMULA_STARTS)


class ListWidget(Widget):
    """A list as JSON, because its items may hold commas; a file written by hand may part them by commas."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[Any]:
        if isinstance(value, list):
            return value
        text = str(value or "").strip()
        if not text.startswith("["):
            return [item.strip() for item in text.split(",") if item.strip()]
        try:
            found: list[Any] = json.loads(text)
        except ValueError as error:
            raise ValidationError(_("This is no list: %(text)s") % {"text": text[:80]}) from error
        return found

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return json.dumps(list(value or []), ensure_ascii=False)


# the colours that the comparison writes into its marks; the theme has its own
INLINE_STYLE = re.compile(r' style="[^"]*"')


class PlainDiff(resources.Diff):
    """A comparison without style attributes, which the content policy refuses."""

    def as_html(self) -> list[SafeString]:
        # the parts are escaped by the comparison; only its own attributes are taken off
        return [mark_safe(INLINE_STYLE.sub("", html)) for html in super().as_html()]  # noqa: S308


class SafeResource(resources.ModelResource):
    """Every exported cell is defused, and an apostrophe we put is taken off on import.

    A row that stands in the file twice is a conflict: the second is refused with the first one's number.
    """

    def get_diff_class(self) -> type[PlainDiff]:
        return PlainDiff

    def export_field(self, field: Any, instance: Any, **kwargs: Any) -> Any:
        return defuse(super().export_field(field, instance, **kwargs))

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        self._rows: dict[tuple[str, ...], int] = {}
        super().before_import(dataset, **kwargs)

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        for name in list(row):
            row[name] = undefuse(row[name])
        self.normalise(row)
        key = tuple(str(row.get(name) or "") for name in self.get_import_id_fields())
        number = self._rows.setdefault(key, kwargs["row_number"])
        if any(key) and number != kwargs["row_number"]:
            raise ValidationError(_("The file has this row already: number %(number)s.") % {"number": number})
        super().before_import_row(row, **kwargs)

    def normalise(self, row: Any) -> None:
        """Bring what identifies the row into its usual form."""


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
