"""The long task's side of diagnostics: a result is put into words for staff, beside the counted one.

The person has had the counted result long before; where the model fails, the words come later or not at all.
"""

from django.conf import settings
from django.db import connection
from django.utils import timezone

from diagnostics import mapping, results
from diagnostics.models import DiagnosticResult
from relove import llm
from relove.claims import claim as claims
from relove.db import in_thread

CLAIM = """
WITH due AS (
    SELECT id FROM diagnostic_results WHERE wording_due_at <= now()
    ORDER BY wording_due_at LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE diagnostic_results r SET wording_due_at = now() + %s * interval '1 second'
FROM due WHERE r.id = due.id
RETURNING r.id
"""


def claim(limit: int) -> list[tuple[int]]:
    """Results that wait for their words, ours for a while."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [limit, settings.LLM_CLAIM_SECONDS])
        return list(cursor.fetchall())


async def advance_one(result_id: int) -> None:
    """Ask once; an answer nobody can use is not asked for again."""
    result, told, language = await in_thread(_counted, result_id)
    try:
        text = await mapping.worded(result, told, language)
    except (llm.BadAnswer, llm.Refused):
        text = ""
    except llm.LLMError as error:
        await in_thread(_store, result_id, {"wording_due_at": timezone.now() + llm.backoff(error)})
        return
    wording = "" if claims(text) else text
    await in_thread(_store, result_id, {"wording": wording, "wording_due_at": None})


def _counted(result_id: int) -> tuple[DiagnosticResult, str, str]:
    rows = DiagnosticResult.objects.select_related(
        "session", "psychotype", "journey_stage", "corrected_psychotype", "corrected_stage", "recommended_stream"
    )
    result = rows.get(pk=result_id)
    language = result.session.language if result.session else "ru"
    return result, results.told(result, language), language


def _store(result_id: int, values: dict[str, object]) -> None:
    DiagnosticResult.objects.filter(pk=result_id).update(**values)
