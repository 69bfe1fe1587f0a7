"""From a post to a draft (CommentGenerationService): summarise, choose a voice, draft, check.

Work is found again from the post's stage, whoever died meanwhile. A claim is a time until which others
leave the post alone; the model's answers are kept under keys that name post, text and try, so nothing
is paid for twice. When the model fails nothing is queued: the post waits and says so.
"""

import hashlib
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts_mgmt.outbox import Origin, Status
from commentators import freshness, locks, planning, services, voices
from commentators.checks import Refusal, check_draft
from commentators.models import GeneratedComment, TelegramPost
from commentators.prompts import Draft, Summary, Voice, draft_messages, summary_messages
from relove import live, llm, oplog
from relove.db import in_thread
from relove.language import detect_language

Stage = TelegramPost.Stage
# The model failed: wait, after each answer of no use twice as long, and after so many leave it to a person.
MOST_ATTEMPTS = 5
LOOK_AGAIN = timedelta(seconds=30)
DRAFTS_TRIED = 3

CLAIM = """
WITH due AS (
    SELECT id, channel_id FROM telegram_posts
    WHERE stage IN ('new', 'summarised')
      AND (next_try IS NULL OR next_try <= now())
      AND (claimed_until IS NULL OR claimed_until < now())
    ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE telegram_posts p SET claimed_until = now() + %s * interval '1 second'
FROM due WHERE p.id = due.id AND p.channel_id = due.channel_id
RETURNING p.id, p.channel_id, p.claimed_until
"""


def claim(limit: int) -> list[tuple[int, int, datetime]]:
    """Posts with a stage to take, ours for a while: (id, channel, until when)."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [limit, settings.LLM_CLAIM_SECONDS])
        return list(cursor.fetchall())


async def advance_one(post_id: int, channel_id: int, until: datetime) -> None:
    """Take a claimed post as far as it goes: to a draft, to a refusal with a reason, or to waiting.

    A fault of ours keeps the claim until it runs out: the post is tried again then, not at once.
    """
    post = await in_thread(load, post_id, channel_id)
    started = time.monotonic()
    operation = "summarise_post" if post.stage == Stage.NEW else "generate_comment"
    try:
        if post.stage == Stage.NEW and await _summarise(post):
            await in_thread(_log, operation, post, started)
            started, operation = time.monotonic(), "generate_comment"
        if post.stage == Stage.SUMMARISED and await _draft(post):
            await in_thread(_log, operation, post, started, post.stage_reason)
    except llm.LLMError as error:
        await in_thread(_wait, post, error, timezone.now())
        await in_thread(_log, operation, post, started, str(error) or type(error).__name__)
    await in_thread(_release, post, until)


def load(post_id: int, channel_id: int) -> TelegramPost:
    post: TelegramPost = TelegramPost.objects.select_related("channel").get(id=post_id, channel_id=channel_id)
    return post


def _release(post: TelegramPost, until: datetime) -> None:
    """Give up our own claim: one that ran out may be another's by now."""
    rows = TelegramPost.objects.filter(id=post.id, channel_id=post.channel_id, claimed_until=until)
    rows.update(claimed_until=None)


def _log(operation: str, post: TelegramPost, started: float, error: str = "") -> None:
    oplog.log_operation(
        operation,
        "failed" if error else "success",
        int((time.monotonic() - started) * 1000),
        error,
        subject=("telegram_posts", post.id),
    )


def _set_stage(post: TelegramPost, stage: str, reason: str = "") -> None:
    post.stage, post.stage_reason = stage, reason[:255]
    post.attempts, post.next_try = 0, None
    post.save(update_fields=["stage", "stage_reason", "summary", "attempts", "next_try"])


def _wait(post: TelegramPost, error: llm.LLMError, now: datetime) -> None:
    """The model failed: the post waits and shows why.

    Only an answer that was of no use counts, and after some of those a person decides; a model that
    does not answer is waited for, and asked under the same key.
    """
    if error.permanent:
        post.attempts += 1
    if post.attempts >= MOST_ATTEMPTS:
        reason = _("The language model gave no usable answer (%(error)s).") % {"error": error}
        _set_stage(post, Stage.REFUSED, reason)
        return
    post.next_try = now + llm.backoff(error, post.attempts + 1)
    post.stage_reason = _("The language model failed (%(error)s); tried again by itself.") % {"error": error}
    post.stage_reason = post.stage_reason[:255]
    post.save(update_fields=["attempts", "next_try", "stage_reason"])


def key_of(purpose: str, post: TelegramPost, *parts: object) -> str:
    """The name of a question to the model: the same question is never paid for twice.

    A question whose answer was unusable is asked anew after a wait: `attempts` makes it another one.
    """
    text = "\0".join(map(str, (purpose, post.id, post.text, post.attempts, *parts)))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


async def _summarise(post: TelegramPost) -> bool:
    """Store a summary; False when there is nothing to summarise."""
    reason = stale(post, timezone.now()) or ("" if post.text.strip() else _("There is no text to speak about."))
    if reason:
        await in_thread(_pass_over, post, reason)
        return False
    answer = await llm.ask(
        "summary",
        Summary,
        await in_thread(summary_messages, post.text, detect_language(post.text) or "ru", post.names),
        key=key_of("summary", post),
        subject=("telegram_posts", post.id),
    )
    post.summary = answer.value.model_dump()
    refusal = await in_thread(why_not, post, timezone.now())
    await in_thread(_set_stage, post, Stage.IGNORED if refusal else Stage.SUMMARISED, refusal)
    return True


