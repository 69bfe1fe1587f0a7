"""What a script may have done besides talking, registered by the app that does it.

A script that names an action nobody has registered is refused when it is checked. An action without a
function of its own is asked of a person: so a study group is made by hand until an app registers how.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Run = Callable[[int, datetime], None]
"""(id of the conversation, now): does it, within the running transaction."""

HAND_OVER = "hand_over"
CREATE_GROUP = "create_education_group"


@dataclass(frozen=True, slots=True)
class Action:
    """An action by its name in scripts; without `run` the dialogue goes to a person, who reads `title`."""

    name: str
    title: Promise | str
    run: Run | None = None


_actions: dict[str, Action] = {}


def register(action: Action) -> None:
    """Make an action known, or replace how it is done."""
    _actions[action.name] = action


def get(name: str) -> Action | None:
    return _actions.get(name)


def names() -> list[str]:
    return sorted(_actions)


register(Action(HAND_OVER, _("hand over to a person")))
register(Action(CREATE_GROUP, _("create a study group")))
