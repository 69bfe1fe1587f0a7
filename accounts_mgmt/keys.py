"""Changing the keys of the rings while the system runs: what an old key sealed is sealed anew.

A value that the current key has sealed is never touched, so the work may be broken off and begun again,
and two of these at once do no harm: a row that somebody else changes meanwhile is left for the next round.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import models

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.sessions import KEPT
from relove.fields import Ring, Sealed, SealedField

BATCH = 200
SESSION = TelegramAccountSession._meta.get_field("session")


@dataclass(slots=True)
class Column:
    """A sealed column and how far it has come."""

    field: SealedField
    total: int = 0
    done: int = 0

    @property
    def name(self) -> str:
        return f"{self.field.model._meta.db_table}.{self.field.column}"

    @property
    def ring(self) -> Ring:
        return self.field.ring


def columns() -> list[Column]:
    """Every sealed column of every app."""
    fields = (field for model in apps.get_models() for field in model._meta.local_fields)
    return [Column(field) for field in fields if isinstance(field, SealedField)]


def rotate(column: Column, progress: Callable[[Column], None] = lambda column: None, batch: int = BATCH) -> int:
    """Seal the column's values under its ring's current key; says how many. Raises KeyMissing.

    Each value is changed only if it still is what was read.
    """
    column.total = sum(1 for _ in _old(column, batch))
    for pk, sealed in _old(column, batch):
        fresh = Sealed.seal(column.ring, sealed.reveal())
        rows = _rows(column).filter(pk=pk, **{column.field.name: sealed})
        column.done += rows.update(**{column.field.name: fresh})
        if column.field is SESSION:
            KEPT.forget(pk)
        progress(column)
    return column.done


def left(column: Column, batch: int = BATCH) -> int:
    """How many values of the column an old key still holds."""
    return sum(1 for _ in _old(column, batch))


def _old(column: Column, batch: int) -> Iterator[tuple[int, Sealed]]:
    """(primary key, value) of every value that the current key has not sealed, in pages of `batch` rows."""
    last: int | None = None
    name = column.field.name
    while True:
        rows = _rows(column).exclude(**{name: None}).order_by("pk")
        page = list((rows.filter(pk__gt=last) if last is not None else rows).values_list("pk", name)[:batch])
        yield from ((pk, sealed) for pk, sealed in page if not sealed.is_current)
        if len(page) < batch:
            return
        last = page[-1][0]


def _rows(column: Column) -> models.QuerySet[models.Model]:
    return column.field.model._base_manager.all()
