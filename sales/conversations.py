"""What staff do with dialogues: take over, hand back, ask for a draft, note, assign. One transaction each.

Whoever acts holds the dialogue for two minutes: two people never answer at once.
"""

from collections.abc import Iterator
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts_mgmt.private import going_out
from accounts_mgmt.private.dialogues import find_thread
from accounts_mgmt.private.model import PrivateMessage
from relove import live, llm_work, oplog
from relove.db import notify
from relove.models import Staff
from sales import dialogues
from sales.models import ClientConversation, ConversationMessage
from sales.models.dialogues import LOCK, TOPIC
from sales.parts import first_filled
from sales.rehearsal import known_of

Stage, Lead = PrivateMessage.Stage, ClientConversation.Lead
NOTE_LIMIT = 2_000


def lock(conversation: ClientConversation, staff: Staff, now: datetime) -> None:
    """Hold the dialogue, or go on holding it. Raises ValidationError while somebody else does."""
    free = Q(locked_by=None) | Q(locked_by=staff) | Q(locked_until__lte=now)
    rows = ClientConversation.objects.filter(free, pk=conversation.pk)
    if not rows.update(locked_by=staff, locked_until=now + LOCK):
        conversation.refresh_from_db(fields=["locked_by"])
        raise ValidationError(_("%(who)s is answering here now.") % {"who": conversation.locked_by})


@transaction.atomic
def take_over(conversation: ClientConversation, staff: Staff, now: datetime) -> None:
    """A person leads: what the machine had in hand is taken back, what comes waits for a person."""
    going_out.leave_to_person(find_thread(conversation.account_id, conversation.user_id))
    _lead(conversation, staff, Lead.PERSON, _("%(who)s has taken over.") % {"who": staff})
    dialogues.end_session(conversation, "handed_over", now)


@transaction.atomic
def lead_by_hand(conversation: ClientConversation, staff: Staff) -> None:
    """Somebody wrote themselves: two voices in one dialogue are one too many."""
    _lead(conversation, staff, Lead.PERSON, _("%(who)s has answered by hand.") % {"who": staff})
    dialogues.end_session(conversation, "handed_over", timezone.now())


@transaction.atomic
def hand_back(conversation: ClientConversation, staff: Staff, now: datetime) -> None:
    """The script leads again, and answers what the person has said last."""
    _lead(conversation, staff, Lead.SCRIPT, "")
    dialogues.begin_session(conversation, now)
    _want(_unanswered(conversation))


@transaction.atomic
def propose(conversation: ClientConversation, staff: Staff) -> None:
    """Ask the machine for a draft that the person edits. Raises ValidationError where nothing is unanswered."""
    row = _unanswered(conversation)
    if row is None:
        raise ValidationError(_("There is no message to answer."))
    _want(row)


def _unanswered(conversation: ClientConversation) -> ConversationMessage | None:
    """The last message, if it is the person's, says something and stands in the chat."""
    last = find_thread(conversation.account_id, conversation.user_id).unanswered()
    assert last is None or isinstance(last, ConversationMessage)
    return last if last and last.text.strip() else None


def _want(row: ConversationMessage | None) -> None:
    if row is None:
        return
    # an answer of the model that was of no use is not asked for again under its key
    row.stage, row.stage_reason, row.next_try, row.attempts = Stage.WANTED, "", None, row.attempts + 1
    row.save(update_fields=["stage", "stage_reason", "next_try", "attempts"])
    notify(llm_work.CHANNEL, row._meta.db_table)


def _lead(conversation: ClientConversation, staff: Staff, lead: str, reason: str) -> None:
    conversation.lead, conversation.lead_reason = lead, reason[:255]
    conversation.owner = conversation.owner or staff
    conversation.save(update_fields=["lead", "lead_reason", "owner"])
    oplog.log_activity(f"dialogue_led_by_{lead}", staff_id=staff.pk, subject=_subject(conversation))
    live.publish(TOPIC)


@transaction.atomic
def note(conversation: ClientConversation, text: str, staff: Staff) -> None:
    before, conversation.note = conversation.note, text.strip()[:NOTE_LIMIT]
    conversation.save(update_fields=["note"])
    oplog.log_activity(
        "note_dialogue", staff_id=staff.pk, subject=_subject(conversation), before=before, after=conversation.note
    )
    live.publish(TOPIC)


@transaction.atomic
def assign(conversation: ClientConversation, owner: Staff | None, staff: Staff) -> None:
    conversation.owner = owner
    conversation.save(update_fields=["owner"])
    owner_id = owner.pk if owner else None
    oplog.log_activity("assign_dialogue", staff_id=staff.pk, subject=_subject(conversation), owner=owner_id)
    live.publish(TOPIC)


def _subject(conversation: ClientConversation) -> tuple[str, int]:
    return "client_conversations", conversation.pk


def ready_answers(conversation: ClientConversation) -> Iterator[tuple[str, str]]:
    """(question, answer) of the script's frequent questions, as they would be said to this client."""
    if conversation.version is None:
        return
    known = {**known_of(conversation.user, conversation.account.owner), **conversation.stands.knows}
    for response in dialogues.document_of(conversation.version).responses:
        said = [first_filled(line.variants, known) for line in response.lines]
        if text := "\n".join(filter(None, said)):
            yield response.question, text
