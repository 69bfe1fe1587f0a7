"""Who read the words of a diagnosis in a dialogue, into the activities."""

from collections.abc import Iterable
from typing import Any

from django.core.cache import cache

from relove import oplog
from relove.models import Staff
from sales.models import ConversationMessage

TABLE = ConversationMessage._meta.db_table
# An open page reads anew with every message of anybody: for so many seconds that is the same look.
SAME_LOOK = 15 * 60


def note(rows: Iterable[Any], reader: Staff, *, is_list: bool) -> None:
    """Note that these rows (of `seen_by`) were shown; nothing where no words of a diagnosis were among them."""
    newest = max((row.pk for row in rows if row.of_diagnosis and row.is_open), default=None)
    what = "view_sensitive_list" if is_list else "view_sensitive"
    if newest and cache.add(f"sales:{what}:{reader.pk}:{newest}", True, SAME_LOOK):
        oplog.log_activity(what, staff_id=reader.pk, subject=(TABLE, newest))
