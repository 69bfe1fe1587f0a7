"""Pages by key: the rows behind the last one that was seen, found by an index however deep they lie.

An order is a list of columns of which the last is unique. A mark is what a row has in them, as text for an
address; behind it lie the rows that share all but the last column, then those that share all but the last
two, and so on. Each of these stretches is one range of one index, also where columns hold no value.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Model, Q, QuerySet

# longer than any mark of ours; a bound for what is decoded
LONGEST_MARK = 400


class BadMark(ValueError):
    """What stands in the address is no mark of this order."""


@dataclass(frozen=True, slots=True)
class Column:
    field: "Field[Any, Any]"
    descending: bool

    def __str__(self) -> str:
        return f"-{self.field.attname}" if self.descending else self.field.attname

    def equals(self, value: Any) -> Q:
        name = self.field.attname
        return Q(**{f"{name}__isnull": True}) if value is None else Q(**{name: value})

    def behind(self, value: Any) -> list[Q]:
        """The stretches behind a value, in their order. Empty ones go first when descending, as in PostgreSQL."""
        name = self.field.attname
        empty, filled = Q(**{f"{name}__isnull": True}), Q(**{f"{name}__isnull": False})
        if value is None:
            return [filled] if self.descending else []
        further = Q(**{f"{name}__{'lt' if self.descending else 'gt'}": value})
        return [further, empty] if self.field.null and not self.descending else [further]

    def written(self, row: Model) -> str | None:
        return None if getattr(row, self.field.attname) is None else self.field.value_to_string(row)

    def read(self, text: Any) -> Any:
        if text is None and self.field.null:
            return None
        if not isinstance(text, str):
            raise BadMark
        return self.field.to_python(text)


Order = Sequence[Column]


def order_of(model: type[Model], names: Sequence[str]) -> Order:
    """From Django's names ("-created_at"); what makes it unique is added. Raises FieldDoesNotExist."""
    columns: list[Column] = []
    for name in names:
        columns.append(Column(_field(model, name.lstrip("-")), name.startswith("-")))
        if columns[-1].field.primary_key:
            # what follows decides nothing, and would be a stretch without rows
            return columns
    columns.append(Column(model._meta.pk, bool(columns) and columns[0].descending))
    return columns


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    if not isinstance(field, Field):
        raise FieldDoesNotExist(name)
    return field


def mark_of(order: Order, row: Model) -> str:
    text = json.dumps([column.written(row) for column in order], separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def values_of(order: Order, mark: str) -> list[Any]:
    """What a mark says. Raises BadMark for one that is not of this order."""
    try:
        if len(mark) > LONGEST_MARK:
            raise BadMark
        found = json.loads(urlsafe_b64decode(mark + "=" * (-len(mark) % 4)))
        if not isinstance(found, list) or len(found) != len(order):
            raise BadMark
        return [column.read(text) for column, text in zip(order, found, strict=True)]
    except (ValueError, ValidationError, RecursionError) as error:
        raise BadMark from error


def behind(rows: QuerySet[Any], order: Order, values: Sequence[Any], limit: int) -> list[Any]:
    """At most `limit` rows behind the place that `values` names."""
    found: list[Any] = []
    for stretch in _stretches(order, values):
        found += rows.filter(stretch).order_by(*map(str, order))[: limit - len(found)]
        if len(found) == limit:
            break
    return found


def before(rows: QuerySet[Any], order: Order, values: Sequence[Any], limit: int) -> list[Any]:
    """At most `limit` rows in front of the place, those next to it, in the list's order."""
    backwards = [replace(column, descending=not column.descending) for column in order]
    return behind(rows, backwards, values, limit)[::-1]


def _stretches(order: Order, values: Sequence[Any]) -> Iterator[Q]:
    pairs = list(zip(order, values, strict=True))
    for place in reversed(range(len(pairs))):
        column, value = pairs[place]
        for further in column.behind(value):
            yield Q(*(shared.equals(same) for shared, same in pairs[:place]), further)
