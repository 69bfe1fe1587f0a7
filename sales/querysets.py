"""Which rows: scripts and their triggers."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F


class ScriptQuerySet(models.QuerySet[Any]):
    def in_use(self, kind: str) -> "ScriptQuerySet":
        """Scripts of a kind that answer now: switched on, with a live version."""
        return self.filter(kind=kind, is_active=True, live__isnull=False)


class TriggerQuerySet(models.QuerySet[Any]):
    def hit(self, script_id: int, key: str, now: datetime) -> int:
        """Count a trigger that fired; 0 where the live version has it no longer."""
        return self.filter(script_id=script_id, key=key).update(hits=F("hits") + 1, last_hit_at=now)
