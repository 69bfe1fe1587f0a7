"""The main account's dialogues: what sales adds to private messages of every kind."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.private.dialogues import Ask, Dialogues, Thread, register
from accounts_mgmt.private.model import PrivateMessage
from relove import oplog
from relove.models import SessionLog
from sales import actions
from sales import live as live_versions
from sales.document import Script
from sales.matching import first_of
from sales.models import ClientConversation, ConversationMessage, SalesScript, ScriptVersion
from sales.models.scripts import Running
from sales.player import Progress
from sales.replies import why_not
from sales.strategy import Said, Strategy
from sales.touches import Touch, first_touch

KIND = "sales"
# How many of our last messages are read for the programme they offer.
OFFERS_READ = 20
# What an answer changes; the rest of a dialogue is its staff's.
MOVED = ["script", "version", "strategy", "progress", "stage", "stages", "programme"]


@register(TelegramAccountSession.Role.MAIN)
class SalesDialogues(Dialogues):
    kind = ConversationMessage

    def columns(self, thread: Thread) -> dict[str, Any]:
        return {"conversation": conversation_of(thread)}

    def rule(self, thread: Thread, row: PrivateMessage, now: datetime) -> Ask | None:
        assert isinstance(row, ConversationMessage)
        conversation = row.conversation
        heard(conversation, row, now)
        if conversation.lead == conversation.Lead.PERSON:
            return Ask(row.Stage.PERSON, conversation.lead_reason or _("A person leads this dialogue."))
        return None

    def address(self, account_id: int, user_id: int) -> str:
        return f"{reverse('admin:sales_conversationmessage_inbox')}?account={account_id}&user={user_id}"

    def queued(self, thread: Thread, row: PrivateMessage, now: datetime) -> None:
        assert isinstance(row, ConversationMessage)
        if row.progress is not None:
            settle(row.conversation, Progress.of(row.progress), row.action, now)
            if row.action == actions.HAND_OVER:
                leave_to_person(row.conversation, row.why)

    def refusals(self, thread: Thread, text: str) -> list[str]:
        version = conversation_of(thread).version
        script = document_of(version) if version else None
        return why_not(script, text, Said(thread.last_heard())) if script else []


def conversation_of(thread: Thread) -> ClientConversation:
    """The dialogue of an account with a person, begun with their first message."""
    found, is_new = ClientConversation.objects.get_or_create(account=thread.account, user=thread.user)
    if is_new:
        oplog.log_operation(
            "begin_dialogue",
            "success",
            account_id=thread.account.pk,
            user_id=thread.user.pk,
            subject=(found._meta.db_table, found.pk),
        )
    return found


def heard(conversation: ClientConversation, row: ConversationMessage, now: datetime) -> None:
    """The person has written: note when, and at the first message what brought them here."""
    conversation.heard_at = now
    if not conversation.touch_rule:
        touch = first_touch(conversation.user, row.text) or Touch("wrote_by_themselves")
        conversation.touch_rule, conversation.touch_table = touch.rule, touch.table
        conversation.touch_id = touch.row
    if conversation.lead == conversation.Lead.SCRIPT:
        begin_session(conversation, now)
    # an answer that is stored meanwhile moves the dialogue on: its columns are not ours
    conversation.save(update_fields=["heard_at", "touch_rule", "touch_table", "touch_id"])


def begin_session(conversation: ClientConversation, now: datetime) -> None:
    """A stretch of work of the script's begins, unless one is open."""
    if conversation.session_id is None:
        conversation.session = oplog.log_session_start(
            SessionLog.Type.SALES, now=now, user_id=conversation.user_id, account_id=conversation.account_id
        )
        conversation.save(update_fields=["session"])


def end_session(conversation: ClientConversation, how: str, now: datetime) -> None:
    """It ends: completed, handed over, stopped or rested. What the person writes later begins another."""
    if conversation.session_id:
        status = SessionLog.Status.COMPLETED
        oplog.log_session_end(conversation.session_id, status, now=now, how=how, stage=conversation.stage)
        conversation.session = None
        conversation.save(update_fields=["session"])


# --- by which version --------------------------------------------------------------------------------


def document_of(version: ScriptVersion) -> Script:
    document: Script = live_versions.document_of(version)
    return document


def settle_version(conversation: ClientConversation) -> ClientConversation:
    """Give a new dialogue its version, and move a running one as its publisher chose. Does not save.

    A dialogue moves only where the newer version still has the step it stands on.
    """
    script = conversation.script or _in_use()
    if script is None or script.live is None:
        return conversation
    if conversation.version is None or not conversation.stands.step:
        conversation.script, conversation.version = script, script.live
    elif script.live.running == Running.NOW:
        move(conversation)
    return conversation


def _in_use() -> SalesScript | None:
    found = live_versions.in_use(KIND)
    return SalesScript.objects.select_related("live").get(pk=found.script_id) if found else None


def move(conversation: ClientConversation) -> None:
    """Go on by the live version, if it has the step the dialogue stands on. Does not save."""
    script = conversation.script
    if script is None or script.live is None or not script.is_active or conversation.version == script.live:
        return
    if document_of(script.live).step(conversation.stands.step):
        conversation.version = script.live


def moves_at_a_step(conversation: ClientConversation, was: Progress) -> bool:
    """Whether the dialogue has come to another step, and its publisher lets it move there."""
    script = conversation.script
    waits = script is not None and script.live is not None and script.live.running == Running.NEXT_STEP
    return waits and conversation.stands.step != was.step


# --- where replies lead -------------------------------------------------------------------------------


def settle(conversation: ClientConversation, progress: Progress, action: str, now: datetime) -> None:
    """A reply is queued: the dialogue stands where it has led, and the script's action is done."""
    if conversation.version is None:
        return
    was = conversation.stands
    script = document_of(conversation.version)
    conversation.advance(progress, script)
    step = script.step(progress.step)
    if step and step.action:
        conversation.programme = _offered(conversation, script)
    if moves_at_a_step(conversation, was):
        move(conversation)
    conversation.save(update_fields=MOVED)
    if step and not step.transitions:
        end_session(conversation, "completed", now)
    known = actions.get(action) if action else None
    if known and known.run:
        known.run(conversation.pk, now)


def _offered(conversation: ClientConversation, script: Script) -> str:
    """The programme our words named last: a step that does something is where a client has chosen."""
    ours = conversation.messages.filter(direction="out", strategy=Strategy.SCRIPT).order_by("-id")
    for text in ours.values_list("text", flat=True)[:OFFERS_READ]:
        if name := first_of(text, script.settings.programmes):
            return name
    return conversation.programme


def leave_to_person(conversation: ClientConversation, reason: str) -> None:
    """The script hands over: a person leads until they hand back."""
    conversation.hand_over(reason)
    conversation.save(update_fields=["lead", "lead_reason"])
    end_session(conversation, "handed_over", timezone.now())
    last = conversation.messages.filter(direction=PrivateMessage.Direction.IN).order_by("-id").first()
    if last:
        last.stage, last.stage_reason = PrivateMessage.Stage.PERSON, reason[:255]
        last.save(update_fields=["stage", "stage_reason"])
    oplog.log_activity(
        "sales_hand_over", user_id=conversation.user_id, subject=("client_conversations", conversation.pk)
    )
