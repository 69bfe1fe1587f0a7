"""Indexes that several tables need."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db.models.functions import Upper


def words_index(name: str, column: str = "text") -> GinIndex:
    """For searching any part of a text: Django's icontains compares upper case, so that is what is indexed."""
    return GinIndex(OpClass(Upper(column), "gin_trgm_ops"), name=name)
