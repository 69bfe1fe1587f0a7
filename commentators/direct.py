"""Private messages: what comes in, what is answered by rule, what people decide. One transaction each.

A draft holds the answer alone. The disclosure is put to it when it is queued, where this account has not
yet told this person: so nobody edits it away, and a new account tells it again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts_mgmt import calls, contacts
from accounts_mgmt.models import Contact, TelegramAccountSession
from accounts_mgmt.outbox import CHANNEL as OUTBOX
from accounts_mgmt.outbox import Origin, Status
from accounts_mgmt.stops import Said, Wish
from commentators.checks import Limits, check_draft
from commentators.models import CommentatorAccount, DirectMessage
from commentators.posts import LLM_CHANNEL, clean
from commentators.prompts import REPLY_LIMIT
from relove import oplog, texts
from relove.db import notify
from relove.language import detect_language
from relove.models import Chat, Staff, TelegramUser
from relove.telegram.gateway import Message

Direction, Purpose, Stage = DirectMessage.Direction, DirectMessage.Purpose, DirectMessage.Stage
Role = TelegramAccountSession.Role
# Telegram's own account: it sends sign-in codes, which are nobody's business.
TELEGRAM = 777000
LIMITS = Limits(shortest=2, longest=REPLY_LIMIT)


@dataclass(frozen=True, slots=True)
class Thread:
    """The messages between an account of ours and a person."""

    account: TelegramAccountSession
    user: TelegramUser
    chat: Chat

    @property
    def messages(self) -> Any:
        return DirectMessage.objects.thread(self.account.pk, self.user.pk)

    @property
    def commentator(self) -> CommentatorAccount | None:
        return CommentatorAccount.objects.filter(session=self.account).first()


# --- coming in ---------------------------------------------------------------------------------------


@transaction.atomic
def saw(account_id: int, message: Message, now: datetime) -> None:
    """A new message of a private chat, ours from another device included; safe to call twice."""
    account = TelegramAccountSession.objects.get(id=account_id)
    if not _is_heard(account, message):
        return
    thread = Thread(account, _person(message, now), _chat(message))
    contacts.lock(thread.user)
    if message.out:
        _mirror(thread, message)
    else:
        _receive(thread, message, now)


def _is_heard(account: TelegramAccountSession, message: Message) -> bool:
    """The main account's dialogues are led elsewhere; our accounts never speak with one another."""
    ours = TelegramAccountSession.objects.filter(telegram_user_id=message.chat.id)
    return account.role != Role.MAIN and not (message.is_service or message.chat.id == TELEGRAM or ours.exists())


def _person(message: Message, now: datetime) -> TelegramUser:
    known: dict[str, Any] = {}
    if message.sender and not message.out and message.sender.first_name:
        sender = message.sender
        known = {
            "username": sender.username,
            "first_name": clean(sender.first_name)[:128],
            "last_name": clean(sender.last_name)[:128],
            "is_bot": sender.is_bot,
        }
    if not message.out:
        known["last_seen_date"] = now
    user, _created = TelegramUser.objects.update_or_create(telegram_id=message.chat.id, defaults=known)
    return user


def _chat(message: Message) -> Chat:
    return Chat.objects.get_or_create(kind=Chat.Kind.PRIVATE, telegram_id=message.chat.id)[0]


def _mirror(thread: Thread, message: Message) -> None:
    """The account's owner wrote from another device; what we sent ourselves comes back here as well."""
    text = clean(message.text)
    known = thread.messages.filter(direction=Direction.OUT)
    own = known.filter(message_id=message.id) | known.filter(text=text, message_id=None).unsettled()
    if own.exists():
        return
    row = _new(thread, Direction.OUT, text, Origin.PERSON)
    row.status, row.message_id, row.sent_at = Status.SENT, message.id, message.date
    row.save()
    _leave_to_person(thread)


