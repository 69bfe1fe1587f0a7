"""Scenarios as documents: what is checked, compared, shown and played; and the pure engine."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from education import engine
from education.document import Scenario
from education.engine import Place
from education.kind import EDUCATION, EXAMPLE, difference, graph, play, preview
from relove.models import TelegramUser
from sales import reading
from sales.problems import Refused

CLIENT = TelegramUser(first_name="Ольга")
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def document(**changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(EXAMPLE)
    return data | changes


def scenario(data: dict[str, Any] | None = None) -> Scenario:
    found: Scenario = reading.validated(EDUCATION, data or document()).document
    return found


def problems(data: dict[str, Any]) -> list[str]:
    with pytest.raises(Refused) as refused:
        reading.validated(EDUCATION, data)
    return [problem.place for problem in refused.value.problems]


def test_the_example_has_neither_mistakes_nor_warnings() -> None:
    assert reading.read(EDUCATION, EXAMPLE, "yaml").warnings == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda d: d["scenes"][0]["lines"][0].update(role="nobody"), "scenes[0].lines[0].role"),
        (lambda d: d["scenes"][0].update(then="nowhere"), "scenes[0].then"),
        (lambda d: d["scenes"][0]["ways"][0].update(to="nowhere"), "scenes[0].ways[0].to"),
        (lambda d: d["scenes"][1].update(key="знакомство"), "scenes[1].key"),
        (lambda d: d["roles"][0].update(key="client"), "roles[0].key"),
        (lambda d: d.update(summary="Итог: {неизвестное|нет}"), "summary"),
        (lambda d: d.update(summary="Итог: {шаг}"), "summary"),
        (lambda d: d["scenes"][0]["lines"][1].update(text="Мне помогла эта практика"), "scenes[0].lines[1].text"),
        (lambda d: d["roles"][0].update(persona="Я сама прошла этот путь"), "roles[0].persona"),
        (lambda d: d["scenes"][0]["lines"][0].update(text="Успейте сегодня"), "scenes[0].lines[0].text"),
        (lambda d: d["scenes"][1].update(then="подсказка"), "scenes[1]"),
    ],
)
def test_a_mistake_is_told_at_its_place(change: Any, place: str) -> None:
    data = document()
    change(data)
    assert place in problems(data)


def test_a_line_has_a_text_or_an_intent_and_the_day_an_order() -> None:
    data = document()
    data["scenes"][0]["lines"][0]["intent"] = "и то и другое"
    data["settings"] = {"from_hour": 20, "to_hour": 8}
    with pytest.raises(Refused):
        reading.validated(EDUCATION, data)


def test_a_scene_nobody_reaches_is_a_warning() -> None:
    data = document()
    data["scenes"][0]["ways"] = []
    found = reading.validated(EDUCATION, data)
    assert [problem.place for problem in found.warnings] == ["scenes[1]"]


def test_a_difference_names_texts_by_keys_and_what_came_and_went() -> None:
    new = document()
    new["scenes"][0]["lines"][2]["text"] = "Минут десять."
    new["scenes"].append({"key": "ещё", "lines": [{"key": "раз", "role": "host", "text": "Ещё раз"}]})
    del new["answers"][0]
    told = " ".join(change.text for change in difference(scenario(), scenario(new)))
    assert "scenes · знакомство · lines · ответ · text" in told
    assert "Минут десять." in told
    assert "ещё" in told
    assert "время" in told
    assert difference(scenario(), scenario()) == []


def test_the_preview_is_the_whole_chat_with_who_speaks() -> None:
    samples = preview(scenario(), CLIENT)
    assert "Ольга" in samples[0].text
    assert samples[1].title.endswith("Партнёр, который спрашивает")
    assert len(samples) == sum(len(engine.beats(scene)) for scene in scenario().scenes) + 1


def test_the_player_follows_the_answers_to_the_summary() -> None:
    first = play(scenario(), {}, "Здравствуйте", CLIENT)
    assert "поработать" in first.reply
    aside = play(scenario(), first.state, "А сколько времени это займёт?", CLIENT)
    assert "минут пять" in aside.reply
    assert aside.state == first.state
    second = play(scenario(), first.state, "Хочу меньше откладывать", CLIENT)
    assert "первый шаг" in second.reply
    end = play(scenario(), second.state, "Позвонить маме", CLIENT)
    assert "Хочу меньше откладывать" in end.reply
    assert "Позвонить маме" in end.reply


def test_an_answer_takes_the_first_way_that_fits() -> None:
    asked = Place("знакомство", 3)
    assert engine.after(scenario(), asked, "Я не знаю") == Place("подсказка")
    assert engine.after(scenario(), asked, "Работа") == Place("задание")
    assert engine.after(scenario(), Place("завершение", 0)) is None


def test_beats_keep_their_minutes_and_the_hours_of_the_day() -> None:
    beat = engine.beats(scenario().scenes[2])[0]
    assert engine.due(beat, NOON, (8, 22)) == NOON + timedelta(minutes=2)
    assert engine.due(beat, NOON.replace(hour=23), (8, 22)) == NOON.replace(day=11, hour=8)
    assert engine.due(beat, NOON.replace(hour=3), (8, 22)) == NOON.replace(hour=8)


def test_the_graph_shows_every_way() -> None:
    found = graph(scenario())
    assert {(edge.origin, edge.to) for edge in found.edges} >= {
        ("знакомство", "подсказка"),
        ("знакомство", "задание"),
        ("задание", "завершение"),
    }
