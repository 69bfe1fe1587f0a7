"""Use cases of study groups: ask for one, pause, go on, skip, say by hand, approve, end, archive.

One transaction each, on the group's locked row.
"""

import secrets
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from accounts_mgmt import calls
from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import CHANNEL, Origin, Status
from education import engine, scenarios
from education.document import HOST, Scenario
from education.kind import NAME
from education.models import EducationGroup, GroupMessage, GroupPartner, StudentBot
from relove import llm_work, oplog
from relove.claims import claim
from relove.db import notify
from relove.language import storable
from relove.models import SessionLog, Staff, TelegramUser
from relove.testimonials import praise
from sales import live
from sales.models import SalesScript
from sales.parts import fill

State = EducationGroup.State
TABLE = "education_groups"
TEXT_LIMIT = 4096
LOST = (Status.FAILED, Status.EXPIRED, Status.CANCELLED)


def locked(group_id: int) -> EducationGroup:
    """The group's row, ours until the transaction ends."""
    rows = EducationGroup.objects.select_for_update(of=("self",), no_key=True).select_related(
        "account", "user", "chat", "call"
    )
    found: EducationGroup = rows.get(pk=group_id)
    return found


@transaction.atomic
def create(
    account: TelegramAccountSession,
    user: TelegramUser,
    now: datetime,
    *,
    script_id: int | None = None,
    asked_by: Staff | None = None,
) -> EducationGroup:
    """Ask for a group of this client; the steps are taken by the long task. Raises ValidationError.

    A client has one open group at a time: whoever asks again gets that one.
    """
    TelegramUser.objects.select_for_update(no_key=True).get(pk=user.pk)
    if found := EducationGroup.objects.filter(user=user).open().first():
        return found  # type: ignore[no-any-return]
    script = live.get(script_id) if script_id else live.in_use(NAME)
    if script is None or script.kind != NAME:
        raise ValidationError(_("No scenario of a study group is in use."))
    scenario: Scenario = script.document
    bots = free_partners(user, len(scenario.roles))
    group = EducationGroup(
        account=account,
        user=user,
        script_id=script.script_id,
        version_id=script.version_id,
        code=secrets.token_hex(4),
        asked_by=asked_by,
        due_at=now,
    )
    group.title = (fill(scenario.group.title, scenarios.values_of(group)) or scenario.group.title)[:100]
    group.session = oplog.log_session_start(
        SessionLog.Type.EDUCATION, now=now, user_id=user.pk, account_id=account.pk
    )
    group.save()
    GroupPartner.objects.bulk_create(
        GroupPartner(group=group, bot=bot, user=user, role=role.key)
        for role, bot in zip(scenario.roles, bots, strict=True)
    )
    oplog.log_activity("create_group", user_id=user.pk, subject=(TABLE, group.pk))
    notify(llm_work.CHANNEL)
    return group


def free_partners(user: TelegramUser, count: int) -> list[StudentBot]:
    """Partners this client has not met, those with the fewest open groups first. Raises ValidationError."""
    open_places = Count("places", filter=Q(places__group__state__in=("creating", "running", "paused")))
    rows = StudentBot.objects.filter(
        is_active=True,
        session__state=TelegramAccountSession.State.ACTIVE,
        session__role=TelegramAccountSession.Role.STUDENT,
        session__owner_consent_at__isnull=False,
    ).exclude(places__user=user)
    found: list[Any] = list(rows.annotate(busy=open_places).order_by("busy", "id")[:count])
    if len(found) < count:
        said = _("The scenario needs %(count)d practice partners whom this client has not met; %(free)d are free.")
        raise ValidationError(said % {"count": count, "free": len(found)})
    return found


# --- what staff do at the board -----------------------------------------------------------------------


@transaction.atomic
def pause(group_id: int, staff: Staff) -> None:
    group = locked(group_id)
    _refuse_unless(group, State.CREATING, State.RUNNING)
    group.pause(_("Paused by %(who)s.") % {"who": staff})
    group.save()
    hold_back(group, _("The group is paused."))
    _log("pause_group", group, staff)