def _receive(thread: Thread, message: Message, now: datetime) -> None:
    text = clean(message.text)
    if thread.messages.received().filter(message_id=message.id).exists():
        return
    row = _new(thread, Direction.IN, text, Origin.PERSON)
    row.status, row.message_id, row.sent_at, row.reply_to = Status.SENT, message.id, message.date, message.reply_to
    row.save()
    oplog.log_activity(
        "message", user_id=thread.user.pk, chat_id=thread.chat.pk, subject=("direct_messages", row.pk)
    )
    _consider(thread, row, now)


def _new(thread: Thread, direction: str, text: str, origin: str) -> DirectMessage:
    return DirectMessage(
        sender=thread.account,
        account=thread.commentator,
        user=thread.user,
        chat=thread.chat,
        direction=direction,
        text=text,
        origin=origin,
    )


def _consider(thread: Thread, row: DirectMessage, now: datetime) -> None:
    """What a message calls for: a fixed answer, a draft, or a person."""
    said = contacts.hear(thread.user, thread.account.pk, row.text, now)
    contact = Contact.objects.get(user=thread.user)
    _drop_drafts(thread)
    if contact.halted:
        _drop_waiting(thread.user)
    if said and said.wish in (Wish.STOP, Wish.CRISIS):
        _say(thread, row.text, Purpose(said.wish.value), now)
    row.stage, row.stage_reason = _stage(thread, contact, row, said, now)
    row.save(update_fields=["stage", "stage_reason"])
    if row.stage == Stage.WANTED:
        notify(LLM_CHANNEL)


def _stage(
    thread: Thread, contact: Contact, row: DirectMessage, said: Said | None, now: datetime
) -> tuple[str, str]:
    wish = said.wish if said else None
    if wish in (Wish.STOP, Wish.RESUME):
        return Stage.NONE, ""
    if contact.crisis_at:
        return Stage.PERSON, _("A crisis: a person takes over.")
    if contact.stopped_at or (contact.paused_until and contact.paused_until > now):
        return Stage.PERSON, _("The person asked for no automatic messages.")
    if thread.user.is_bot:
        return Stage.PERSON, _("It is a bot.")
    if thread.account.role == Role.STUDENT:
        _say_who(thread, row.text, now)
        return Stage.PERSON, _("Practice partners lead no dialogues.")
    if contact.account_id != thread.account.pk:
        return Stage.PERSON, _("Another account speaks with this person.")
    if wish == Wish.BOT:
        _say(thread, row.text, Purpose.BOT, now)
        return Stage.NONE, ""
    if wish == Wish.HUMAN or not row.text.strip():
        return Stage.PERSON, _("The person asks for a human being, or sent something without words.")
    return Stage.WANTED, ""


def edited(account_id: int, message: Message, now: datetime) -> None:
    """A message changed; a stop or a cry for help that was written into it counts like a new one."""
    with transaction.atomic():
        rows = DirectMessage.objects.filter(
            sender_id=account_id, message_id=message.id, chat__telegram_id=message.chat.id
        )
        row = rows.select_for_update(of=("self",)).select_related("sender", "user", "chat").first()
        text = clean(message.text)
        if row is None or row.text == text:
            return
        row.text = text
        row.save(update_fields=["text", "updated_at"])
        if row.direction == Direction.IN:
            _consider(Thread(row.sender, row.user, row.chat), row, now)


def deleted(account_id: int, message_ids: tuple[int, ...]) -> None:
    """Messages of the account's private chats were taken back: kept, marked, and answered no more."""
    rows = DirectMessage.objects.filter(sender_id=account_id, message_id__in=message_ids, status=Status.SENT)
    rows.update(status=Status.DELETED, stage=Stage.NONE, is_read=True)


# --- the way out -------------------------------------------------------------------------------------


