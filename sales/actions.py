"""What a script may have done besides talking, registered by the app that does it.

education brings the making of a study group, diagnostics the beginning of a diagnosis; a script that names
an action nobody has registered is refused when it is checked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Run = Callable[[int, datetime], None]
"""(id of the conversation, now): does it, within the running transaction."""

HAND_OVER = "hand_over"


@dataclass(frozen=True, slots=True)
class Action:
    """An action by its name in scripts; `run` is None for what the dialogue does by itself."""

    name: str
    title: Promise | str
    run: Run | None = None


_actions: dict[str, Action] = {}


def register(action: Action) -> None:
    _actions[action.name] = action


def get(name: str) -> Action | None:
    return _actions.get(name)


def names() -> list[str]:
    return sorted(_actions)


register(Action(HAND_OVER, _("hand over to a person")))
