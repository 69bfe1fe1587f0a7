"""The long task's side of study groups: a claimed group is made further, answers a person, or says what is due.

A group is advanced under its row's lock, in one transaction that also writes what is said; words that the
model has to find are asked for outside of it and kept by relove.llm, so that a group begun again pays nothing
twice. A beat counts as said when its row is sent; a row that was taken back is written anew.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeGuard

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import Origin, Status
from education import building, engine, hearing, scenarios, services
from education.document import HOST, Scenario
from education.engine import Beat, Place
from education.models import EducationGroup, GroupMessage
from relove import llm, texts, zones
from relove.db import in_thread
from relove.prompting import Message, fenced, mask, system, user
from sales.models import SalesScript
from sales.parts import fill
from sales.replies import why_not
from sales.strategy import LANGUAGE_NAMES, REPLY_LIMIT, Said, Wording, key_of

State, Stage, Purpose = EducationGroup.State, GroupMessage.Stage, GroupMessage.Purpose
SOON, PATIENCE = timedelta(seconds=1), timedelta(seconds=30)
CONTEXT, MATERIAL, TRIES = 20, 4_000, 3
MADE = (Status.DRAFT, Status.PENDING, Status.SENDING, Status.UNKNOWN)

CLAIM = """
WITH due AS (
    SELECT id FROM education_groups
    WHERE state IN ('creating', 'running') AND due_at <= now()
      AND (claimed_until IS NULL OR claimed_until < now())
    ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE education_groups g SET claimed_until = now() + %s * interval '1 second'
FROM due WHERE g.id = due.id
RETURNING g.id
"""


def claim(limit: int) -> list[tuple[int]]:
    """Groups whose turn it is, ours for a while."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [limit, settings.LLM_CLAIM_SECONDS])
        return list(cursor.fetchall())


class HostAnswer(Wording):
    """What the host answers a member. The other two can only bring a person in, they clear nothing."""

    crisis: bool
    is_covered: bool


@dataclass(frozen=True, slots=True)
class Task:
    """What the model is to word: a partner's or the host's line, or the host's answer to a message."""

    group: EducationGroup
    scenario: Scenario
    role: str
    purpose: str
    intent: str
    said: Said
    about: int = 0


async def advance_one(group_id: int) -> None:
    """Take one step of a claimed group; the model is asked between two transactions."""
    try:
        task = await in_thread(advance, group_id, timezone.now())
        if task is not None:
            await _word(task)
    finally:
        await in_thread(EducationGroup.objects.filter(pk=group_id).update, claimed_until=None)


@transaction.atomic
def advance(group_id: int, now: datetime) -> Task | None:
    """What can be done at once is done; what the model has to word is answered."""
    group = services.locked(group_id)
    if group.state in (State.CREATING, State.RUNNING) and (reason := _held_up(group)):
        # the scenario would wait for ever, and nobody would know what for
        group.pause(reason)
        group.save()
    elif group.state == State.CREATING:
        building.advance(group, now)
    elif group.state == State.RUNNING:
        task = _play(group, now)
        group.save()
        return task
    return None


def _held_up(group: EducationGroup) -> str:
    """Why a row of the group goes no further without a person; "" where none is held up."""
    halted = Q(set_aside=True) | ~Q(sender__state=TelegramAccountSession.State.ACTIVE)
    row = GroupMessage.objects.filter(halted, group=group).unsettled().select_related("sender").first()
    if row is None:
        return ""
    if row.set_aside:
        return row.failed_reason or str(row.get_status_display())
    why = row.sender.state_reason or row.sender.get_state_display()
    return _("%(account)s does not write: %(why)s") % {"account": row.sender, "why": why}


def _play(group: EducationGroup, now: datetime) -> Task | None:
    scenario = scenarios.of(group)
    group.due_at, group.state_reason = now + SOON, ""
    rows = GroupMessage.objects.filter(group=group)
    if waiting := rows.waiting().order_by("id").last():
        return _reply(group, scenario, waiting, now)
    place = Place(group.scene, group.beat)
    beat = engine.beat_at(scenario, place)
    if beat is None:
        services.finish(group, now)
        return None
    row = services.said_here(group).exclude(status=Status.CANCELLED).order_by("id").last()
    if row is not None:
        _after(group, beat, row, now)
        return None
    if rows.unsettled().exists():
        return None
    return _say(group, scenario, beat, now)


def _say(group: EducationGroup, scenario: Scenario, beat: Beat, now: datetime) -> Task | None:
    """Say the beat if its time has come."""
    assert group.beat_since is not None
    hours = (scenario.settings.from_hour, scenario.settings.to_hour)
    there = group.user.zone
    due = engine.due(beat, zones.local(there, group.beat_since), hours)
    at = engine.due(beat, zones.local(there, now) - timedelta(minutes=beat.after), hours)
    # the hours of the client's day hold for what is late as well
    when = now if group.is_hurried else max(due, at)
    if when > now:
        group.due_at = when
        return None
    values = scenarios.values_of(group)
    if beat.text:
        _write(group, beat.role, fill(beat.text, values) or beat.text, Purpose.SCENE, now)
        return None
    intent = fill(beat.intent, values) or beat.intent
    return Task(group, scenario, beat.role, Purpose.SCENE, intent, _heard(group, ""))


def _after(group: EducationGroup, beat: Beat, row: GroupMessage, now: datetime) -> None:
    """What became of the beat's row."""
    if row.status == Status.SENT:
        if beat.waits:
            _wait_for_answer(group, beat, row, now)
        else:
            services.move_on(group, now)
    elif row.status == Status.REJECTED:
        services.move_on(group, now)
    elif row.status not in MADE:
        group.pause(row.failed_reason or row.get_status_display())


def _wait_for_answer(group: EducationGroup, beat: Beat, row: GroupMessage, now: datetime) -> None:
    """The client's first message since the question is its answer; without one the scenario goes on in time."""
    assert row.sent_at is not None
    heard = GroupMessage.objects.filter(group=group, direction="in", user=group.user, sent_at__gte=row.sent_at)
    first = heard.filter(id__gt=row.pk).order_by("id").first()
    if first is not None:
        group.knows = {**group.knows, beat.remember: first.text[:500]}
        services.move_on(group, now, first.text)
    elif now >= row.sent_at + timedelta(hours=beat.hours):
        services.move_on(group, now)
    else:
        group.due_at = min(now + PATIENCE, row.sent_at + timedelta(hours=beat.hours))


# --- answering a person -------------------------------------------------------------------------------


def _reply(group: EducationGroup, scenario: Scenario, row: GroupMessage, now: datetime) -> Task | None:
    """The host answers before the scenario goes on: by the scenario's own words, or by the model's."""
    drafted = GroupMessage.objects.filter(group=group, purpose=Purpose.ANSWER).drafts().exists()
    if row.stage == Stage.PERSON or drafted:
        group.due_at = now + PATIENCE
        return None
    values = scenarios.values_of(group)
    if ready := engine.ready_answer(scenario, row.text):
        _write(group, HOST, fill(ready, values) or ready, Purpose.ANSWER, now)
        return None
    return Task(group, scenario, HOST, Purpose.ANSWER, "", _heard(group, row.text), row.pk)


def _heard(group: EducationGroup, text: str) -> Said:
    """What was said lately, oldest first; names are masked before anything leaves for a model."""
    rows = GroupMessage.objects.filter(group=group, status=Status.SENT).order_by("-id")[:CONTEXT]
    talk = [(row.direction == "out", row.text) for row in reversed(rows)]
    client = group.user
    names = tuple(filter(None, (client.first_name, client.last_name, client.username)))
    return Said(text, talk, names)


async def _word(task: Task) -> None:
    try:
        answer, reason = await _worded(task)
    except llm.LLMError as error:
        await in_thread(_failed, task, error, timezone.now())
    else:
        await in_thread(_store, task, answer, reason, timezone.now())


async def _worded(task: Task) -> tuple[llm.Answer[Wording], str]:
    """(the model's answer, why a person has to look at it). Raises LLMError."""
    shape = HostAnswer if task.purpose == Purpose.ANSWER else Wording
    # a key whose answer was of no use gets no other one: a later attempt, or a person's "go on", is a new question
    asked = f"group_{task.purpose} {task.group.beat_since} {task.group.attempts}"
    for number in range(TRIES):
        messages = await in_thread(prompt, task)
        key = key_of(asked, task.about or task.group.pk, number, messages)
        subject = ("education_groups", task.group.pk)
        answer: llm.Answer[Wording] = await llm.ask("group_line", shape, messages, key=key, subject=subject)
        reasons = why_not(task.scenario, answer.value.text.strip(), task.said)
        if not reasons or _asks_for_person(answer.value):
            return answer, ""
    return answer, " ".join(reasons)


def _asks_for_person(value: Wording) -> TypeGuard[HostAnswer]:
    return isinstance(value, HostAnswer) and (value.crisis or not value.is_covered)


def prompt(task: Task) -> list[Message]:
    """Persona and scenario are ours; what people wrote stands masked between marks."""
    language = scenarios.language_of(task.said.text or task.scenario.summary)
    role = task.scenario.role(task.role)
    key = "prompt.host" if role is None else "prompt.partner"
    parts = [
        texts.get(key, language, answer_language=LANGUAGE_NAMES[language], limit=REPLY_LIMIT),
        fenced(role.persona, "persona") if role else "",
        fenced("\n".join(task.scenario.said())[:MATERIAL], "script"),
    ]
    talk = "\n".join(f"{'—' if ours else '>'} {text}" for ours, text in task.said.dialogue)
    asked = [fenced(mask(talk, task.said.names).text, "dialogue")]
    asked.append(fenced(task.intent, "line") if task.intent else "")
    asked.append(fenced(mask(task.said.text, task.said.names).text, "message") if task.said.text else "")
    return [system("\n".join(filter(None, parts))), user("\n".join(filter(None, asked)))]


@transaction.atomic
def _store(task: Task, answer: llm.Answer[Wording], reason: str, now: datetime) -> None:
    """Keep the words, if the group still stands where they belong; or leave the message to a person."""
    group = services.locked(task.group.pk)
    if not _is_still_asked(group, task):
        return
    group.attempts = 0
    group.save(update_fields=["attempts"])
    if _asks_for_person(answer.value):
        hearing.leave_to_person(group, GroupMessage.objects.get(pk=task.about), now, is_crisis=answer.value.crisis)
        return
    _write(group, task.role, answer.value.text.strip(), task.purpose, now, reason, answer)


def _is_still_asked(group: EducationGroup, task: Task) -> bool:
    """Whether the locked group still stands where the task's words belong."""
    rows = GroupMessage.objects.filter(group=group)
    wanted = rows.filter(pk=task.about, stage=Stage.WANTED).exists() if task.about else not rows.waiting().exists()
    here = (group.scene, group.beat) == (task.group.scene, task.group.beat)
    return group.state == State.RUNNING and wanted and here


def _write(
    group: EducationGroup,
    role: str,
    text: str,
    purpose: str,
    now: datetime,
    reason: str = "",
    answer: llm.Answer[Wording] | None = None,
) -> None:
    """Queue a line of the machine; a draft for a person where the script wants one, or there is a reason."""
    row = services.new(group, role, text, purpose)
    row.origin = Origin.MACHINE
    if answer is not None:
        row.model, row.llm_call_id = answer.model, answer.call_id
    by_itself = SalesScript.objects.filter(pk=group.script_id, mode=SalesScript.Mode.AUTOMATIC).exists()
    if reason or not by_itself:
        row.failed_reason = reason[:255]
        row.save()
        return
    if purpose == Purpose.ANSWER:
        services.answered(group)
    services.send(row, now)


@transaction.atomic
def _failed(task: Task, error: llm.LLMError, now: datetime) -> None:
    """Nothing is said instead. A model that does not answer is waited for; after some useless answers to the same
    question a person takes over: answers the member, or looks why the scenario does not go on."""
    group = services.locked(task.group.pk)
    if not _is_still_asked(group, task):
        return
    reason = _("The language model failed (%(error)s).") % {"error": error}
    group.attempts += error.permanent
    if group.attempts < TRIES:
        group.state_reason = reason[:255]
        group.due_at = now + llm.backoff(error)
    else:
        group.attempts = 0
        if task.about:
            wanted = GroupMessage.objects.filter(pk=task.about, stage=Stage.WANTED)
            wanted.update(stage=Stage.PERSON, stage_reason=reason[:255])
        else:
            group.pause(reason)
    group.save()
