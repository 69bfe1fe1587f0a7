"""Where a person's clock stands: by their own zone where it is known, else by the installation's."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Expression, F, FloatField, Func, Value
from django.db.models.functions import Coalesce, Now, NullIf
from django.utils.translation import gettext as _

# Nobody who has not just written is written to outside of these hours.
DAY_FROM, DAY_TO = 8, 22


def check_zone(name: str) -> None:
    """Raises ValidationError for a zone that nobody knows."""
    if name not in available_timezones():
        raise ValidationError(_("There is no time zone “%(name)s”.") % {"name": name})


class ZoneField(models.CharField):  # type: ignore[type-arg]
    """The name of a time zone; "" for the installation's. The database refuses what it does not know either."""

    default_validators = [check_zone]

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        # to a migration it is a plain column: migrations import no code of ours
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


def local(zone: str, now: datetime) -> datetime:
    """`now` by the person's clock."""
    return now.astimezone(ZoneInfo(zone or settings.TIME_ZONE))


def is_day(zone: str, now: datetime) -> bool:
    return DAY_FROM <= local(zone, now).hour < DAY_TO


def hour_there(zone_field: str) -> Expression:
    """The same in SQL: the hour, 0 to 23, of a row's person at this moment."""
    zone = Coalesce(NullIf(F(zone_field), Value("")), Value(settings.TIME_ZONE))
    clock = Func(zone, Now(), function="timezone")
    return Func(Value("hour"), clock, function="date_part", output_field=FloatField())