def _pass_over(post: TelegramPost, reason: str) -> None:
    """Ignore a post as it was read; when a caption has come meanwhile it stays what it is."""
    rows = TelegramPost.objects.filter(id=post.id, channel_id=post.channel_id, text=post.text)
    rows.update(stage=Stage.IGNORED, stage_reason=reason[:255])


def stale(post: TelegramPost, now: datetime) -> str:
    """Why a post is not worth a question to the model; empty when it is."""
    if post.deleted_at:
        return _("The post was deleted.")
    if now - post.created_at > freshness.limit():
        return _("The post is too old for a comment.")
    return ""


def why_not(post: TelegramPost, now: datetime) -> str:
    """Why a post gets no draft; empty when it may."""
    if not post.channel.may_be_commented:
        return _("The channel has no posting basis: it is read, never commented.")
    if post.channel.discussion_id is None:
        return _("Comments are switched off in this channel.")
    return stale(post, now)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a draft is made with."""

    place: planning.Place
    voice: Voice
    recent_own: list[str]
    recent_post: list[str]


def find_setting(post: TelegramPost, now: datetime) -> Setting | None:
    place = planning.find_place(post, now)
    if place is None:
        return None
    account = place.schedule.account
    comments = GeneratedComment.objects.exclude(status=Status.REJECTED)
    own = comments.filter(account=account).order_by("-id").values_list("text", flat=True)
    return Setting(
        place=place,
        voice=voices.of(account),
        recent_own=list(own[: services.RECENT_OWN]),
        recent_post=list(comments.filter(post_id=post.id).values_list("text", flat=True)),
    )


async def _draft(post: TelegramPost) -> bool:
    """Draft until a text passes the checks, three times at most; False when no draft was asked for."""
    refusal = await in_thread(why_not, post, timezone.now())
    if refusal:
        await in_thread(_set_stage, post, Stage.IGNORED, refusal)
        return False
    setting = await in_thread(find_setting, post, timezone.now())
    if setting is None:
        await in_thread(_postpone, post, timezone.now())
        return False
    refusals: list[Refusal] = []
    for number in range(DRAFTS_TRIED):
        answer = await _ask_draft(post, setting, number, refusals)
        refusals = check_draft(
            answer.value.text,
            post_text=post.text,
            forbidden=setting.voice.forbidden,
            recent_own=setting.recent_own,
            recent_post=setting.recent_post,
        )
        if not refusals:
            await in_thread(store_draft, post, setting, answer, timezone.now())
            return True
    reasons = "; ".join(str(refusal.reason) for refusal in refusals)
    await in_thread(_set_stage, post, Stage.REFUSED, reasons)
    return True


async def _ask_draft(
    post: TelegramPost, setting: Setting, number: int, refusals: list[Refusal]
) -> llm.Answer[Draft]:
    schedule = setting.place.schedule
    language = detect_language(post.text) or "ru"
    hint = " ".join(str(refusal.reason) for refusal in refusals)
    summary = Summary(**(post.summary or {}))
    return await llm.ask(
        "draft",
        Draft,
        await in_thread(draft_messages, post.text, summary, setting.voice, language, hint, post.names),
        key=key_of("draft", post, schedule.account_id, number, setting.voice),
        subject=("telegram_posts", post.id),
    )


def _postpone(post: TelegramPost, now: datetime) -> None:
    """Nothing is wrong with the post: look again when somebody has set an account up."""
    post.stage_reason, post.next_try = planning.why_nobody(post)[:255], now + LOOK_AGAIN
    post.save(update_fields=["stage_reason", "next_try"])


@transaction.atomic
def store_draft(
    post: TelegramPost, setting: Setting, answer: llm.Answer[Draft], now: datetime
) -> GeneratedComment | None:
    """The draft with its slot and keys; queued at once only where the channel says so with a reason.

    None when the post has its draft already: our claim may have run out, and another gone on.
    """
    row = TelegramPost.objects.select_for_update(no_key=True).filter(id=post.id, channel_id=post.channel_id)
    if not row.filter(stage=Stage.SUMMARISED).exists():
        return None
    schedule = setting.place.schedule
    text = answer.value.text.strip()
    comment = GeneratedComment(
        post=post,
        channel=post.channel,
        account=schedule.account,
        schedule=schedule,
        sender=schedule.account.session,
        chat_id=post.channel.discussion_id,
        text=text,
        drafted_text=text,
        origin=Origin.MACHINE,
        model=answer.model,
        llm_call_id=answer.call_id,
        expires_at=post.created_at + freshness.limit(),
    )
    if not planning.take_place(comment, now):
        _set_stage(post, Stage.REFUSED, _("One of our accounts has commented this post already."))
        return None
    _set_stage(post, Stage.DRAFTED)
    live.publish(locks.TOPIC)
    if post.channel.auto_approve and post.channel.auto_approve_reason:
        services.approve([comment.id], None, now)
    return comment
