"""What is different between two scripts: in sentences about their meaning. Pure."""

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile, zip_longest
from typing import Any

from django.utils.translation import gettext as _

from sales.checks import reachable
from sales.document import Line, Script, Step, Target, Trigger
from sales.kinds import Change
from sales.problems import Path

LONGEST, LEAD = 60, 20


def difference(old: Script, new: Script) -> list[Change]:
    """Every change by meaning, in the order of the newer document."""
    return [
        *_steps(old, new),
        *_reach(old, new),
        *_parts("triggers", old, new, _trigger_words(), _trigger),
        *_parts("responses", old, new, _response_words(), _response),
        *_hints(old, new),
        *_settings(old, new),
    ]


def _steps(old: Script, new: Script) -> Iterator[Change]:
    for change in _parts("steps", old, new, _step_words(), _step):
        place = change.path
        steps = old.steps if change.is_gone else new.steps
        index = place[1] if len(place) > 1 and isinstance(place[1], int) else None
        yield change if index is None else Change(change.text, place, steps[index].key, change.is_gone)
    if old.start.key != new.start.key:
        yield Change(_("The dialogue begins with the step “%(key)s” now.") % {"key": new.start.key}, ("steps", 0))


def _reach(old: Script, new: Script) -> Iterator[Change]:
    before, after = reachable(old), reachable(new)
    for i, step in enumerate(new.steps):
        if step.key in before and step.key not in after:
            text = _("Nothing leads to the step “%(key)s” any more.") % {"key": step.key}
            yield Change(text, ("steps", i), step.key)


Words = tuple[str, str]
"""What is said of a part that has come and of one that has gone."""


def _step_words() -> Words:
    return _("Step “%(key)s” is new."), _("Step “%(key)s” is gone.")


def _trigger_words() -> Words:
    return _("Trigger “%(key)s” is new."), _("Trigger “%(key)s” is gone.")


def _response_words() -> Words:
    return _("Answer “%(key)s” is new."), _("Answer “%(key)s” is gone.")


def _parts(
    name: str, old: Script, new: Script, words: Words, compare: Callable[[Any, Any], Iterator[str]]
) -> Iterator[Change]:
    """Parts with keys: those that have come, have changed, have gone."""
    before = {part.key: part for part in getattr(old, name)}
    after = {part.key for part in getattr(new, name)}
    for i, part in enumerate(getattr(new, name)):
        path: Path = (name, i)
        if part.key not in before:
            yield Change(words[0] % {"key": part.key}, path)
        else:
            yield from (Change(text, path) for text in compare(before[part.key], part))
    for i, part in enumerate(getattr(old, name)):
        if part.key not in after:
            yield Change(words[1] % {"key": part.key}, (name, i), is_gone=True)


def _step(old: Step, new: Step) -> Iterator[str]:
    where = {"key": new.key}
    yield from _lines(old.lines, new.lines, _("Step “%(key)s”") % where)
    if old.ask != new.ask:
        yield _("Step “%(key)s” asks for something else: %(what)s.") % {
            **where,
            "what": _listed([ask.remember for ask in new.ask]),
        }
    before = {transition.intent: transition for transition in old.transitions}
    after = {transition.intent: transition for transition in new.transitions}
    for intent in [*after, *(intent for intent in before if intent not in after)]:
        if (was := before.get(intent)) != (now := after.get(intent)):
            yield _("Step “%(key)s”, intent “%(intent)s”: %(old)s → %(new)s.") % {
                **where,
                "intent": intent,
                "old": _aim(was),
                "new": _aim(now),
            }
    yield from _fields(old, new, ("title", "stage", "action", "max_turns"), _("Step “%(key)s”") % where)
    if old.after_limit != new.after_limit:
        yield _("Step “%(key)s”, after the limit: %(old)s → %(new)s.") % {
            **where,
            "old": _aim(old.after_limit),
            "new": _aim(new.after_limit),
        }


