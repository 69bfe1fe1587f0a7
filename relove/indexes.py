"""Indexes that several tables need."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper


def named_index(name: str, field: str) -> models.Index:
    """For a foreign key that most rows leave empty: those that name nothing cost nothing."""
    return models.Index(fields=[field], name=name, condition=models.Q(**{f"{field}__isnull": False}))


def words_index(name: str, column: str = "text") -> GinIndex:
    """For searching any part of a text: Django's icontains compares upper case, so that is what is indexed."""
    return GinIndex(OpClass(Upper(column), "gin_trgm_ops"), name=name)
