"""Which rows: messages as staff may see them, scripts and their triggers."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value

from accounts_mgmt.models import Contact
from accounts_mgmt.querysets import PrivateQuerySet
from diagnostics.models import UserSession

# What marks a message as a part of a diagnosis, either way, and whoever may read such words.
DIAGNOSIS = "diagnostics"
DIAGNOSIS_RIGHT = "diagnostics.view_diagnosticresult"


class MessageQuerySet(PrivateQuerySet):
    def seen_by(self, reader: Any) -> "MessageQuerySet":
        """With `of_diagnosis`, and whether this member of the staff (None for any) may read such words too."""
        may = reader is not None and reader.has_perm(DIAGNOSIS_RIGHT)
        rows: MessageQuerySet = self.annotate(of_diagnosis=_of_diagnosis(), is_open=Value(may))
        return rows


def _of_diagnosis() -> Q:
    """What is marked so, and what came while a diagnosis waits for an answer and was not taken in yet.

    Never what waits for a person or was said or changed in a crisis, nor what the model has failed to read:
    whoever looks has to see a danger that the machine could not.
    """
    under_way = UserSession.objects.filter(user=OuterRef("user"), is_active=True, state__in=UserSession.OPEN)
    coming = Q(stage="wanted", attempts=0) & Q(Exists(under_way))
    crisis = Contact.objects.filter(user=OuterRef("user"), crisis_at__lte=OuterRef("updated_at"))
    cries = Q(stage="person") | Q(direction="in") & Q(Exists(crisis))
    return (Q(step=DIAGNOSIS) | coming) & ~cries


class ScriptQuerySet(models.QuerySet[Any]):
    def in_use(self, kind: str) -> "ScriptQuerySet":
        """Scripts of a kind that answer now: switched on, with a live version."""
        return self.filter(kind=kind, is_active=True, live__isnull=False)


class TriggerQuerySet(models.QuerySet[Any]):
    def hit(self, script_id: int, key: str, now: datetime) -> int:
        """Count a trigger that fired; 0 where the live version has it no longer."""
        return self.filter(script_id=script_id, key=key).update(hits=F("hits") + 1, last_hit_at=now)
