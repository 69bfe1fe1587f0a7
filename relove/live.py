"""What pages hear without reloading. An event says which subject has changed, never what it says now.

Events go by NOTIFY: they leave when the transaction commits, from any process, and every web process
hands them to its own pages (relove.consumers). A page fetches afresh what it shows.
"""

from relove.db import notify
from relove.models import Staff

CHANNEL = "relove_live"

# Who may hear of a subject: the right to see it.
_topics: dict[str, str] = {}


def topic(name: str, permission: str) -> str:
    """Register a subject that pages may follow ("app.view_model")."""
    _topics[name] = permission
    return name


def topics_of(staff: Staff) -> set[str]:
    return {name for name, permission in _topics.items() if staff.has_perm(permission)}


def publish(name: str) -> None:
    """Tell pages that something of this subject has changed, once the transaction commits."""
    notify(CHANNEL, name)
