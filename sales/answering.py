"""Answers of the main account: from a claimed message to a reply, a draft, or a person with a reason.

Rows, stages and claims are accounts_mgmt.private's; what the model returned is kept by relove.llm, so an
analysis that reached us is never paid for again. The reply is stored, the dialogue moved and the row queued
in one transaction that holds only while the message still waits: an answer leaves once.
"""

import time
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts_mgmt.outbox import Origin, Status
from accounts_mgmt.private import coming_in, decisions, drafting
from accounts_mgmt.private.dialogues import thread_of
from accounts_mgmt.private.model import PrivateMessage
from relove import llm, oplog
from relove.db import in_thread
from relove.faultpoints import reach
from sales import diagnosing, dialogues
from sales.document import Script
from sales.models import ClientConversation, ConversationMessage, ScriptTrigger
from sales.player import Decision, Progress, play
from sales.rehearsal import known_of, names_of
from sales.replies import Reply, worded
from sales.strategy import Analysis, Question, Said, Strategy, analyse

SUBJECT = "conversation_messages"
# Read once a process, and not with every message (sales.live).
DOCUMENTS = (
    "conversation__version__content",
    "conversation__script__content",
    "conversation__script__live__content",
)
# What is kept with a message that was decided.
EXPLAINED = (
    *("score", "threshold", "strategy", "trigger", "response", "step", "why", "analysis"),
    *("version", "tokens", "cost", "model", "stage", "stage_reason"),
)
Stage, Direction = PrivateMessage.Stage, PrivateMessage.Direction


def claim(limit: int) -> list[tuple[int]]:
    return drafting.claim(ConversationMessage, limit)


@dataclass(frozen=True, slots=True)
class Setting:
    """What an answer is made with; `said` holds all messages since our last one."""

    row: ConversationMessage
    conversation: ClientConversation
    script: Script | None
    said: Said

    @property
    def progress(self) -> Progress:
        return with_known(self.conversation)

    @property
    def about(self) -> Question:
        return Question(SUBJECT, self.row.pk, self.row.attempts)


def with_known(conversation: ClientConversation) -> Progress:
    """Where the dialogue stands, with what the account knows without asking."""
    stands = conversation.stands
    return replace(stands, knows={**known_of(conversation.user, conversation.account.owner), **stands.knows})


@dataclass(frozen=True, slots=True)
class Answered:
    """What the model and the engine made of a message."""

    analysis: llm.Answer[Analysis] | None
    decision: Decision
    reply: Reply

    @property
    def tokens(self) -> int:
        return sum(tokens for tokens, _cost in self._paid())

    @property
    def cost(self) -> Decimal:
        return sum((cost for _tokens, cost in self._paid()), Decimal(0))

    def _paid(self) -> list[tuple[int, Decimal]]:
        answers = (self.analysis, self.reply.answer)
        return [(each.prompt_tokens + each.completion_tokens, each.cost) for each in answers if each]


async def advance_one(message_id: int) -> None:
    """Answer a claimed message; a model that does not answer is waited for, and sends nothing."""
    setting = await in_thread(find_setting, message_id)
    if setting.row.stage != Stage.WANTED:
        # a claim that ran out: somebody else has answered meanwhile
        await in_thread(drafting.release, setting.row)
        return
    started, error = time.monotonic(), _("It was broken off.")
    try:
        error = await _answer(setting)
    except llm.LLMError as failure:
        error = str(failure) or type(failure).__name__
        await in_thread(drafting.wait, setting.row, failure, timezone.now())
    finally:
        await in_thread(_ended, setting, started, error)


def find_setting(message_id: int) -> Setting:
    rows = ConversationMessage.objects.select_related("sender", "user", "chat")
    rows = rows.select_related("conversation__version", "conversation__script__live").defer(*DOCUMENTS)
    row: ConversationMessage = rows.get(id=message_id)
    conversation = dialogues.settle_version(row.conversation)
    conversation.account, conversation.user = row.sender, row.user
    script = dialogues.document_of(conversation.version) if conversation.version else None
    before, fresh = _heard(row)
    return Setting(row, conversation, script, Said("\n".join(fresh), before, names_of(conversation.user)))


def _heard(row: ConversationMessage) -> tuple[list[tuple[bool, str]], list[str]]:
    """What stood in the chat up to our last message, and what the person has said since."""
    stood = (Status.SENT, Status.PENDING, Status.SENDING, Status.UNKNOWN)
    rows = ConversationMessage.objects.filter(conversation=row.conversation, status__in=stood, id__lt=row.pk)
    said = list(rows.order_by("-id").values_list("direction", "text")[: drafting.CONTEXT])
    before = [(direction == Direction.OUT, text) for direction, text in reversed(said)]
    fresh = [row.text]
    while before and not before[-1][0]:
        fresh.insert(0, before.pop()[1])
    return before, [text for text in fresh if text.strip()]


