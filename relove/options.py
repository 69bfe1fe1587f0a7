"""Settings that staff change while the system runs: the one door to them.

`value` answers from memory, so that an event loop may ask; `refresh` reads what is stored. Pages do so at a
request, short tasks at their start, long tasks in a loop: a change holds everywhere after REFRESH_SECONDS.
Where nothing is stored the setting of the same name counts, which comes from the environment.
"""

import time
from decimal import Decimal
from typing import Any

from constance import config
from constance.codecs import loads
from constance.models import Constance
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext

from relove import oplog
from relove.models import Staff
from relove.option_list import OPTIONS

REFRESH_SECONDS = 1.0
ACTIVITY = "change_option"


class _Memory:
    """What was stored when this process last looked, at `read_at` by the monotonic clock."""

    def __init__(self) -> None:
        self.stored: dict[str, Any] = {}
        self.read_at = float("-inf")


_memory = _Memory()


def value(name: str) -> Any:
    """The option in force, within its range. Raises KeyError for a name that is none."""
    option = OPTIONS[name]
    return option.held(_memory.stored[name]) if name in _memory.stored else getattr(settings, name)


def stored() -> dict[str, Any]:
    """What has been set here, by name; all else comes from the environment."""
    return {row.key: loads(row.value) for row in Constance.objects.filter(key__in=OPTIONS)}


def refresh(max_age: float = 0.0) -> None:
    """Read what is stored, unless that was done within `max_age` seconds."""
    began = time.monotonic()
    if began - _memory.read_at >= max_age:
        _memory.stored, _memory.read_at = stored(), began


def at_task(**_: Any) -> None:
    """Before a task of django-q2 runs."""
    refresh(REFRESH_SECONDS)


def change(values: dict[str, Any], staff: Staff) -> list[str]:
    """Store those values that differ from the ones in force, each with its row in the log; answers their names.

    The values are checked by the form. A value equal to the environment's is forgotten again.
    """
    refresh()
    changed = [name for name, new in values.items() if new != value(name)]
    with transaction.atomic():
        for name in changed:
            oplog.log_activity(
                ACTIVITY, staff_id=staff.pk, option=name, old=shown(value(name)), new=shown(values[name])
            )
            _store(name, values[name])
    refresh()
    return changed


def _store(name: str, new: Any) -> None:
    if new == getattr(settings, name):
        Constance.objects.filter(key=name).delete()
    else:
        setattr(config, name, new)


def shown(setting: Any) -> str:
    """A value as a person writes it."""
    if isinstance(setting, float | Decimal):
        return format(Decimal(str(setting)).normalize(), "f")
    return f"{setting:%H:%M}" if hasattr(setting, "hour") else str(setting)


def conflict(values: dict[str, Any]) -> str:
    """Which two values do not go together, in a sentence; "" when all do."""
    if values["ACCOUNT_CHAT_PER_MINUTE"] > values["CHAT_PER_MINUTE"]:
        return gettext("One account may not write more in a chat than all accounts together.")
    if values["COMMENT_SHORTEST"] >= values["COMMENT_LONGEST"]:
        return gettext("The shortest comment must be shorter than the longest.")
    return ""