def _say(thread: Thread, heard: str, purpose: str, now: datetime) -> None:
    """Send the fixed text of a rule, in the language of what was heard."""
    language = detect_language(heard) or "ru"
    owner = thread.account.owner
    text = {
        Purpose.STOP: lambda: texts.get("stop.confirmation", language),
        Purpose.CRISIS: lambda: texts.get("crisis.reply", language, contacts=contacts.help_contacts(language)),
        Purpose.BOT: lambda: texts.get("bot.question", language, owner=owner),
    }[Purpose(purpose)]()
    _queue_fixed(thread, text, purpose, language, now)


def _say_who(thread: Thread, heard: str, now: datetime) -> None:
    """Once: who this is, and where the main account is found."""
    main = TelegramAccountSession.objects.active().filter(role=Role.MAIN).exclude(username="").first()
    if main is None or thread.messages.filter(purpose=Purpose.WHO).exists():
        return
    language = detect_language(heard) or "ru"
    link = f"https://t.me/{main.username}"
    text = texts.get("student.who", language, owner=thread.account.owner, link=link)
    _queue_fixed(thread, text, Purpose.WHO, language, now)


def _queue_fixed(thread: Thread, text: str, purpose: str, language: str, now: datetime) -> None:
    row = _new(thread, Direction.OUT, text, Origin.MACHINE)
    row.purpose = purpose
    disclose(row, language)
    row.queue(now)
    row.save()
    notify(OUTBOX)


def disclose(row: DirectMessage, language: str) -> None:
    """Put the disclosure to a machine's text where this account has not told this person yet. Does not save.

    Before a reply; after a fixed text, which somebody in need must see first.
    """
    told = DirectMessage.objects.thread(row.sender_id, row.user_id).filter(discloses=True, status=Status.SENT)
    if row.origin == Origin.PERSON or row.discloses or told.exists():
        return
    opening = opening_text(row.sender, language)
    row.text = f"{row.text}\n\n{opening}" if row.purpose else f"{opening}\n\n{row.text}"
    row.discloses = True


def opening_text(account: TelegramAccountSession, language: str) -> str:
    return texts.get("disclosure.opening", language, owner=account.owner, privacy=settings.PRIVACY_URL)


def _drop_drafts(thread: Thread) -> None:
    """A newer message makes drafts and wishes for drafts pointless."""
    thread.messages.drafts().update(status=Status.CANCELLED, failed_reason=_("A newer message came."))
    thread.messages.filter(stage=Stage.WANTED).update(stage=Stage.NONE)


def _drop_waiting(user: TelegramUser) -> None:
    """Take every automatic message to the person out of the queue, whichever account it waits at."""
    rows = DirectMessage.objects.filter(
        user=user, status__in=(Status.DRAFT, Status.PENDING), first_attempt_at=None
    )
    rows.exclude(origin=Origin.PERSON).exclude(purpose__in=(Purpose.STOP, Purpose.CRISIS)).update(
        status=Status.CANCELLED, failed_reason=_("The person asked for no more automatic messages.")
    )


def _leave_to_person(thread: Thread) -> None:
    """Somebody of ours has answered: what the machine had in hand is not needed."""
    _drop_drafts(thread)
    waiting = thread.messages.filter(status=Status.PENDING, first_attempt_at=None)
    waiting.exclude(origin=Origin.PERSON).exclude(purpose__in=(Purpose.STOP, Purpose.CRISIS)).update(
        status=Status.CANCELLED, failed_reason=_("A person has answered.")
    )
    thread.messages.exclude(stage=Stage.NONE).update(stage=Stage.NONE)


# --- what people decide ------------------------------------------------------------------------------


def find_thread(account_id: int, user_id: int) -> Thread:
    """Raises DirectMessage.DoesNotExist where the two never spoke."""
    rows = DirectMessage.objects.thread(account_id, user_id).select_related("sender", "user", "chat")
    row = rows.order_by("-id").first()
    if row is None or row.chat is None:
        raise DirectMessage.DoesNotExist
    return Thread(row.sender, row.user, row.chat)


def _draft(message_id: int) -> DirectMessage:
    rows = DirectMessage.objects.select_for_update(of=("self",)).select_related("sender", "user", "chat")
    row: DirectMessage = rows.get(id=message_id)
    if row.status != Status.DRAFT:
        raise ValidationError(_("It is in the state “%(state)s” now.") % {"state": Status(row.status).label})
    return row


