"""What the customer's former system knows comes in as JSON, keyed by Telegram id, and goes out the same way."""

import json
from typing import Any

import pytest
import tablib

from diagnostics.admin.resources import ProgressResource, ResultResource, SessionResource
from diagnostics.models import DiagnosticResult, JourneyProgress, UserSession
from relove.admin.people import PersonResource
from relove.exports import SafeResource
from relove.models import TelegramUser

RESULT = {
    "telegram_id": 501,
    "psychotype": "emotional",
    "journey_stage": "REFUSAL",
    "answers": {"1": "b", "2": "a"},
    "scores": {},
    "description": "=слышит других",
    "strengths": ["чуткость", "верность"],
    "challenges": ["страх"],
    "emotional_triggers": [],
    "logical_patterns": [],
    "current_state": "ждёт",
    "next_steps": ["малый шаг"],
    "emotional_state": "",
    "resistance_points": [],
    "recommended_stream": "Путь Героя",
    "stream_description": "основная",
    "created_at": "2025-03-01 10:00:00",
    "updated_at": "2025-04-02 11:00:00",
}
SESSION = {
    "telegram_id": 501,
    "session_type": "diagnostic",
    "state": "completed",
    "conversation_history": [{"by": "us", "text": "Вопрос"}, {"by": "person", "text": "Ответ"}],
    "identified_patterns": ["избегание"],
    "core_issue": "страх",
    "question_count": 7,
    "session_data": {"старое": True},
    "is_active": "0",
    "created_at": "2025-03-01 09:00:00",
    "completed_at": "2025-03-01 10:00:00",
}
PROGRESS = {
    "telegram_id": 501,
    "current_stage": "refusal",
    "completed_stages": ["ORDINARY_WORLD", "CALL_TO_ADVENTURE"],
    "stage_start_time": "2025-03-01 10:00:00",
    "total_interactions": 4,
    "emotional_responses": ["тревога"],
    "transitions": [],
    "created_at": "2025-02-01 10:00:00",
}
TABLES = [(ResultResource, RESULT), (SessionResource, SESSION), (ProgressResource, PROGRESS)]


def brought_in(resource: SafeResource, *rows: dict[str, Any], dry_run: bool = False) -> Any:
    data = tablib.Dataset()
    data.load(json.dumps(rows, ensure_ascii=False), format="json")
    return resource.import_data(data, dry_run=dry_run)


@pytest.mark.parametrize(("resource", "row"), TABLES)
def test_a_round_trip_changes_nothing(person: TelegramUser, resource: Any, row: dict[str, Any]) -> None:
    first = brought_in(resource(), row)
    exported = json.loads(resource().export().json)
    second = brought_in(resource(), *exported)

    assert not first.has_errors()
    assert first.totals["new"] == 1
    assert not second.has_errors()
    assert second.totals["new"] == 0
    assert json.loads(resource().export().json) == exported
    assert exported[0]["updated_at"].startswith(row.get("updated_at", "")), "as the former system had it"


def test_what_came_in_is_there(person: TelegramUser) -> None:
    for resource, row in TABLES:
        brought_in(resource(), row)
    result = DiagnosticResult.objects.get()

    assert (result.psychotype_id, result.journey_stage_id) == ("EMOTIONAL", "REFUSAL")
    assert result.strengths == ["чуткость", "верность"]
    assert result.answers == {"1": "b", "2": "a"}
    assert result.created_at.year == 2025
    assert UserSession.objects.get().conversation_history[1]["text"] == "Ответ"
    assert JourneyProgress.objects.get().completed_stages == ["ORDINARY_WORLD", "CALL_TO_ADVENTURE"]


@pytest.mark.parametrize(
    "wrong",
    [{"telegram_id": 999}, {"journey_stage": "NOWHERE"}, {"psychotype": "MYSTIC"}, {"strengths": "не список"}],
)
def test_a_conflict_is_told_in_the_dry_run(person: TelegramUser, wrong: dict[str, Any]) -> None:
    outcome = brought_in(ResultResource(), RESULT, RESULT | wrong, dry_run=True)

    assert outcome.has_errors() or outcome.has_validation_errors()
    assert not DiagnosticResult.objects.exists()


def test_people_come_in_by_telegram_id(db: None) -> None:
    row = {"telegram_id": 77, "first_name": "Ира", "profile": {"город": "Омск"}, "streams": ["Путь Героя"]}
    rest = {"username": "", "last_name": "", "gender": "", "history_summary": "", "profile_version": 2}
    more = {"hero_stage": "REFUSAL", "markers": {}, "is_active": 1, "last_seen_date": None, "zone": "Asia/Omsk"}
    come = {"started_journey": 1, "completed_journey": 0, "visited_platform": 1, "bought_programme": 0}
    whole = row | rest | more | come | {"registration_date": "2024-01-05 10:00:00"}
    outcome = brought_in(PersonResource(), whole)
    person = TelegramUser.objects.get(telegram_id=77)

    assert not outcome.has_errors()
    assert person.profile == {"город": "Омск"}
    assert (person.visited_platform, person.bought_programme, person.registration_date.year) == (True, False, 2024)
    again = brought_in(PersonResource(), *json.loads(PersonResource().export().json))
    assert (again.has_errors(), again.totals["new"]) == (False, 0)
    assert brought_in(PersonResource(), whole | {"telegram_id": 78, "zone": "Луна"}).has_validation_errors()