@transaction.atomic
def resume(group_id: int, staff: Staff, now: datetime) -> None:
    """Go on where the group stood: with its making, or with its scenario."""
    group = locked(group_id)
    _refuse_unless(group, State.PAUSED)
    group.state = State.RUNNING if group.step == EducationGroup.Step.DONE else State.CREATING
    group.state_reason, group.attempts, group.due_at = "", 0, now
    if group.state == State.RUNNING and not said_here(group).exclude(status__in=LOST).exists():
        # what failed is said anew
        group.go_to(group.scene, group.beat, now)
    group.save()
    _log("resume_group", group, staff)
    notify(llm_work.CHANNEL)


@transaction.atomic
def step(group_id: int, staff: Staff, now: datetime) -> None:
    """What comes next is said now, before its time."""
    group = locked(group_id)
    _refuse_unless(group, State.RUNNING)
    group.is_hurried, group.due_at = True, now
    group.save()
    _log("step_group", group, staff)
    notify(llm_work.CHANNEL)


@transaction.atomic
def skip(group_id: int, staff: Staff, now: datetime) -> None:
    """Leave out what comes next, and wait for no answer."""
    group = locked(group_id)
    _refuse_unless(group, State.RUNNING, State.PAUSED)
    hold_back(group, _("Skipped."))
    move_on(group, now)
    group.save()
    _log("skip_group", group, staff)
    notify(llm_work.CHANNEL)


@transaction.atomic
def say(group_id: int, role: str, text: str, staff: Staff, now: datetime) -> GroupMessage:
    """A person's own words as one of the roles; the host's answer whoever waits. Raises ValidationError."""
    group = locked(group_id)
    words = storable(text).strip()
    if not words or len(words) > TEXT_LIMIT:
        raise ValidationError(_("Write a text of up to 4096 characters."))
    _refuse_claims(role, words)
    hold_back(group, _("A person has written."))
    row = new(group, role, words, GroupMessage.Purpose.HAND)
    row.origin, row.approved_by, row.approved_at = Origin.PERSON, staff, now
    send(row, now)
    refuse_for_good(row)
    if role == HOST:
        answered(group)
    _log("say_in_group", group, staff)
    return row


@transaction.atomic
def approve(group_id: int, message_id: int, text: str, staff: Staff, now: datetime) -> None:
    """Send a draft, as it is or as the person changed it. Raises ValidationError."""
    group = locked(group_id)
    row = GroupMessage.objects.select_for_update().filter(group=group, pk=message_id).drafts().first()
    if row is None:
        raise ValidationError(_("It is gone."))
    if text.strip() and text.strip() != row.text:
        row.text, row.origin = storable(text).strip(), Origin.MACHINE_EDITED
    _refuse_claims(row.role, row.text)
    row.approved_by, row.approved_at, row.failed_reason = staff, now, ""
    if row.purpose == GroupMessage.Purpose.ANSWER:
        answered(group)
    send(row, now)
    refuse_for_good(row)
    _log("approve_group_message", group, staff)


@transaction.atomic
def end(group_id: int, now: datetime, staff: Staff | None = None) -> None:
    """Say the summary and end the scenario; what is said there from now on is a person's business."""
    group = locked(group_id)
    _refuse_unless(group, State.RUNNING, State.PAUSED)
    hold_back(group, _("The group has ended."))
    finish(group, now)
    group.save()
    if staff:
        _log("end_group", group, staff)


@transaction.atomic
def archive(group_id: int, staff: Staff, now: datetime) -> None:
    """Nobody writes in the group any more; what was said stays here."""
    group = locked(group_id)
    _refuse_unless(group, State.ENDED)
    assert group.chat is not None
    group.call = calls.ask(
        group.account_id, "close_group", {"chat": group.chat.telegram_id}, now=now, asked_by=staff
    )
    group.state = State.ARCHIVED
    group.save()
    _log("archive_group", group, staff)


# --- what they and the long task share ----------------------------------------------------------------


