"""How many rows a query has, without reading them: the planner's guess, and exact where it is little."""

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

# up to here the guess is replaced by the truth
COUNTED = 1000


@dataclass(frozen=True, slots=True)
class Amount:
    rows: int
    is_exact: bool = True


def amount(rows: QuerySet[Any]) -> Amount:
    """Exact up to COUNTED rows where the planner expects so few; else its guess, never less than COUNTED."""
    plain = rows.order_by().select_related(None).prefetch_related(None).values("pk")
    expected = _expected(plain)
    if expected > COUNTED:
        return Amount(expected, is_exact=False)
    found = plain[: COUNTED + 1].count()
    return Amount(min(found, COUNTED), is_exact=found <= COUNTED)


def _expected(rows: QuerySet[Any]) -> int:
    [plan] = json.loads(rows.explain(format="json"))
    return int(plan["Plan"]["Plan Rows"])
