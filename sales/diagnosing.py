"""A diagnosis held in a dialogue: the script begins it, diagnostics says what to say, we say it.

The questionnaire's texts are fixed ones: once a script has begun it, they leave without another approval.
Each message is taken in by the same transaction that queues the next question; words that a model has to read
wait in diagnostics meanwhile, and are found again there by whoever goes on.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts_mgmt import contacts
from accounts_mgmt.models import Contact
from accounts_mgmt.outbox import Origin
from accounts_mgmt.private import coming_in, decisions
from accounts_mgmt.private.dialogues import find_thread
from accounts_mgmt.private.model import PrivateMessage
from diagnostics import mapping
from diagnostics import services as diagnostics
from relove.db import in_thread
from relove.language import detect_language
from relove.models import TelegramUser
from sales import actions
from sales.models import ClientConversation, ConversationMessage
from sales.querysets import DIAGNOSIS
from sales.rehearsal import names_of

Stage = PrivateMessage.Stage


def start(conversation_id: int, now: datetime) -> None:
    """The script's action: ask for consent, or go on where the person stopped."""
    conversation = ClientConversation.objects.select_related("user").get(pk=conversation_id)
    heard = conversation.messages.filter(direction="in").order_by("-id").first()
    language = detect_language(heard.text if heard else "") or "ru"
    _session, turn = diagnostics.start(conversation.user, language, now)
    _say(conversation, turn.text, now)


actions.register(actions.Action("start_diagnostics", _("begin a diagnosis"), start))


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether a message belonged to a diagnosis; `reading` is what a model has to read first."""

    is_ours: bool
    reading: diagnostics.Reading | None = None


async def take(row: ConversationMessage, text: str) -> bool:
    """Answer a message that belongs to a diagnosis; False leaves it to the script. Raises LLMError."""
    taken = await in_thread(_hear, row, text, timezone.now())
    if taken.reading is not None:
        try:
            option = await mapping.option_of(taken.reading, names_of(row.user))
        except mapping.Crisis:
            await in_thread(_alarm, row, timezone.now())
            return True
        await in_thread(_read, row, taken.reading, option, timezone.now())
    return taken.is_ours


def _hear(row: ConversationMessage, text: str, now: datetime) -> Taken:
    """Most messages belong to none: they are let through without a transaction."""
    belongs = diagnostics.hears(row.user, text) or diagnostics.progress(row.user, text, "ru")
    return _taken(row, text, now) if belongs else Taken(False)


@transaction.atomic
def _taken(row: ConversationMessage, text: str, now: datetime) -> Taken:
    session = diagnostics.hears(row.user, text)
    told = diagnostics.progress(row.user, text, detect_language(text) or "ru")
    if not (session or told) or not _still_waits(row):
        return Taken(bool(session or told))
    if told or session is None:
        _done(row, told, now)
        return Taken(True)
    if reading := diagnostics.unread(session):
        return Taken(True, reading)
    turn = diagnostics.answer(session.pk, text, now)
    if turn.reading is None:
        _done(row, turn.text, now)
    return Taken(True, turn.reading)


@transaction.atomic
def _read(row: ConversationMessage, reading: diagnostics.Reading, option: int | None, now: datetime) -> None:
    if _still_waits(row):
        _done(row, diagnostics.mapped(reading, option, now).text, now)


@transaction.atomic
def _alarm(row: ConversationMessage, now: datetime) -> None:
    """The model took an answer for a cry for help: the questionnaire ends without a word, a person takes over."""
    if _still_waits(row):
        coming_in.alarm(row, now)
        diagnostics.stop(row.user, now)


def _still_waits(row: ConversationMessage) -> bool:
    rows = ConversationMessage.objects.select_for_update().filter(pk=row.pk, stage=Stage.WANTED, text=row.text)
    return bool(rows.exists())


def _done(row: ConversationMessage, text: str, now: datetime) -> None:
    # what else came meanwhile was said to the same question, and is answered by the next one
    ConversationMessage.objects.filter(conversation=row.conversation, stage=Stage.WANTED).update(step=DIAGNOSIS)
    ConversationMessage.objects.filter(pk=row.pk).update(stage=Stage.NONE, stage_reason="")
    _say(row.conversation, text, now)


# --- silence ------------------------------------------------------------------------------------------


def remind_due(now: datetime) -> int:
    """Remind of questionnaires that have rested for a day, once; answers how many people were reminded.

    Who was reminded in vain is left in peace, and who wants nothing automatic has no questionnaire any more.
    """
    diagnostics.rest(now)
    for contact in Contact.objects.halted().filter(user__in=diagnostics.under_way()).select_related("user"):
        diagnostics.stop(contact.user, now)
    return sum(_remind(session_id, user_id, now) for session_id, user_id in diagnostics.silent(now))


@transaction.atomic
def _remind(session_id: int, user_id: int, now: datetime) -> bool:
    contact = contacts.lock(TelegramUser.objects.get(pk=user_id))
    rows = ClientConversation.objects.filter(user=user_id, account=contact.account_id, lead="script")
    conversation = rows.select_related("user", "account").first()
    if conversation is None or not contacts.may_nudge(contact, now):
        return False
    turn = diagnostics.remind(session_id, now)
    _say(conversation, turn.text, now, PrivateMessage.Purpose.NUDGE)
    return bool(turn.text)


def _say(conversation: ClientConversation, text: str, now: datetime, purpose: str = "") -> None:
    if not text:
        return
    thread = find_thread(conversation.account_id, conversation.user_id)
    row = thread.new(PrivateMessage.Direction.OUT, text, Origin.MACHINE)
    assert isinstance(row, ConversationMessage)
    row.drafted_text, row.step, row.purpose = text, DIAGNOSIS, purpose
    decisions.queue(thread, row, now)
