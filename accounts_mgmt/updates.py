"""Who hears which update. Domains register in their `handlers` module."""

from collections import defaultdict
from collections.abc import Callable

from relove.telegram.gateway import Update

# Called in a thread with the account's id; must be safe to call twice with the same update.
Handler = Callable[[int, Update], None]

_handlers: dict[str, list[Handler]] = defaultdict(list)


def on(kind: str) -> Callable[[Handler], Handler]:
    """Register a handler for updates of a kind (`NewMessage.kind` and so on)."""

    def register(handler: Handler) -> Handler:
        _handlers[kind].append(handler)
        return handler

    return register


def heard(update: Update) -> bool:
    """Whether anybody listens to this kind."""
    return bool(_handlers[update.kind])


def dispatch(account_id: int, update: Update) -> None:
    """Hand an update to everybody who hears its kind; the first failure makes it count as not received."""
    for handler in _handlers[update.kind]:
        handler(account_id, update)
