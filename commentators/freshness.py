"""Until when a post is fresh enough for a comment."""

from datetime import timedelta

from relove import options


def limit() -> timedelta:
    """How old a post may be that is commented: older ones get no draft, and a draft that waits so long is late."""
    return timedelta(hours=options.value("POST_FRESH_HOURS"))
