"""What the shape of a scenario alone does not show. Pure.

Besides keys and ways it keeps rules of the house: a partner claims no life, experience or results of its own,
is no client and gives no testimonials, and nobody presses or shames.
"""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from education.document import CLIENT, HOST, KNOWN_VALUES, Scenario, Scene
from relove.claims import claim
from relove.testimonials import praise
from sales.parts import placeholders
from sales.problems import Path, Problem, one_of
from sales.replies import PRESSURE


def check(scenario: Scenario) -> list[Problem]:
    """Everything found, in the order of the document's parts."""
    return [
        *_doubled_keys(scenario),
        *_wrong_roles(scenario),
        *_wrong_ways(scenario),
        *_wrong_placeholders(scenario),
        *_dishonest(scenario),
        *_loops(scenario),
        *_unreachable(scenario),
    ]


def _doubled_keys(scenario: Scenario) -> Iterator[Problem]:
    lists: list[tuple[Path, list[str]]] = [
        *(((name,), [part.key for part in getattr(scenario, name)]) for name in ("roles", "scenes", "answers")),
        *((("scenes", i, "lines"), [line.key for line in scene.lines]) for i, scene in enumerate(scenario.scenes)),
    ]
    for path, keys in lists:
        for i, key in enumerate(keys):
            if key in keys[:i]:
                yield Problem(_("The key “%(key)s” is used twice.") % {"key": key}, (*path, i, "key"))


def _wrong_roles(scenario: Scenario) -> Iterator[Problem]:
    for i, role in enumerate(scenario.roles):
        if role.key in (HOST, CLIENT):
            yield Problem(_("The role “%(key)s” is there already.") % {"key": role.key}, ("roles", i, "key"))
    known = [HOST, *(role.key for role in scenario.roles)]
    for i, scene in enumerate(scenario.scenes):
        for j, line in enumerate(scene.lines):
            if line.role not in known:
                path: Path = ("scenes", i, "lines", j, "role")
                yield Problem(
                    _("There is no role “%(name)s”.") % {"name": line.role}, path, one_of(known, line.role)
                )


def _wrong_ways(scenario: Scenario) -> Iterator[Problem]:
    keys = [scene.key for scene in scenario.scenes]
    for i, scene in enumerate(scenario.scenes):
        if scene.ways and scene.question is None:
            yield Problem(_("Ways need a question whose answer they read."), ("scenes", i, "ways"))
        targets: list[tuple[Path, str]] = [(("ways", j, "to"), way.to) for j, way in enumerate(scene.ways)]
        if scene.then is not None:
            targets.append((("then",), scene.then))
        for path, to in targets:
            if to not in keys:
                said = _("There is no scene “%(name)s”.") % {"name": to}
                yield Problem(said, ("scenes", i, *path), one_of(keys, to))


def _wrong_placeholders(scenario: Scenario) -> Iterator[Problem]:
    allowed = scenario.remembered() | KNOWN_VALUES
    for path, text in texts(scenario):
        for name, spare in placeholders(text).items():
            if name not in allowed:
                yield Problem(
                    _("Nothing is known to fill {%(name)s}.") % {"name": name}, path, one_of(allowed, name)
                )
            elif spare is None and name != "owner":
                said = _("{%(name)s} may be unknown: say what stands in its place, as in {%(name)s|you}.")
                yield Problem(said % {"name": name}, path)


def texts(scenario: Scenario) -> Iterator[tuple[Path, str]]:
    """Every text that somebody may read, with its place."""
    yield ("group", "title"), scenario.group.title
    yield ("group", "about"), scenario.group.about
    for i, scene in enumerate(scenario.scenes):
        for j, line in enumerate(scene.lines):
            yield ("scenes", i, "lines", j, "text" if line.text else "intent"), line.text or line.intent or ""
        if scene.task:
            yield ("scenes", i, "task"), scene.task
        if scene.question:
            yield ("scenes", i, "question", "text"), scene.question.text
    for i, answer in enumerate(scenario.answers):
        yield ("answers", i, "text"), answer.text
    yield ("summary",), scenario.summary


def _dishonest(scenario: Scenario) -> Iterator[Problem]:
    spoken: Iterable[tuple[Path, str]] = (
        *texts(scenario),
        *((("roles", i, "persona"), role.persona) for i, role in enumerate(scenario.roles)),
    )
    for path, text in spoken:
        if words := claim(text):
            said = _("It claims a human life or own experience: “%(words)s”. Partners are AI and say so.")
            yield Problem(said % {"words": words}, path)
        if words := praise(text):
            said = _("It speaks as a client, or praises: “%(words)s”. There are no testimonials here.")
            yield Problem(said % {"words": words}, path)
        if found := PRESSURE.search(text):
            yield Problem(_("It presses or shames: “%(words)s”.") % {"words": found[0]}, path)


def reachable(scenario: Scenario) -> set[str]:
    """The scenes that something leads to."""
    found: set[str] = set()
    open_ones = [scenario.scenes[0]]
    while open_ones:
        scene = open_ones.pop()
        if scene.key in found:
            continue
        found.add(scene.key)
        aims = [scenario.scene(way.to) for way in scene.ways] + [scenario.following(scene)]
        open_ones += [aim for aim in aims if aim is not None]
    return found


def _unreachable(scenario: Scenario) -> Iterator[Problem]:
    found = reachable(scenario)
    for i, scene in enumerate(scenario.scenes):
        if scene.key not in found:
            said = _("Nothing leads to the scene “%(key)s”.") % {"key": scene.key}
            yield Problem(said, ("scenes", i), is_warning=True)


def _loops(scenario: Scenario) -> Iterator[Problem]:
    """Scenes that would be played over and over: nothing in them waits for the client."""
    for i, scene in enumerate(scenario.scenes):
        passed: list[str] = []
        at: Scene | None = scene
        while at is not None and at.question is None and at.key not in passed:
            passed.append(at.key)
            at = scenario.following(at)
        if at is scene and passed:
            said = _("The scene “%(key)s” comes back to itself without waiting for an answer.") % {
                "key": scene.key
            }
            yield Problem(said, ("scenes", i))
