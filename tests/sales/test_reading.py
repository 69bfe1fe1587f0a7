"""Documents as people write them: what is right comes back the same, what is not is refused with a place."""

import copy
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st
from pydantic import ValidationError

from relove.prompting import clean
from sales import reading
from sales.nodes import WRITERS
from sales.parts import UNREADABLE
from sales.sales_kind import EXAMPLE, SALES

FORMS = ("yaml", "json")
KEYS = ["начало", "боль", "offer", "end-1", "on", "null", "да"]
AWKWARD = [
    "true",
    "123",
    "0.5",
    "null",
    "~",
    "2026-01-01",
    "1e5",
    "0x1f",
    "12:30",
    "=",
    "- a",
    "a: b",
    "# нет",
    "'",
    "»",
]


def is_readable(text: str) -> bool:
    return bool(re.search(r"\S", text)) and clean(text) == text and not UNREADABLE.search(text)


texts = st.one_of(st.sampled_from(AWKWARD), st.text(min_size=1, max_size=60).filter(is_readable)).map(
    # a brace might begin a placeholder nothing is known to fill
    lambda text: text.replace("{", "(")
)
lines = st.lists(
    st.fixed_dictionaries({"variants": st.lists(texts, min_size=1, max_size=3)}), min_size=1, max_size=2
)
phrases = st.sampled_from(["цена", "сколько стоит", "123", "да", "no"])


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Right documents: steps lead forward only, so that none goes round for ever."""
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True))
    steps = []
    for i, key in enumerate(keys):
        step: dict[str, Any] = {"key": key, "lines": draw(lines)}
        if draw(st.booleans()):
            step["title"] = draw(texts)
        if i + 1 < len(keys):
            step["transitions"] = [{"intent": "интерес", "to": keys[i + 1]}]
        if draw(st.booleans()):
            step |= {"max_turns": draw(st.integers(1, 50)), "after_limit": {"action": "hand_over"}}
        steps.append(step)
    triggers = [
        {"key": f"t{n}", "to": draw(st.sampled_from(keys)), "priority": n, **draw(kinds_of_triggers)}
        for n in range(draw(st.integers(0, 3)))
    ]
    threshold = draw(st.floats(0, 1, allow_nan=False))
    return {"steps": steps, "triggers": triggers, "hints": draw(st.lists(texts, max_size=2))} | draw(
        st.sampled_from([{}, {"settings": {"threshold": threshold}}])
    )


kinds_of_triggers = st.one_of(
    st.fixed_dictionaries({"kind": st.just("words"), "words": st.lists(phrases, min_size=1, max_size=3)}),
    st.fixed_dictionaries(
        {"kind": st.just("regex"), "pattern": st.sampled_from([r"цен\w+", "a:b #", "'\"", r"\d{3}"])}
    ),
    st.fixed_dictionaries({"kind": st.just("silence"), "hours": st.integers(1, 720)}),
    st.just({"kind": "first_message"}),
)


@given(documents())
@rules(deadline=None, max_examples=60)
def test_what_validates_comes_back_the_same_in_both_forms(data: dict[str, Any]) -> None:
    document = reading.validated(SALES, data).document
    stored = json.loads(json.dumps(reading.dumped(document)))
    assert stored == data
    for form in FORMS:
        text = reading.written(SALES, stored, form)
        found = reading.read(SALES, text, form)
        assert found.document == document
        assert found.data == data
        for other in FORMS:
            assert reading.read(SALES, reading.converted(text, form, other), other).data == data
        # bytes of a file say the same, with and without a mark of their order
        assert reading.read(SALES, text.encode("utf-8-sig"), form).data == data


def places_of(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(place for name, value in inner for place in places_of(value, (*path, name)))]


WRONG: list[Any] = [None, 7, True, "", [], {}, {"nowhere": 1}, "a\u202eb", "A", 3.5, -1, [[]]]


@given(documents(), st.data())
@rules(deadline=None, max_examples=120)
def test_what_does_not_validate_is_refused_with_a_place(data: dict[str, Any], draw: st.DataObject) -> None:
    path = draw.draw(st.sampled_from(places_of(data)[1:]))
    changed = copy.deepcopy(data)
    parent: Any = changed
    for part in path[:-1]:
        parent = parent[part]
    if isinstance(parent, dict) and draw.draw(st.booleans()):
        parent[draw.draw(st.sampled_from(["unknown", path[-1] + "x"]))] = parent.pop(path[-1])
    else:
        parent[path[-1]] = draw.draw(st.sampled_from(WRONG))
    is_right = True
    try:
        SALES.model.model_validate(changed)
    except ValidationError:
        is_right = False
    for form in FORMS:
        text = WRITERS[form](changed)
        found = [problem for problem in reading.problems(SALES, text, form) if not problem.is_warning]
        assert is_right or found
        for problem in found:
            assert problem.message
            assert 1 <= problem.line <= text.count("\n") + 1
            assert 1 <= problem.column <= len(text.split("\n")[problem.line - 1]) + 1


@given(st.one_of(st.text(), st.binary(), documents().map(json.dumps).map(lambda text: text[: len(text) * 2 // 3])))
@rules(deadline=None, max_examples=150)
def test_no_text_does_more_than_being_refused(source: str | bytes) -> None:
    for form in FORMS:
        found = reading.problems(SALES, source, form)
        assert any(not problem.is_warning for problem in found)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{one}: &{one} [{', '.join([f'*{other}'] * 9)}]" for other, one in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("source", "form", "line", "said"),
    [
        (BOMB, "yaml", 1, "ссылки|алиасы|aliases"),
        ("a: !!python/object/apply:os.system [ls]", "yaml", 1, "[Tt]ags|[Тт]еги"),
        ("steps: 1\n---\nsteps: 2", "yaml", 2, ""),
        ("steps: []\nsteps: []", "yaml", 2, "steps"),
        ('{"steps": [],\n "steps": []}', "json", 2, "steps"),
        ('{"steps": [1,\n]}', "json", 2, ""),
        ('{"steps": []} x', "json", 1, ""),
        ("[" * 100_000, "json", 1, "30"),
        ("[" * 100_000, "yaml", 1, "30"),
        ("steps:\n  - key: a\n    lines: [", "yaml", 4, ""),
        ("steps:\n\t- key: a", "yaml", 2, ""),
        ("steps: 1" + "0" * 5000, "yaml", 1, ""),
        ('{"steps": 1' + "0" * 5000 + "}", "json", 1, ""),
        ("steps: \x00", "yaml", 1, "U\\+0000"),
        ("Ключ: значение".encode("cp1251"), "yaml", 1, "UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "json", 1, "UTF-8"),
        ("a" * 10_000_000, "yaml", 0, "1"),
        ('{"a": "' + "a" * 10_000_000 + '"}', "json", 0, "1"),
        ("x: [" + "1, " * 200_000 + "1]", "yaml", 1, "100"),
        ("", "yaml", 1, ""),
        ("", "json", 1, ""),
    ],
)
def test_what_is_meant_to_harm_is_refused_cleanly(source: str | bytes, form: str, line: int, said: str) -> None:
    problem, *_others = reading.problems(SALES, source, form)
    assert problem.line == line
    assert re.search(said, problem.message)


def test_everything_is_said_at_once_with_what_was_expected() -> None:
    text = (
        "steps:\n"
        "  - kei: начало\n"
        "    lines: [{variants: [1]}]\n"
        "  - key: Б\n"
        "    lines: []\n"
        "triggers:\n"
        "  - {key: a, kind: wrds, to: начало}\n"
        "  - {key: b, kind: words, to: начало, action: hand_over, words: [цена]}\n"
        "hint: []\n"
    )
    found = {problem.place: problem for problem in reading.problems(SALES, text, "yaml")}
    places = {place: (problem.line, problem.column) for place, problem in found.items()}
    assert places == {
        "steps[0].key": (2, 5),
        "steps[0].kei": (2, 10),
        "steps[0].lines[0].variants[0]": (3, 25),
        "steps[1].key": (4, 10),
        "steps[1].lines": (5, 12),
        "triggers[0].kind": (7, 20),
        "triggers[1]": (8, 5),
        "hint": (9, 7),
    }
    assert "key" in found["steps[0].kei"].expected
    assert "hints" in found["hint"].expected
    assert "words" in found["triggers[0].kind"].expected


def test_structural_mistakes_have_places_too() -> None:
    text = (
        "steps:\n  - key: a\n    lines: [{variants: [Да]}]\n    transitions:\n      - intent: x\n        to: б\n"
    )
    (problem,) = reading.problems(SALES, text, "yaml")
    assert (problem.place, problem.line, problem.column) == ("steps[0].transitions[0].to", 6, 13)


def test_yaml_reads_what_json_can_say_and_nothing_else() -> None:
    text = "steps:\n  - key: да\n    title: 2026-01-01\n    lines: [{variants: [12:30, yes, 0x1f, 1_000]}]\n"
    step = reading.read(SALES, text, "yaml").document.start
    assert (step.key, step.title, step.lines[0].variants) == (
        "да",
        "2026-01-01",
        ["12:30", "yes", "0x1f", "1_000"],
    )


@pytest.mark.parametrize(
    ("comment", "place"),
    [
        ("# о шагах\n{}", (1, 1)),
        ("{}  # ещё\n", (4, 3)),
        ("{}hints:\n  - |  # о ней\n    Текст # 1\n", (5, 8)),
        ("{}hints:\n  - |\n    Текст # 1\n    # 2\n  - 'а # б'\n  - а#б\n", None),
        ("{}hints:\n  - '😀'  # в\n", (5, 10)),
    ],
)
def test_comments_do_not_vanish_in_silence(comment: str, place: tuple[int, int] | None) -> None:
    text = comment.format("steps:\n  - key: a\n    lines: [{variants: [Да]}]\n")
    found = [(problem.line, problem.column) for problem in reading.problems(SALES, text, "yaml")]
    assert found == ([place] if place else [])
    assert all(problem.is_warning for problem in reading.problems(SALES, text, "yaml"))


def test_a_stored_document_of_another_shape_is_shown_as_it_is() -> None:
    assert reading.written(SALES, {"steps": [], "was": "иначе"}, "yaml") == "steps: []\nwas: иначе\n"


def test_a_large_document_is_read_in_seconds() -> None:
    steps = [
        {"key": f"a{n}", "lines": [{"variants": ["Слово " * 30] * 5}], "max_turns": 1, "title": "Шаг"}
        for n in range(200)
    ]
    for form in FORMS:
        text = WRITERS[form]({"steps": steps})
        assert 300_000 < len(text.encode()) < reading.MAX_BYTES
        started = time.perf_counter()
        assert len(reading.read(SALES, text, form).document.steps) == 200
        assert time.perf_counter() - started < 5


def test_the_example_is_right_and_is_the_one_in_the_docs() -> None:
    found = reading.read(SALES, EXAMPLE, "yaml")
    assert found.warnings == []
    assert {step.stage for step in found.document.steps} >= {"знакомство", "потребность", "возражения", "закрытие"}
    assert found.document.step("закрытие").action == "create_education_group"
    assert {trigger.kind for trigger in found.document.triggers} == {
        "words",
        "regex",
        "intent",
        "first_message",
        "silence",
        "stage",
    }
    page = (Path(settings.BASE_DIR) / "docs" / "scripts.md").read_text(encoding="utf-8")
    assert EXAMPLE in page