async def _answer(setting: Setting) -> str:
    """Why there is no answer; empty where there is one."""
    if await diagnosing.take(setting.row, setting.row.text):
        return ""
    if setting.script is None:
        reason = _("No script is live: a person answers.")
        await in_thread(drafting.to_person, setting.row, reason)
        return reason
    try:
        analysis = await analyse(setting.script, setting.progress.step, setting.said, setting.about)
    except (llm.BadAnswer, llm.Refused) as error:
        reason = _("The message could not be analysed (%(error)s).") % {"error": error}
        decision = play(setting.script, setting.progress, setting.said.text, None)
        await in_thread(store, setting, Answered(None, decision, Reply("", reason)), timezone.now())
        return reason
    if analysis.value.crisis:
        await in_thread(coming_in.alarm, setting.row, timezone.now())
        return ""
    decision = play(setting.script, setting.progress, setting.said.text, analysis.value)
    if decision.strategy is None and setting.conversation.lead == ClientConversation.Lead.PERSON:
        # whoever leads has asked for words, where the script has none
        decision = replace(decision, strategy=Strategy.FREE)
    reply = Reply("")
    if decision.strategy:
        reply = await worded(setting.script, decision, analysis.value.tone, setting.said, setting.about)
    await in_thread(store, setting, Answered(analysis, decision, reply), timezone.now())
    reach("reply_stored")
    return ""


@transaction.atomic
def store(setting: Setting, made: Answered, now: datetime) -> ConversationMessage | None:
    """Keep what was decided, and send, propose or hand over. None where the dialogue has gone on meanwhile."""
    if not _explain(setting.row, made):
        return None
    conversation = setting.conversation
    conversation.strategy = made.decision.strategy or "person"
    _count(conversation, made.decision, now)
    draft = _reply_row(setting, made) if made.reply.text else None
    if _is_automatic(conversation) and not made.reply.refusal:
        _go_on(conversation, draft, made.decision, now)
    else:
        conversation.save(update_fields=["strategy", "script", "version"])
        _ask_person(setting.row, draft, made)
    return draft


def _is_automatic(conversation: ClientConversation) -> bool:
    """A person who leads asks for drafts alone."""
    script = conversation.script
    return script is not None and script.is_automatic and conversation.lead == conversation.Lead.SCRIPT


def _explain(row: ConversationMessage, made: Answered) -> bool:
    """Keep why; False where the message waits no longer. The row is ours until the transaction ends."""
    wanted = ConversationMessage.objects.filter(pk=row.pk, stage=Stage.WANTED, text=row.text)
    row.explain(made.decision)
    row.why = " ".join(filter(None, (row.why, made.reply.why, made.reply.refusal)))
    row.analysis = made.analysis.value.model_dump() if made.analysis else None
    row.version, row.tokens, row.cost = row.conversation.version, made.tokens, made.cost
    row.model = made.analysis.model if made.analysis else ""
    row.stage, row.stage_reason = Stage.NONE, ""
    return bool(wanted.update(**{name: getattr(row, name) for name in EXPLAINED}))


def _count(conversation: ClientConversation, decision: Decision, now: datetime) -> None:
    if decision.trigger and conversation.script_id:
        ScriptTrigger.objects.hit(conversation.script_id, decision.trigger, now)


def _reply_row(setting: Setting, made: Answered) -> ConversationMessage:
    """A draft with its reason. The dialogue moves when it is sent. Does not save."""
    thread, conversation = thread_of(setting.row), setting.conversation
    draft = thread.new(Direction.OUT, made.reply.text, Origin.MACHINE, conversation=conversation)
    assert isinstance(draft, ConversationMessage)
    draft.explain(made.decision)
    source = made.reply.answer or made.analysis
    draft.why, draft.analysis = setting.row.why, setting.row.analysis
    draft.drafted_text, draft.version_id = made.reply.text, setting.row.version_id
    draft.tokens, draft.cost = made.tokens, made.cost
    if source:
        draft.model, draft.llm_call_id = source.model, source.call_id
    draft.progress, draft.action = made.decision.progress.as_json(), made.decision.action
    return draft


def _go_on(
    conversation: ClientConversation, draft: ConversationMessage | None, decision: Decision, now: datetime
) -> None:
    """An automatic script: the reply leaves, and with it the dialogue moves (SalesDialogues.queued)."""
    if draft is not None:
        decisions.queue(thread_of(draft), draft, now)
        return
    dialogues.settle(conversation, decision.progress, decision.action, now)
    if decision.hand_over:
        dialogues.leave_to_person(conversation, decision.why)


def _ask_person(row: ConversationMessage, draft: ConversationMessage | None, made: Answered) -> None:
    """A draft waits in the inbox by itself; where there is none the message waits with the reason."""
    if draft is not None:
        draft.save()
    if draft is None or made.reply.refusal:
        reason = made.reply.refusal or made.reply.why or made.decision.why
        if made.decision.action and not made.decision.hand_over:
            reason = _("The script would do “%(action)s” now.") % {"action": made.decision.action}
        row.stage, row.stage_reason = Stage.PERSON, reason[:255]
        row.save(update_fields=["stage", "stage_reason"])
    if draft is None and made.decision.hand_over:
        dialogues.leave_to_person(row.conversation, row.stage_reason)


def _ended(setting: Setting, started: float, error: str) -> None:
    drafting.release(setting.row)
    oplog.log_operation(
        "answer_client",
        "failed" if error else "success",
        int((time.monotonic() - started) * 1000),
        error,
        account_id=setting.row.sender_id,
        user_id=setting.row.user_id,
        subject=(SUBJECT, setting.row.pk),
    )
