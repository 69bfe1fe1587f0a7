"""What a questionnaire comes to: the result, the programme it leads to, and the person's progress."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from diagnostics.models import (
    DiagnosticResult,
    JourneyProgress,
    Psychotype,
    Stage,
    Stream,
    StreamRoute,
    UserSession,
)
from diagnostics.scoring import Outcome
from relove import oplog, texts
from relove.models import Staff, TelegramUser

DAYS_A_MONTH = 30.44
PASSED, CURRENT, TO_COME = "✅", "🔥", "⚪️"


def store(
    session: UserSession, outcome: Outcome, answers: dict[int, int | None], now: datetime
) -> DiagnosticResult:
    """Keep the result with the deterministic words for it, and move the person's progress."""
    stage = Stage.objects.get(pk=outcome.stage)
    psychotype = Psychotype.objects.get(pk=outcome.psychotype)
    stream, reason = advised(psychotype, stage, session.language)
    result: DiagnosticResult = DiagnosticResult.objects.create(
        user=session.user,
        session=session,
        psychotype=psychotype,
        journey_stage=stage,
        scores={"psychotypes": outcome.scores.psychotypes, "stages": outcome.scores.stages},
        answers={str(question): option for question, option in answers.items()},
        recommended_stream=stream,
        stream_description=reason,
        wording_due_at=now,
        **words(psychotype, stage, session.language),
    )
    advance(session.user, stage, now, by="diagnostics")
    oplog.log_operation(
        "diagnostics",
        "success",
        user_id=session.user_id,
        subject=(DiagnosticResult._meta.db_table, result.pk),
    )
    return result


def words(psychotype: Psychotype, stage: Stage, language: str) -> dict[str, Any]:
    """The fields of a result that follow from the reference tables alone."""
    return {
        "description": psychotype.said("traits", language),
        "current_state": stage.said("description", language),
        "strengths": stage.listed("strengths", language),
        "challenges": stage.listed("challenges", language),
        "next_steps": stage.listed("next_steps", language),
        "emotional_triggers": [psychotype.said("triggers", language)],
        "resistance_points": [psychotype.said("resistance", language), stage.said("resistance", language)],
    }


def advised(psychotype: Psychotype, stage: Stage, language: str) -> tuple[Stream | None, str]:
    """The programme for a result and the reason: by both, then by stage, by psychotype, else the basic one."""
    routes = StreamRoute.objects.filter(stream__is_active=True).select_related("stream")
    for aims in ({"psychotype": psychotype, "stage": stage}, {"stage": stage}, {"psychotype": psychotype}):
        empty = {f"{field}__isnull": True for field in ("psychotype", "stage") if field not in aims}
        if route := routes.filter(**aims, **empty).first():
            return route.stream, route.said_reason(language)
    stream = Stream.objects.filter(is_basic=True, is_active=True).first()
    return stream, stream.said("description", language) if stream else ""


def told(result: DiagnosticResult, language: str) -> str:
    """The result as the person reads it: guidance, with the progress line and no pressure."""
    psychotype, stage = result.current_psychotype, result.current_stage
    stream = result.recommended_stream
    text = texts.get(
        "diagnostics.result",
        language,
        psychotype=psychotype.said("name", language),
        traits=psychotype.said("traits", language),
        stage=stage.said("name", language),
        state=stage.said("description", language),
        strengths=", ".join(stage.listed("strengths", language)),
        challenges=", ".join(stage.listed("challenges", language)),
        steps="; ".join(stage.listed("next_steps", language)),
    )
    if stream:
        name, reason = stream.said("name", language), result.stream_description
        text += "\n\n" + texts.get("diagnostics.stream", language, stream=name, reason=reason)
    return f"{text}\n\n{progress_line(stage)}"


@transaction.atomic
def correct(
    result_id: int, psychotype: Psychotype, stage: Stage, why: str, staff: Staff, now: datetime
) -> DiagnosticResult:
    """A person's judgement beside the counted one; both are kept."""
    result = DiagnosticResult.objects.select_for_update(of=("self",)).select_related("user").get(pk=result_id)
    result.corrected_psychotype, result.corrected_stage = psychotype, stage
    result.correction, result.corrected_by, result.corrected_at = why, staff, now
    result.save()
    advance(result.user, stage, now, by=staff.get_username())
    oplog.log_activity(
        "correct_diagnostics", staff_id=staff.pk, subject=(DiagnosticResult._meta.db_table, result.pk)
    )
    return result


@transaction.atomic
def forget_old(now: datetime) -> int:
    """Delete answers and results that are older than DIAGNOSTICS_MONTHS; says how many sessions."""
    limit = now - timedelta(days=settings.DIAGNOSTICS_MONTHS * DAYS_A_MONTH)
    DiagnosticResult.objects.filter(created_at__lt=limit).delete()
    old = UserSession.objects.filter(created_at__lt=limit, is_active=False, result=None)
    return old.delete()[1].get(UserSession._meta.label, 0)


# --- progress --------------------------------------------------------------------------------------------


def advance(user: TelegramUser, stage: Stage, now: datetime, by: str) -> JourneyProgress:
    """Put the person at `stage`; earlier stages count as completed, the transition is kept."""
    progress, is_new = JourneyProgress.objects.select_for_update(of=("self",)).get_or_create(
        user=user, defaults={"current_stage": stage, "stage_start_time": now}
    )
    if is_new or progress.current_stage_id != stage.pk:
        progress.transitions.append({"stage": stage.pk, "at": now.isoformat(), "by": by})
        progress.current_stage, progress.stage_start_time = stage, now
    progress.completed_stages = list(Stage.objects.filter(order__lt=stage.order).values_list("code", flat=True))
    progress.total_interactions += 1
    progress.save()
    is_last = not Stage.objects.filter(order__gt=stage.order).exists()
    come = {"completed_journey": True} if is_last else {}
    TelegramUser.objects.filter(pk=user.pk).update(hero_stage=stage.pk, started_journey=True, **come)
    return progress


def progress_line(stage: Stage) -> str:
    """✅ passed, 🔥 current, ⚪️ to come: one sign a stage."""
    orders = Stage.objects.values_list("order", flat=True)
    return "".join(
        PASSED if order < stage.order else CURRENT if order == stage.order else TO_COME for order in orders
    )
