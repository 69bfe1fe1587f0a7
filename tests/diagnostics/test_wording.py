"""The result in a model's words, beside the counted one: asked once, kept, and missed by nobody."""

from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from diagnostics import services, wording
from diagnostics.models import DiagnosticResult
from relove.models import TelegramUser
from tests.live import running_sandbox

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def result(person: TelegramUser) -> DiagnosticResult:
    session, turn = services.start(person, "ru", NOW)
    services.answer(session.pk, "да", NOW)
    while not turn.ended:
        turn = services.answer(session.pk, "1", NOW)
    return DiagnosticResult.objects.get()


def test_a_result_is_put_into_words_once_and_a_failing_model_is_asked_again(
    settings: Any, result: DiagnosticResult
) -> None:
    ask = async_to_sync(wording.advance_one)
    with running_sandbox(settings) as telegram:
        telegram.call("POST", "llm/faults", {"kind": "500", "times": 1})
        assert wording.claim(5) == [(result.pk,)]
        assert wording.claim(5) == [], "it is in somebody's hands"
        ask(result.pk)
        result.refresh_from_db()
        assert (result.wording, bool(result.wording_due_at)) == ("", True)
        ask(result.pk)
    result.refresh_from_db()

    assert result.wording
    assert result.wording_due_at is None
    assert result.psychotype_id == "ANALYTICAL", "what was counted stands"
