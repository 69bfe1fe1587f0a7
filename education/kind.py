"""The kind `education`: scenarios of study groups, with everything the editor and the versions ask for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from education import engine
from education.checks import check, texts
from education.document import HOST, Scenario
from education.engine import Beat, Place
from relove.models import TelegramUser
from sales.kinds import Change, Edge, Graph, Node, Sample, ScriptKind, Turn
from sales.parts import fill

NAME = "education"
EXAMPLE = (Path(__file__).parent / "examples" / "education.yaml").read_text(encoding="utf-8")
KEYED = ("roles", "scenes", "answers")


# --- preview and test ---------------------------------------------------------------------------------


def spoken(scenario: Scenario, beat: Beat, values: dict[str, str]) -> str:
    """What a beat says with these values; of an intent, what it is to achieve."""
    return fill(beat.text or beat.intent, values) or beat.text or beat.intent


def name_of(scenario: Scenario, role: str) -> str:
    """The role as people call it."""
    found = scenario.role(role)
    return str(_("host")) if role == HOST else (found.title or found.key) if found else role


def preview(scenario: Scenario, client: TelegramUser | None) -> list[Sample]:
    """The whole scenario as a chat: who says what, scene by scene, and what is waited for."""
    values = {"name": client.first_name} if client else {}
    samples = []
    for scene in scenario.scenes:
        for beat in engine.beats(scene):
            said = spoken(scenario, beat, values)
            said = said if beat.text else _("[worded by the model] %(intent)s") % {"intent": said}
            samples.append(Sample(f"{scene.title or scene.key} · {name_of(scenario, beat.role)}", said))
    samples.append(Sample(_("Summary"), fill(scenario.summary, values) or scenario.summary))
    return samples


def play(document: Scenario, state: dict[str, Any], message: str, client: TelegramUser | None) -> Turn:
    """Everything the group says up to the next question; a message is the answer to the last one."""
    knows = {**({"name": client.first_name} if client else {}), **state.get("knows", {})}
    if not state:
        place: Place | None = engine.start(document)
    else:
        if ready := engine.ready_answer(document, message):
            return Turn(state, fill(ready, knows) or ready, "script_80", why=_("A ready answer of the scenario."))
        asked = Place(str(state.get("scene", "")), int(state.get("beat", 0)))
        if (beat := engine.beat_at(document, asked)) is None:
            return Turn(state, "", why=_("The scenario is over."))
        knows[beat.remember] = message
        place = engine.after(document, asked, message)
    return _until_asked(document, place, knows)


def _until_asked(scenario: Scenario, place: Place | None, knows: dict[str, str]) -> Turn:
    said, last = [], ""
    while place is not None and (beat := engine.beat_at(scenario, place)) is not None:
        said.append(f"{name_of(scenario, beat.role)}: {spoken(scenario, beat, knows)}")
        last = place.scene
        if beat.waits:
            state = {"scene": place.scene, "beat": place.beat, "knows": knows}
            return Turn(
                state, "\n".join(said), "script_80", step=last, facts=knows, why=_("Waits for the answer.")
            )
        place = engine.after(scenario, place)
    said.append(fill(scenario.summary, knows) or scenario.summary)
    return Turn({"scene": "", "knows": knows}, "\n".join(said), "script_80", step=last, why=_("The end."))


def graph(scenario: Scenario) -> Graph:
    """Scenes as boxes; ways by their words, the plain order without."""
    nodes, edges = [], []
    for i, scene in enumerate(scenario.scenes):
        nodes.append(Node(scene.key, scene.title or scene.key, kind="step" if i else "start", path=("scenes", i)))
        edges += [Edge(scene.key, way.to, ", ".join(way.words[:3])) for way in scene.ways]
        if follows := scenario.following(scene):
            edges.append(Edge(scene.key, follows.key))
    scenes = [scene.key for scene in scenario.scenes]
    roles = [HOST, *(role.key for role in scenario.roles)]
    return Graph(nodes, edges, {"to": scenes, "then": scenes, "role": roles})


# --- difference ---------------------------------------------------------------------------------------


def difference(old: Scenario, new: Scenario) -> list[Change]:
    """Which scenes, roles and answers have come, have changed, have gone; and every changed text."""
    return [*_parts(old, new), *_texts(old, new)]


def _parts(old: Scenario, new: Scenario) -> Iterator[Change]:
    for name in KEYED:
        before = {part.key: part for part in getattr(old, name)}
        after = {part.key: part for part in getattr(new, name)}
        for i, (key, part) in enumerate(after.items()):
            values = {"what": name, "key": key}
            if key not in before:
                yield Change(_("%(what)s: “%(key)s” is new.") % values, (name, i), step=key)
            elif _shape(before[key]) != _shape(part):
                yield Change(_("%(what)s: “%(key)s” has other rules.") % values, (name, i), step=key)
        for i, key in enumerate(before):
            if key not in after:
                said = _("%(what)s: “%(key)s” is gone.") % {"what": name, "key": key}
                yield Change(said, (name, i), step=key, is_gone=True)
    if [scene.key for scene in old.scenes] != [scene.key for scene in new.scenes]:
        yield Change(_("The scenes are in another order, or others."), ("scenes",))
    if old.settings != new.settings:
        yield Change(_("The settings are different."), ("settings",))


def _shape(part: Any) -> Any:
    """What a part does, its words left out."""
    data = part.model_dump()
    for line in data.get("lines", []):
        line.update(text=bool(line["text"]), intent=bool(line["intent"]))
    for name in ("task", "text"):
        data.pop(name, None)
    if data.get("question"):
        data["question"].pop("text")
    return data


def _texts(old: Scenario, new: Scenario) -> Iterator[Change]:
    before = {_stable(old, path): text for path, text in texts(old)}
    for path, text in texts(new):
        was = before.get(_stable(new, path))
        if was is not None and was != text:
            said = _("%(where)s: “%(old)s” → “%(new)s”.")
            values = {"where": " · ".join(_stable(new, path)), "old": _short(was), "new": _short(text)}
            yield Change(said % values, path)


def _stable(scenario: Scenario, path: tuple[str | int, ...]) -> tuple[str, ...]:
    """The place by keys, which stay when the order changes."""
    names: list[str] = []
    at: Any = scenario
    for part in path:
        at = at[part] if isinstance(part, int) else getattr(at, part)
        if not isinstance(part, int):
            names.append(part)
        elif key := getattr(at, "key", ""):
            names.append(key)
    return tuple(names)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


EDUCATION = ScriptKind(
    name=NAME,
    title=gettext_lazy("study group"),
    model=Scenario,
    check=check,
    difference=difference,
    example=EXAMPLE,
    preview=preview,
    player=play,
    graph=graph,
)
