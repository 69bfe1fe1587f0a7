"""The table of a big list: as the theme makes it, but for headings and boxes, which it makes anew in each row."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.db.models import Model
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from unfold.admin import checkbox
from unfold.templatetags.unfold_list import CHECKBOX_CLASSES, LINK_CLASSES, ROW_CLASSES, result_headers
from unfold.views import ChangeList

BOX = "action_checkbox"
Cell = Callable[[Model], SafeString]


@dataclass(frozen=True, slots=True)
class Table:
    """`headers` as the theme's template takes them; `rows` are the cells of each row."""

    headers: list[dict[str, Any]]
    rows: list[SafeString]


def table_of(cl: ChangeList) -> Table:
    headers = list(result_headers(cl))
    cells = list(_cells(cl, headers))
    # every cell is escaped where it is made
    return Table(headers, [mark_safe("".join(cell(row) for cell in cells)) for row in cl.result_list])  # noqa: S308


def _cells(cl: ChangeList, headers: list[dict[str, Any]]) -> Iterator[Cell]:
    """What makes each column's cell of a row. The first one that is no box leads to the row's page."""
    names = list(cl.list_display)
    first = next(name for name in names if name != BOX)
    for name, header in zip(names, headers, strict=True):
        yield _box() if name == BOX else _column(cl, name, header["text"], is_link=name == first)


def _box() -> Cell:
    opening = _opening("td", CHECKBOX_CLASSES, _("Select record"))
    mark = "the-row"
    before, _mark, behind = checkbox.render(ACTION_CHECKBOX_NAME, mark).partition(mark)
    return lambda row: mark_safe(f"{opening}{before}{row.pk}{behind}</td>")  # noqa: S308  (a number and ours)


def _column(cl: ChangeList, name: str, heading: str, *, is_link: bool) -> Cell:
    tag = "th" if is_link else "td"
    opening, closing = _opening(tag, [f"field-{name}", *ROW_CLASSES], heading), SafeString(f"</{tag}>")
    linked = _link(cl) if is_link else None
    empty = cl.model_admin.get_empty_value_display()
    # every column of a big list is a method of its admin
    words = getattr(cl.model_admin, name)

    def cell(row: Model) -> SafeString:
        value = conditional_escape(words(row) or empty)
        return opening + (linked(row, value) if linked else value) + closing

    return cell


def _opening(tag: str, classes: list[str], heading: str) -> SafeString:
    return format_html('<{} class="{}" data-label="{}">', tag, " ".join(classes), heading)


def _link(cl: ChangeList) -> Callable[[Model, SafeString], SafeString]:
    """A link to the row's page, whose address is asked for once: rows differ by their number alone."""
    page = f"admin:{cl.opts.app_label}_{cl.opts.model_name}_change"
    filters = {"preserved_filters": cl.preserved_filters, "opts": cl.opts}
    mark, classes = "the-row", " ".join(LINK_CLASSES)
    before, _mark, behind = add_preserved_filters(filters, reverse(page, args=[mark])).partition(mark)

    def link(row: Model, words: SafeString) -> SafeString:
        popup = format_html(' data-popup-opener="{}"', row.pk) if cl.is_popup else ""
        address = f"{before}{row.pk}{behind}"
        return format_html('<a href="{}" class="{}"{}>{}</a>', address, classes, popup, words)

    return link
