"""Filters with choices known beforehand: none of them looks at the table to find its choices."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter


class PeriodFilter(DropdownFilter):
    """The last hour, day, week or month of a time column; children name the column."""

    title = _("period")
    parameter_name = "period"
    column = "created_at"
    PERIODS = {
        "hour": (_("last hour"), timedelta(hours=1)),
        "day": (_("last 24 hours"), timedelta(days=1)),
        "week": (_("last 7 days"), timedelta(days=7)),
        "month": (_("last 30 days"), timedelta(days=30)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(key, words) for key, (words, _length) in self.PERIODS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.PERIODS.get(self.value() or "")
        return queryset.filter(**{f"{self.column}__gte": timezone.now() - chosen[1]}) if chosen else queryset


class StartPeriodFilter(PeriodFilter):
    column = "start_time"


class StartedPeriodFilter(PeriodFilter):
    column = "started"
