"""What is set in the admin while the system runs: names, ranges, words. Imports no models: settings reads it.

Each name is a setting too, whose value, from the environment, is the default.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Not switchable: Telegram's rules, and what is left of the customer's 30 a second after the jitter
# between a grant and the server's clock.
CEILING = 28.0
SAME_CHAT_PER_MINUTE = 20


@dataclass(frozen=True)
class Option:
    """One setting; numbers keep within `low` and `high`, both included."""

    name: str
    title: Promise
    low: Any = None
    high: Any = None
    help: Promise | str = ""

    def held(self, value: Any) -> Any:
        """The value within the range, whoever wrote it."""
        return value if self.low is None else min(max(value, self.low), self.high)


GROUPS: list[tuple[Promise, list[Option]]] = [
    (
        _("Sending"),
        [
            Option(
                "SEND_CEILING",
                _("messages a second, whole system"),
                0.1,
                CEILING,
                _("Over all accounts, runners and machines."),
            ),
            Option(
                "ACCOUNT_CHAT_PER_MINUTE",
                _("a minute from one account in one chat"),
                1,
                SAME_CHAT_PER_MINUTE,
                _("Never more than one a second either."),
            ),
            Option("CHAT_PER_MINUTE", _("a minute in one chat over all accounts"), 1, SAME_CHAT_PER_MINUTE),
            Option(
                "RETRY_BASE_SECONDS",
                _("first retry after, seconds"),
                30.0,
                3600.0,
                _("The second retry waits twice as long. There are three attempts."),
            ),
        ],
    ),
    (
        _("Language model"),
        [
            Option("LLM_MODEL", _("model"), help=_("As the server at the address below calls it.")),
            Option(
                "LLM_DAILY_BUDGET_USD",
                _("budget a day, USD"),
                Decimal(0),
                Decimal(10_000),
                _("A day in UTC. When it is spent, drafts and replies wait."),
            ),
        ],
    ),
    (
        _("Comments"),
        [
            Option("WORK_FROM", _("working hours from")),
            Option(
                "WORK_TO",
                _("working hours to"),
                help=_("No comment is planned outside of them. Equal times mean the whole day."),
            ),
            Option(
                "POST_FRESH_HOURS",
                _("a post is fresh for, hours"),
                1,
                168,
                _("An older post is not commented, and an unsent comment under it is dropped."),
            ),
            Option("COMMENT_SHORTEST", _("shortest comment, characters"), 1, 500),
            Option("COMMENT_LONGEST", _("longest comment, characters"), 50, 4096),
            Option(
                "OWN_SIMILARITY",
                _("likeness to the account's own comments"),
                0.1,
                1.0,
                _("From 0 to 1. A draft at least as like as this is refused."),
            ),
            Option(
                "POST_SIMILARITY",
                _("likeness to other comments under the post"),
                0.1,
                1.0,
                _("From 0 to 1. A draft at least as like as this is refused."),
            ),
        ],
    ),
]
OPTIONS = {option.name: option for _title, options in GROUPS for option in options}
