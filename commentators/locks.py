"""Who is looking at which draft, so that two people do not work on the same one.

A lock is an entry of the shared cache that ends by itself; the page renews it while it is visible. The
services ask for it before every decision, so a page that ignores it is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache

from relove import live
from relove.models import Staff

SECONDS = 120
TOPIC = live.topic("comments", "commentators.view_generatedcomment")


@dataclass(frozen=True, slots=True)
class Lock:
    """Whether it is ours, and else by whom it is held."""

    acquired: bool
    by: str = ""


def take(comment_id: int, staff: Staff) -> Lock:
    """Take or renew the lock for two minutes."""
    if cache.add(_key(comment_id), _value(staff), SECONDS):
        live.publish(TOPIC)
        return Lock(True)
    holder, name = cache.get(_key(comment_id)) or _value(staff)
    if holder != staff.pk:
        return Lock(False, name)
    cache.set(_key(comment_id), _value(staff), SECONDS)
    return Lock(True)


def release(comment_id: int, staff: Staff) -> None:
    holder, _name = cache.get(_key(comment_id)) or (None, "")
    if holder == staff.pk:
        cache.delete(_key(comment_id))
        live.publish(TOPIC)


def held_by_others(ids: Sequence[int], staff: Staff) -> dict[int, str]:
    """Names of those who are looking at these drafts now, other than this person."""
    keys = {_key(number): number for number in ids}
    found = cache.get_many(keys)
    return {keys[key]: name for key, (holder, name) in found.items() if holder != staff.pk}


def _key(comment_id: int) -> str:
    return f"relove:review:lock:{comment_id}"


def _value(staff: Staff) -> tuple[int, str]:
    return staff.pk, staff.get_full_name() or staff.username
