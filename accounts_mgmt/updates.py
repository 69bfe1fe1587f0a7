"""Who hears which update. Domains register in their `handlers` module.

An account in a busy group hears thousands of messages that are nobody's business. So a handler says what it looks
for: `look` tells by the update alone, in the event loop; what is left `ask` tells of many updates by one question.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from relove.telegram.gateway import EditedMessage, NewMessage, PeerKind, Update

# Called in a thread with the account's id; must be safe to call twice with the same update.
Handler = Callable[[int, Update], None]
Look = Callable[[Update], bool]
# An account's id and what it heard.
Heard = tuple[int, Update]
# Asks the database, in a thread; answers for each.
Question = Callable[[Sequence[Heard]], Sequence[bool]]


@dataclass(frozen=True, slots=True)
class _Listening:
    handle: Handler
    look: Look
    ask: Question | None


_handlers: dict[str, list[_Listening]] = defaultdict(list)


def on(kind: str, look: Look = lambda update: True, ask: Question | None = None) -> Callable[[Handler], Handler]:
    """Register a handler for updates of a kind (`NewMessage.kind` and so on) that pass `look` and `ask`."""

    def register(handler: Handler) -> Handler:
        _handlers[kind].append(_Listening(handler, look, ask))
        return handler

    return register


def is_private(update: Update) -> bool:
    """Whether it is a message of a private chat."""
    return isinstance(update, NewMessage | EditedMessage) and update.message.chat.kind == PeerKind.USER


def may_concern(update: Update) -> bool:
    """Whether, by the look of it, anybody listens to this update."""
    return bool(_looking(update))


def surely_concerns(update: Update) -> bool:
    """Whether somebody listens to it who need not ask."""
    return any(one.ask is None for one in _looking(update))


def concerned(heard: Sequence[Heard]) -> list[bool]:
    """Of each whether anybody listens to it: one question for all of them by everybody who asks."""
    found = [surely_concerns(update) for _account, update in heard]
    questions = {one.ask for _account, update in heard for one in _looking(update) if one.ask}
    for ask in questions:
        found = [known or answer for known, answer in zip(found, ask(heard), strict=True)]
    return found


def dispatch(account_id: int, update: Update) -> None:
    """Hand an update to everybody who hears its kind; the first failure makes it count as not received."""
    for one in _looking(update):
        one.handle(account_id, update)


def _looking(update: Update) -> list[_Listening]:
    return [one for one in _handlers[update.kind] if one.look(update)]
