"""The engine of a scenario: what is said next, what is waited for, where an answer leads. Pure.

The long task, the preview and the test player all ask it. A scene is a row of beats: its lines, its task and
its question; a place is (scene, beat), and a beat past the last one is the scene's end.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from education.document import HOST, Scenario, Scene
from sales.matching import first_of


@dataclass(frozen=True, slots=True)
class Beat:
    """Something to be said; `text` is fixed, an `intent` is worded. After a question the answer is waited for."""

    key: str
    role: str
    text: str = ""
    intent: str = ""
    after: int = 0
    remember: str = ""
    hours: int = 0

    @property
    def waits(self) -> bool:
        return bool(self.remember)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scenario stands: before this beat of this scene."""

    scene: str
    beat: int = 0


def beats(scene: Scene) -> list[Beat]:
    found = [Beat(line.key, line.role, line.text or "", line.intent or "", line.after) for line in scene.lines]
    if scene.task:
        found.append(Beat("task", HOST, scene.task))
    if scene.question:
        asked = scene.question
        found.append(Beat("question", HOST, asked.text, remember=asked.remember, hours=asked.hours))
    # what a scene waits before it begins is waited before its first line
    found[0] = Beat(found[0].key, found[0].role, found[0].text, found[0].intent, found[0].after + scene.after)
    return found


def start(scenario: Scenario) -> Place:
    return Place(scenario.scenes[0].key)


def beat_at(scenario: Scenario, place: Place) -> Beat | None:
    """The beat that is due there; None at the scenario's end, or where a newer version has no such scene."""
    scene = scenario.scene(place.scene)
    if scene is None:
        return None
    row = beats(scene)
    return row[place.beat] if place.beat < len(row) else None


def after(scenario: Scenario, place: Place, answer: str = "") -> Place | None:
    """Where the scenario goes when the beat has been said, and its answer heard; None at the end."""
    scene = scenario.scene(place.scene)
    if scene is None:
        return None
    if place.beat + 1 < len(beats(scene)):
        return Place(scene.key, place.beat + 1)
    taken = next((way.to for way in scene.ways if answer and first_of(answer, way.words)), None)
    follows = scenario.scene(taken) if taken else scenario.following(scene)
    return Place(follows.key) if follows else None


def ready_answer(scenario: Scenario, question: str) -> str:
    """What the host says to it by the scenario; "" where it has no words for it."""
    return next((answer.text for answer in scenario.answers if first_of(question, answer.words)), "")


def due(beat: Beat, since: datetime, hours: tuple[int, int]) -> datetime:
    """When a beat's turn comes: its minutes after `since`, moved into the hours of the day (aware, local)."""
    when = since + timedelta(minutes=beat.after)
    first, last = hours
    if when.hour < first:
        return when.replace(hour=first, minute=0, second=0, microsecond=0)
    if when.hour >= last:
        return (when + timedelta(days=1)).replace(hour=first, minute=0, second=0, microsecond=0)
    return when
