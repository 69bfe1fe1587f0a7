"""Silence: a dialogue that rests after our last word is taken up again, twice at most and only by day.

A questionnaire that rests is reminded of once, by its own clock; meanwhile the script says nothing.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q

from accounts_mgmt import contacts
from accounts_mgmt.models import Contact
from accounts_mgmt.outbox import Origin, Status
from accounts_mgmt.private import decisions
from accounts_mgmt.private.dialogues import find_thread
from accounts_mgmt.private.model import PrivateMessage
from diagnostics import services as diagnostics
from sales import diagnosing, dialogues
from sales.answering import with_known
from sales.models import ClientConversation, ConversationMessage, ScriptTrigger
from sales.player import MOST_REMINDERS, Decision, remind
from sales.replies import as_written

SHORTEST, LONGEST = timedelta(hours=1), timedelta(days=31)
AT_ONCE = 500


def look_after(now: datetime) -> int:
    """Close what rests for good, and take up what a script wants taken up; answers how many it took up."""
    end_rested(now)
    return remind_due(now) + diagnosing.remind_due(now)


def remind_due(now: datetime) -> int:
    """Take up every dialogue whose silence a trigger of its version names; answers how many."""
    ids = _resting(now).values_list("pk", flat=True)[:AT_ONCE]
    return sum(_take_up(number, now) for number in list(ids))


@transaction.atomic
def end_rested(now: datetime) -> int:
    """Close the sessions of dialogues that nobody goes on with by machine; answers how many."""
    halted = Contact.objects.filter(
        Q(stopped_at__isnull=False) | Q(crisis_at__isnull=False), user=OuterRef("user")
    )
    rows = ClientConversation.objects.filter(session__isnull=False).annotate(is_stopped=Exists(halted))
    over = Q(is_stopped=True) | Q(heard_at__lte=now - LONGEST) | Q(progress__reminders__gte=MOST_REMINDERS)
    found = list(rows.filter(over).select_for_update(of=("self",), skip_locked=True)[:AT_ONCE])
    for conversation in found:
        dialogues.end_session(conversation, "stopped" if conversation.is_stopped else "rested", now)
    return len(found)


def _resting(now: datetime) -> Any:
    """Dialogues led by a script whose last word is ours and lies long enough back."""
    sent = Q(messages__direction="out", messages__status=Status.SENT)
    rows = ClientConversation.objects.filter(
        lead=ClientConversation.Lead.SCRIPT, version__isnull=False, heard_at__gt=now - LONGEST
    )
    rows = rows.filter(Q(progress__reminders=None) | Q(progress__reminders__lt=MOST_REMINDERS))
    return rows.annotate(said_at=Max("messages__sent_at", filter=sent)).filter(said_at__lte=now - SHORTEST)


@transaction.atomic
def _take_up(conversation_id: int, now: datetime) -> bool:
    rows = ClientConversation.objects.select_related("user", "account", "version", "script")
    conversation: ClientConversation = rows.get(pk=conversation_id)
    contact = contacts.lock(conversation.user)
    if not contacts.may_nudge(contact, now) or _is_busy(conversation):
        return False
    last = conversation.messages.filter(status=Status.SENT).order_by("-id").first()
    if last is None or last.direction == PrivateMessage.Direction.IN or conversation.version is None:
        return False
    script = dialogues.document_of(conversation.version)
    silent = (now - (last.sent_at or last.created_at)).total_seconds() / 3600
    decision = remind(script, with_known(conversation), silent)
    if decision is None:
        return False
    _say(conversation, decision, now)
    return True


def _is_busy(conversation: ClientConversation) -> bool:
    """Something is on its way, waits for a person, or is being thought about."""
    waiting = Q(status__in=(Status.DRAFT, Status.PENDING, Status.SENDING, Status.UNKNOWN)) | ~Q(stage="")
    return diagnostics.is_open(conversation.user) or bool(conversation.messages.filter(waiting).exists())


def _say(conversation: ClientConversation, decision: Decision, now: datetime) -> None:
    thread = find_thread(conversation.account_id, conversation.user_id)
    if conversation.script_id:
        ScriptTrigger.objects.hit(conversation.script_id, decision.trigger, now)
    if decision.strategy is None:
        dialogues.settle(conversation, decision.progress, decision.action, now)
        if decision.hand_over:
            dialogues.leave_to_person(conversation, decision.why)
        return
    row = thread.new(PrivateMessage.Direction.OUT, as_written(decision).text, Origin.MACHINE)
    assert isinstance(row, ConversationMessage)
    row.explain(decision)
    row.purpose = PrivateMessage.Purpose.NUDGE
    row.drafted_text, row.version = row.text, conversation.version
    row.progress, row.action = decision.progress.as_json(), decision.action
    row.save()
    if conversation.script is not None and conversation.script.is_automatic:
        decisions.queue(thread, row, now)
