"""Lists of tables that grow without end: pages by key, estimated counts, and nothing that scans.

What a big list filters, sorts and searches by stands on an index; a test reads the database's plans.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold.views import ChangeList

from relove import keyset, show
from relove.admin.base import ReadOnlyAdmin
from relove.admin.bigrows import Table, table_of
from relove.estimate import Amount, amount

BEHIND, BEFORE, SIZE = "after", "before", "rows"
SIZES = (25, 50)
# what a trigram index can look for
FINDABLE = re.compile(r"[^\W_]{3}")


@dataclass(frozen=True)
class Pages:
    """What the footer of a big list says and where it leads; an address is "" where there is nothing."""

    shown: int
    size: int
    amount: Amount
    first: str
    previous: str
    following: str
    sizes: dict[int, str]
    template_name: str = "relove/big_pagination.html"

    @property
    def is_whole(self) -> bool:
        return not self.previous and not self.following

    @property
    def of(self) -> str:
        if self.amount.is_exact:
            return _("of %(number)s") % {"number": show.grouped(self.amount.rows)}
        return _("of about %(number)s") % {"number": show.roughly(self.amount.rows)}


class BigChangeList(ChangeList):
    """Reads one page and one row more, behind or before the mark that stands in the address."""

    def __init__(self, request: HttpRequest, *arguments: Any, **options: Any) -> None:
        super().__init__(request, *arguments, **options)
        # what narrows or sorts the list begins at its start again
        query = request.GET.copy()
        for name in (BEHIND, BEFORE):
            query.pop(name, None)
        request.GET = query  # type: ignore[assignment]

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> "QuerySet[Any]":
        for name in (BEHIND, BEFORE):
            self.params.pop(name, None)
            self.filter_params.pop(name, None)
        if chosen := self.params.get(ORDER_VAR):
            # one column sorts: an index for each pair would be too many
            self.params[ORDER_VAR] = chosen.split(".")[0]
            self.filter_params[ORDER_VAR] = [self.params[ORDER_VAR]]
        return super().get_queryset(request, exclude_parameters)

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        return {name: value for name, value in super().get_filters_params(params).items() if name != SIZE}

    def get_ordering_field(self, field_name: Any) -> Any:
        """Only what stands on an index sorts, whatever the address says."""
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None

    def get_ordering(self, request: HttpRequest, queryset: "QuerySet[Any]") -> list[str]:
        names = super().get_ordering(request, queryset)
        self.order = keyset.order_of(self.model, names if ORDER_VAR not in self.params else names[:1])
        return [str(column) for column in self.order]

    def get_results(self, request: HttpRequest) -> None:
        chosen = request.GET.get(SIZE, "")
        size = int(chosen) if chosen in map(str, SIZES) else SIZES[0]
        try:
            rows, is_start, is_end = self._page(request.GET, size)
        except keyset.BadMark as error:
            raise IncorrectLookupParameters from error
        whole = is_start and is_end
        self.list_per_page = size
        self.result_list = rows
        self.paginator = self._pages(rows, is_start, is_end, Amount(len(rows)) if whole else amount(self.queryset))
        self.result_count = self.paginator.amount.rows
        self.full_result_count = None
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.show_admin_actions = True

    @cached_property
    def table(self) -> Table:
        return table_of(self)

    def _page(self, query: Any, size: int) -> tuple[list[Any], bool, bool]:
        """The rows, and whether the list begins and ends with them."""
        narrow = self.model_admin.list_fields
        found = self.queryset.only(*narrow) if narrow else self.queryset
        if mark := query.get(BEHIND):
            rows = keyset.behind(found, self.order, keyset.values_of(self.order, mark), size + 1)
            return rows[:size], False, len(rows) <= size
        if mark := query.get(BEFORE):
            rows = keyset.before(found, self.order, keyset.values_of(self.order, mark), size + 1)
            if len(rows) > size:
                return rows[-size:], False, False
        rows = list(found[: size + 1])
        return rows[:size], True, len(rows) <= size

    def _pages(self, rows: list[Any], is_start: bool, is_end: bool, amount: Amount) -> Pages:
        return Pages(
            shown=len(rows),
            size=self.list_per_page,
            amount=amount,
            first="" if is_start else self.get_query_string(),
            previous="" if is_start or not rows else self._address(BEFORE, rows[0]),
            following="" if is_end or not rows else self._address(BEHIND, rows[-1]),
            sizes={size: self.get_query_string({SIZE: size}) for size in SIZES},
        )

    def _address(self, name: str, row: Any) -> str:
        return self.get_query_string({name: keyset.mark_of(self.order, row)})


class BigListAdmin(ReadOnlyAdmin):
    """A list whose rows are too many to count or to sort.

    `sortable_by` names columns that stand on an index; `search_fields` have trigram indexes, which know no
    word of fewer than three letters: such words are left out, and the page says so. `list_fields` are what the
    list shows of a row and of those joined to it, for tables so wide that reading all of it takes long.
    """

    sortable_by: ClassVar[tuple[str, ...]] = ()
    list_fields: ClassVar[tuple[str, ...]] = ()
    list_disable_select_all = True
    change_list_template = "relove/big_list.html"

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return BigChangeList

    def get_search_results(self, request: HttpRequest, rows: Any, words: str) -> tuple[Any, bool]:
        findable = [word for word in words.split() if FINDABLE.search(word)]
        if len(findable) < len(words.split()):
            messages.info(request, _("Words of fewer than three letters are not looked for."))
        return super().get_search_results(request, rows, " ".join(findable))
