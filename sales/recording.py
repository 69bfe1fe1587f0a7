"""A real dialogue as a saved one: what the person said, and how the script took it.

Names, phones, addresses and links are replaced by marks, as for a model: a test outlives the person's data.
"""

from datetime import datetime

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from relove.models import Staff
from relove.prompting import mask
from sales import trials
from sales.models import ClientConversation, ConversationMessage, ScriptTest
from sales.querysets import DIAGNOSIS
from sales.rehearsal import names_of
from sales.trials import SavedDialogue


class NothingToKeep(ValueError):
    """The script has answered nothing in this dialogue."""

    def __init__(self) -> None:
        super().__init__(_("The script has decided about no message of this dialogue yet."))


def keep(conversation: ClientConversation, who: Staff, now: datetime) -> ScriptTest:
    """Save a dialogue as a test of its script. Raises NothingToKeep, NameTaken."""
    turns = recorded(conversation)
    if conversation.script is None or not turns:
        raise NothingToKeep
    when = formats.date_format(timezone.localtime(now), "j E Y, H:i:s")
    name = _("Dialogue as it was on %(when)s") % {"when": when}
    return trials.keep(conversation.script.pk, name, SavedDialogue.model_validate({"turns": turns}), who)


def recorded(conversation: ClientConversation) -> list[dict[str, object]]:
    """The person's messages, those answered together as one, with the step, trigger and strategy they led to."""
    turns: list[dict[str, object]] = []
    fresh: list[str] = []
    heard = ConversationMessage.objects.filter(conversation=conversation, direction="in").exclude(text="")
    # a script's tests are read by more people than the answers of a diagnosis
    heard = heard.exclude(step=DIAGNOSIS)
    for row in heard.order_by("id"):
        fresh.append(row.text)
        if row.strategy:
            said = mask("\n".join(fresh), names_of(conversation.user)).text
            turns.append({"message": said, "expect": _expected(row)})
            fresh = []
    return turns[: trials.MOST_TURNS]


def _expected(row: ConversationMessage) -> dict[str, str]:
    found = {"step": row.step, "trigger": row.trigger, "strategy": row.strategy}
    return {name: value for name, value in found.items() if value}