@transaction.atomic
def approve(message_id: int, text: str, staff: Staff, now: datetime) -> DirectMessage:
    """Queue a draft, as it is or as the person changed it. Raises ValidationError with the reason."""
    row = _draft(message_id)
    thread = find_thread(row.sender_id, row.user_id)
    if text.strip() != row.text.strip():
        row.text, row.origin = text.strip(), Origin.MACHINE_EDITED
        refusals = check_draft(row.text, post_text=_last_heard(thread), limits=LIMITS)
        if refusals:
            raise ValidationError([str(refusal.reason) for refusal in refusals])
    disclose(row, detect_language(row.text) or "ru")
    row.approved_by, row.approved_at = staff, now
    row.queue(now)
    row.save()
    _refuse_now(row)
    thread.messages.exclude(stage=Stage.NONE).update(stage=Stage.NONE)
    _log(row, "approve_direct", staff)
    notify(OUTBOX)
    return row


def _refuse_now(row: DirectMessage) -> None:
    """What the send would refuse for good, a person hears at once."""
    rows = DirectMessage.objects.filter(pk=row.pk)
    for guard in DirectMessage.guards():
        if guard.otherwise != Status.PENDING and not rows.filter(guard.condition).exists():
            raise ValidationError(str(guard.reason))


@transaction.atomic
def reject(message_id: int, staff: Staff, now: datetime) -> None:
    """Drop a draft; the person's message waits for an answer by hand."""
    row = _draft(message_id)
    row.status, row.approved_by, row.approved_at = Status.REJECTED, staff, now
    row.save()
    last = DirectMessage.objects.thread(row.sender_id, row.user_id).received().order_by("-id").first()
    if last:
        last.stage, last.stage_reason = Stage.PERSON, _("The draft was rejected.")
        last.save(update_fields=["stage", "stage_reason"])
    _log(row, "reject_direct", staff)


@transaction.atomic
def write(thread: Thread, text: str, staff: Staff, now: datetime) -> DirectMessage:
    """Answer by hand; always possible, whatever the machine may not do. Raises ValidationError."""
    text = clean(text).strip()
    if not text or len(text.encode("utf-16-le")) // 2 > texts.MESSAGE_LIMIT:
        raise ValidationError(_("A message has 1 to 4096 characters."))
    contacts.lock(thread.user)
    _leave_to_person(thread)
    row = _new(thread, Direction.OUT, text, Origin.PERSON)
    row.approved_by, row.approved_at = staff, now
    row.queue(now)
    row.save()
    _log(row, "write_direct", staff)
    notify(OUTBOX)
    return row


def _log(row: DirectMessage, what: str, staff: Staff) -> None:
    oplog.log_activity(what, staff_id=staff.pk, subject=("direct_messages", row.pk))


def _last_heard(thread: Thread) -> str:
    row = thread.messages.received().order_by("-id").first()
    return row.text if row else ""


@transaction.atomic
def read(thread: Thread, now: datetime) -> None:
    """Somebody of ours has seen the thread: note it, and have Telegram told."""
    unread = thread.messages.unread()
    newest = unread.order_by("-message_id").values_list("message_id", flat=True).first()
    if newest and unread.update(is_read=True):
        arguments = {"user": thread.user.telegram_id, "up_to": newest}
        calls.ask(thread.account.pk, "read_private", arguments, now=now)


def read_elsewhere(account_id: int, telegram_id: int, up_to: int, *, ours: bool) -> None:
    """Telegram says: read up to here, by the person (ours), or by us on another device."""
    rows = DirectMessage.objects.filter(
        sender_id=account_id,
        user__telegram_id=telegram_id,
        message_id__lte=up_to,
        direction=Direction.OUT if ours else Direction.IN,
        is_read=False,
    )
    rows.update(is_read=True)
