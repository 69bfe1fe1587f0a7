"""Drafts on a person's wish: a try in a voice under any post, and a draft written anew with a hint.

A try is queued nowhere. Synchronous, outside any transaction: the model may take its time.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts_mgmt.outbox import Origin
from commentators import drafting, locks, services, voices
from commentators.checks import Refusal, check_draft, signed
from commentators.models import AccountPersonality, GeneratedComment, TelegramPost
from commentators.prompts import Draft, Summary, Voice, draft_messages, summary_messages
from relove import live, llm, oplog
from relove.db import in_thread
from relove.language import detect_language
from relove.models import Staff

LONGEST_HINT = 300


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the model wrote, and what the checks say of it."""

    text: str
    refusals: Sequence[Refusal]
    model: str
    call_id: int


def propose(post: TelegramPost, personality: AccountPersonality, hint: str = "", instead: str = "") -> Proposal:
    """Ask for a comment under `post` in this voice; raises LLMError. `instead` is a text it should replace.

    The same question is not paid for twice.
    """
    voice = voices.described(personality)
    answer = asyncio.run(_ask(post, voice, hint.strip()[:LONGEST_HINT], instead))
    refusals = check_draft(answer.value.text, post_text=post.text, forbidden=voice.forbidden)
    return Proposal(answer.value.text, refusals, answer.model, answer.call_id)


async def _ask(post: TelegramPost, voice: Voice, hint: str, instead: str) -> llm.Answer[Draft]:
    language = detect_language(post.text) or "ru"
    subject = ("telegram_posts", post.id)
    try:
        summary = Summary(**post.summary) if post.summary else await _summarise(post, language)
        parts = ("proposal", post.id, post.text, voice, hint, instead)
        key = hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()
        messages = await in_thread(draft_messages, post.text, summary, voice, language, hint, post.names)
        return await llm.ask("draft", Draft, messages, key=key, subject=subject)
    finally:
        await llm.aclose()


async def _summarise(post: TelegramPost, language: str) -> Summary:
    """As drafting will ask for it, so that the answer serves both."""
    answer = await llm.ask(
        "summary",
        Summary,
        await in_thread(summary_messages, post.text, language, post.names),
        key=drafting.key_of("summary", post),
        subject=("telegram_posts", post.id),
    )
    return answer.value


def redraft(comment_id: int, staff: Staff, hint: str) -> None:
    """Have a draft written anew with a hint; before and after are kept. Raises ValidationError, LLMError."""
    with transaction.atomic():
        comment = services.draft_in_hand(comment_id, staff)
    personality = AccountPersonality.objects.filter(account=comment.account_id).first()
    if personality is None:
        raise ValidationError(_("The account has no voice yet."))
    proposal = propose(comment.post, personality, hint, comment.text)
    proposal = replace(proposal, text=signed(proposal.text, comment.affiliation))
    refusals = services.refusals_of(comment, proposal.text)
    if refusals:
        reasons = " ".join(str(refusal.reason) for refusal in refusals)
        raise ValidationError(_("The new draft does not pass the checks: %(reasons)s") % {"reasons": reasons})
    _replace(comment, staff, proposal)


@transaction.atomic
def _replace(seen: GeneratedComment, staff: Staff, proposal: Proposal) -> None:
    comment = services.draft_in_hand(seen.id, staff)
    if comment.text != seen.text:
        raise ValidationError(_("Somebody has edited the draft meanwhile."))
    comment.text = comment.drafted_text = proposal.text
    comment.origin, comment.model, comment.llm_call_id = Origin.MACHINE, proposal.model, proposal.call_id
    comment.save(update_fields=["text", "drafted_text", "origin", "model", "llm_call", "updated_at"])
    subject = ("generated_comments", comment.id)
    oplog.log_activity(
        "redraft_comment", staff_id=staff.id, subject=subject, before=seen.text, after=proposal.text
    )
    live.publish(locks.TOPIC)
