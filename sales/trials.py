"""Saved dialogues: a script is played against what it said before, and every message is judged."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db.models import F
from django.utils.translation import gettext as _
from pydantic import Field

from relove.models import Staff
from sales.kinds import Player, ScriptKind, Turn
from sales.models import ScriptTest
from sales.parts import Part, Text

MOST_TURNS = 100


class Expectation(Part):
    """What must be so after a message; what is not given may be anything."""

    step: str | None = None
    trigger: str | None = None
    strategy: Literal["script_80", "free_20", "person"] | None = None
    says: list[Text] = Field(default_factory=list)
    never: list[Text] = Field(default_factory=list)


class SavedTurn(Part):
    message: Text
    expect: Expectation = Expectation()


class SavedDialogue(Part):
    """ScriptTest.dialogue: the client's messages in their order, each with what is expected."""

    turns: list[SavedTurn] = Field(min_length=1, max_length=MOST_TURNS)

    def with_phrases(self, says: list[str], never: list[str]) -> "SavedDialogue":
        """The same, the last reply expected to say some phrases, and no reply to say others."""
        data = self.model_dump()
        for turn in data["turns"]:
            turn["expect"]["never"] = [*turn["expect"]["never"], *never]
        data["turns"][-1]["expect"]["says"] += says
        return SavedDialogue.model_validate(data)


class NameTaken(ValueError):
    """The script has a saved dialogue of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(_("There is a saved dialogue “%(name)s” already.") % {"name": name})


@dataclass(frozen=True, slots=True)
class Trial:
    """One saved dialogue played: its turns, and in sentences what was not as expected."""

    test: ScriptTest
    turns: list[Turn]
    faults: list[str]

    @property
    def passed(self) -> bool:
        return not self.faults


def keep(script_id: int, name: str, dialogue: SavedDialogue, who: Staff | None) -> ScriptTest:
    """Save a dialogue of a script under a name. Raises NameTaken."""
    test, is_new = ScriptTest.objects.get_or_create(
        script_id=script_id,
        name=name,
        defaults={"dialogue": dialogue.model_dump(exclude_defaults=True), "created_by": who},
    )
    if not is_new:
        raise NameTaken(name)
    return test


def play(kind: ScriptKind, document: Any, tests: list[ScriptTest], now: datetime) -> list[Trial]:
    """Play the dialogues with a document of the kind and keep how each went; none for a kind without a player."""
    if kind.player is None:
        return []
    trials = [_play_one(kind.player, document, test) for test in tests]
    for trial in trials:
        ScriptTest.objects.filter(id=trial.test.id).update(
            runs=F("runs") + 1,
            passes=F("passes") + int(trial.passed),
            last_run_at=now,
            last_faults=trial.faults,
        )
    return trials


def _play_one(player: Player, document: Any, test: ScriptTest) -> Trial:
    state: dict[str, Any] = {}
    turns: list[Turn] = []
    faults: list[str] = []
    for number, saved in enumerate(SavedDialogue.model_validate(test.dialogue).turns, start=1):
        turn = player(document, state, saved.message, None)
        state = turn.state
        turns.append(turn)
        faults += [
            _("Message %(number)s: %(what)s") % {"number": number, "what": f} for f in faults_of(turn, saved)
        ]
    return Trial(test, turns, faults)


def faults_of(turn: Turn, saved: SavedTurn) -> list[str]:
    """What a turn should have been and was not, in sentences."""
    expect = saved.expect
    found = []
    for name, wanted in (("step", expect.step), ("trigger", expect.trigger), ("strategy", expect.strategy)):
        if wanted is not None and getattr(turn, name) != wanted:
            said = _("%(name)s is “%(found)s”, expected “%(wanted)s”.")
            found.append(said % {"name": name, "found": getattr(turn, name), "wanted": wanted})
    reply = turn.reply.lower()
    found += [_("“%(text)s” is not said.") % {"text": text} for text in expect.says if text.lower() not in reply]
    found += [_("“%(text)s” is said.") % {"text": text} for text in expect.never if text.lower() in reply]
    return found