def _trigger(old: Trigger, new: Trigger) -> Iterator[str]:
    where = _("Trigger “%(key)s”") % {"key": new.key}
    if old.kind != new.kind:
        yield _("%(where)s: kind %(old)s → %(new)s.") % {"where": where, "old": old.kind, "new": new.kind}
    for name in ("words", "intents"):
        yield from _listing(getattr(old, name, []), getattr(new, name, []), where)
    yield from _fields(old, new, ("title", "priority", "pattern", "hours", "stage"), where)
    if (old.to, old.action) != (new.to, new.action):
        yield _("%(where)s: leads %(old)s → %(new)s.") % {"where": where, "old": _aim(old), "new": _aim(new)}
    if old.when != new.when:
        yield _("%(where)s: its conditions are different.") % {"where": where}


def _response(old: Any, new: Any) -> Iterator[str]:
    where = _("Answer “%(key)s”") % {"key": new.key}
    yield from _lines(old.lines, new.lines, where)
    yield from _listing(old.words, new.words, where)
    yield from _fields(old, new, ("question",), where)


def _hints(old: Script, new: Script) -> Iterator[Change]:
    for text in _listing(old.hints, new.hints, _("Hints")):
        yield Change(text, ("hints",))


def _settings(old: Script, new: Script) -> Iterator[Change]:
    where = _("Settings")
    for text in _fields(old.settings, new.settings, ("threshold",), where):
        yield Change(text, ("settings",))
    for text in _listing(old.settings.programmes, new.settings.programmes, where):
        yield Change(text, ("settings",))


def _lines(old: Sequence[Line], new: Sequence[Line], where: str) -> Iterator[str]:
    """Which wordings have changed; a line without its fellow has come or gone."""
    for i in range(max(len(old), len(new))):
        was = old[i].variants if i < len(old) else []
        now = new[i].variants if i < len(new) else []
        lost, got = [text for text in was if text not in now], [text for text in now if text not in was]
        for gone, come in zip_longest(lost, got):
            yield _wording(gone, come, where)


def _wording(gone: str | None, come: str | None, where: str) -> str:
    if gone and come:
        start = _apart(gone, come)
        said = _("%(where)s: text changed, “%(old)s” → “%(new)s”.")
        return said % {"where": where, "old": _short(gone, start), "new": _short(come, start)}
    said = _("%(where)s: wording gone, “%(text)s”.") if gone else _("%(where)s: new wording, “%(text)s”.")
    return said % {"where": where, "text": _short(gone or come or "")}


def _listing(old: Sequence[str], new: Sequence[str], where: str) -> Iterator[str]:
    lost, got = [item for item in old if item not in new], [item for item in new if item not in old]
    if lost:
        yield _("%(where)s: lost %(what)s.") % {"where": where, "what": _listed(lost)}
    if got:
        yield _("%(where)s: gained %(what)s.") % {"where": where, "what": _listed(got)}


def _fields(old: Any, new: Any, names: Sequence[str], where: str) -> Iterator[str]:
    for name in names:
        was, now = getattr(old, name, None), getattr(new, name, None)
        if was != now:
            yield f"{where}: {name} {_shown(was)} → {_shown(now)}."


def _shown(value: Any) -> str:
    return _("nothing") if value in (None, "") else f"«{value}»" if isinstance(value, str) else str(value)


def _aim(target: Target | None) -> str:
    return _("nowhere") if target is None else f"«{target.to or target.action}»"


def _listed(items: Sequence[str]) -> str:
    return ", ".join(f"«{_short(item)}»" for item in items) or _("nothing")


def _apart(old: str, new: str) -> int:
    """Where two texts are to be shown from: some words before the place where they part."""
    shared = sum(1 for _pair in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    return old.rfind(" ", 0, max(shared - LEAD, 0)) + 1


def _short(text: str, start: int = 0) -> str:
    shown = f"…{text[start:]}" if start and len(text) > LONGEST else text
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"