def said_here(group: EducationGroup) -> Any:
    """The rows of the beat that the scenario stands at."""
    rows = GroupMessage.objects.filter(group=group, scene=group.scene, beat=group.beat)
    return rows.scenes().filter(created_at__gte=group.beat_since)


def new(group: EducationGroup, role: str, text: str, purpose: str) -> GroupMessage:
    """A line of one of our roles. Does not save. Raises ValidationError for a role nobody plays."""
    sender = group.account
    if role != HOST:
        place = group.partners.select_related("bot__session").filter(role=role).first()
        if place is None:
            raise ValidationError(_("Nobody plays this role."))
        sender = place.bot.session
    return GroupMessage(
        group=group,
        sender=sender,
        chat=group.chat,
        direction=GroupMessage.Direction.OUT,
        role=role,
        text=text,
        purpose=purpose,
        scene=group.scene,
        beat=group.beat if purpose == GroupMessage.Purpose.SCENE else None,
    )


def send(row: GroupMessage, now: datetime) -> None:
    row.queue(now)
    row.save()
    notify(CHANNEL)


def refuse_for_good(row: GroupMessage) -> None:
    """What the send would refuse for good, a person hears at once."""
    rows = GroupMessage.objects.filter(pk=row.pk)
    for guard in GroupMessage.guards():
        if guard.otherwise != Status.PENDING and not rows.filter(guard.condition).exists():
            raise ValidationError(str(guard.reason))


def _refuse_claims(role: str, text: str) -> None:
    """A practice partner is an AI, whoever writes for it: no life, no testimonial. Raises ValidationError."""
    words = role != HOST and (claim(text) or praise(text))
    if words:
        said = _("A practice partner is an AI and no client: “%(words)s” cannot be said in its name.")
        raise ValidationError(said % {"words": words})


def answered(group: EducationGroup) -> None:
    """Nobody waits in the group any more, so the model is asked something else."""
    group.attempts = 0
    group.save(update_fields=["attempts"])
    GroupMessage.objects.filter(group=group).waiting().update(stage=GroupMessage.Stage.NONE, stage_reason="")


def hold_back(group: EducationGroup, reason: str) -> None:
    """Take back scenes that have surely not left: they are said anew when it is their turn."""
    rows: Any = GroupMessage.objects.filter(group=group, first_attempt_at=None).scenes()
    rows.filter(status__in=(Status.DRAFT, Status.PENDING)).exclude(origin=Origin.PERSON).update(
        status=Status.CANCELLED, failed_reason=reason
    )


def move_on(group: EducationGroup, now: datetime, answer: str = "") -> None:
    """Stand before what follows; at the end say the summary. Does not save."""
    place = engine.after(scenarios.of(group), engine.Place(group.scene, group.beat), answer)
    if place is None:
        finish(group, now)
    else:
        group.go_to(place.scene, place.beat, now)


def finish(group: EducationGroup, now: datetime) -> None:
    """The summary to the client, and the end. Does not save."""
    group.summary = fill(scenarios.of(group).summary, scenarios.values_of(group)) or ""
    row = new(group, HOST, group.summary, GroupMessage.Purpose.SUMMARY)
    if SalesScript.objects.filter(pk=group.script_id, mode=SalesScript.Mode.AUTOMATIC).exists():
        send(row, now)
    else:
        row.save()
    group.state, group.ended_at, group.due_at, group.state_reason = State.ENDED, now, None, ""
    if group.session_id:
        said = GroupMessage.objects.filter(group=group, status=Status.SENT).count()
        oplog.log_session_end(group.session_id, SessionLog.Status.COMPLETED, now=now, messages=said)


def _refuse_unless(group: EducationGroup, *states: str) -> None:
    if group.state not in states:
        raise ValidationError(_("The group is %(state)s now.") % {"state": group.get_state_display()})


def _log(what: str, group: EducationGroup, staff: Staff) -> None:
    oplog.log_activity(what, staff_id=staff.pk, subject=(TABLE, group.pk))
