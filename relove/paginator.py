"""A paginator that never counts a big table: it counts to a thousand, then says "more"."""

from django.core.paginator import Paginator
from django.utils.functional import cached_property

COUNTED = 1000
# What Django is told where rows are many: every page number is then allowed.
MANY = 1_000_000_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Exact up to COUNTED rows; beyond, `is_many`, and pages go forward and back only."""

    template_name = "relove/pagination.html"

    @cached_property
    def count(self) -> int:
        # without its order: the rows are only counted
        found = self.object_list.order_by()[: COUNTED + 1].count()  # type: ignore[attr-defined]
        return MANY if found > COUNTED else found

    @property
    def is_many(self) -> bool:
        return self.count == MANY
