"""What Telegram tells of private chats: new, changed, taken back and read messages. One transaction each."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts_mgmt import contacts
from accounts_mgmt.models import Contact, TelegramAccountSession
from accounts_mgmt.outbox import Origin, Status
from accounts_mgmt.private import dialogues, going_out
from accounts_mgmt.private.dialogues import Ask, Thread
from accounts_mgmt.private.model import PrivateMessage, private_models
from accounts_mgmt.stops import Said, Wish
from relove import llm_work, oplog
from relove.db import notify
from relove.language import storable
from relove.models import Chat, TelegramUser
from relove.telegram.gateway import Message

Direction, Purpose, Stage = PrivateMessage.Direction, PrivateMessage.Purpose, PrivateMessage.Stage
CHANGED = gettext_lazy("The person has changed or taken back what it answers.")
# Telegram's own account: it sends sign-in codes, which are nobody's business.
TELEGRAM = 777000


@transaction.atomic
def saw(account_id: int, message: Message, now: datetime) -> None:
    """A new message of a private chat, ours from another device included; safe to call twice."""
    account = TelegramAccountSession.objects.get(id=account_id)
    if not _is_heard(message):
        return
    user = _person(message, now)
    contact = contacts.lock(user)
    leads = dialogues.of(account)
    if leads is None:
        _hear_only(contact, account, message, now)
    elif message.out:
        _mirror(Thread(leads, account, user, _chat(message)), message)
    else:
        _receive(Thread(leads, account, user, _chat(message)), contact, message, now)


def _is_heard(message: Message) -> bool:
    """Our accounts never speak with one another."""
    ours = TelegramAccountSession.objects.filter(telegram_user_id=message.chat.id)
    return not (message.is_service or message.chat.id == TELEGRAM or ours.exists())


def _person(message: Message, now: datetime) -> TelegramUser:
    known: dict[str, Any] = {}
    if message.sender and not message.out and message.sender.first_name:
        sender = message.sender
        known = {
            "username": sender.username,
            "first_name": storable(sender.first_name)[:128],
            "last_name": storable(sender.last_name)[:128],
            "is_bot": sender.is_bot,
        }
    if not message.out:
        known["last_seen_date"] = now
    user = TelegramUser.objects.filter(telegram_id=message.chat.id).first()
    if user is None:
        return TelegramUser.objects.update_or_create(telegram_id=message.chat.id, defaults=known)[0]
    for name, value in known.items():
        setattr(user, name, value)
    user.save(update_fields=list(known))
    return user


def _chat(message: Message) -> Chat:
    return Chat.objects.get_or_create(kind=Chat.Kind.PRIVATE, telegram_id=message.chat.id)[0]


def _hear_only(contact: Contact, account: TelegramAccountSession, message: Message, now: datetime) -> None:
    """No domain leads this account's dialogues: a stop or a cry for help binds all the same."""
    if message.out:
        return
    contacts.hear(contact, account.pk, storable(message.text), now)
    if contact.halted:
        going_out.drop_waiting(contact.user)


def _mirror(thread: Thread, message: Message) -> None:
    """The account's owner wrote from another device; what we sent ourselves comes back here as well."""
    text = storable(message.text)
    ours = thread.messages.filter(direction=Direction.OUT)
    on_its_way = ours.unsettled().filter(chat=thread.chat, text=text, message_id=None)
    # Each question stands on an index; both in one would look through the whole thread. In this order: what is
    # settled between the two has its number by the second.
    if on_its_way.exists() or ours.filter(message_id=message.id).exists():
        return
    _store(thread, Direction.OUT, message)
    going_out.leave_to_person(thread)


def _receive(thread: Thread, contact: Contact, message: Message, now: datetime) -> None:
    if thread.messages.received().filter(message_id=message.id).exists():
        return
    row = _store(thread, Direction.IN, message)
    oplog.log_activity(
        "message", user_id=thread.user.pk, chat_id=thread.chat.pk, subject=(row._meta.db_table, row.pk)
    )
    _consider(thread, contact, row, now)


def _store(thread: Thread, direction: str, message: Message) -> PrivateMessage:
    row = thread.new(direction, storable(message.text), Origin.PERSON)
    row.status, row.message_id, row.sent_at = Status.SENT, message.id, message.date
    row.reply_to, row.media = message.reply_to, message.media[:32]
    row.save()
    return row


def _consider(thread: Thread, contact: Contact, row: PrivateMessage, now: datetime) -> None:
    """What a message calls for: a fixed answer, a draft, or a person."""
    said = _hear(thread, contact, row, now)
    going_out.drop_drafts(thread, _("A newer message came."))
    _mark(thread, contact, row, said, now)


def _hear(thread: Thread, contact: Contact, row: PrivateMessage, now: datetime) -> Said | None:
    """A wish binds at once, and a stop or a cry for help is answered with its fixed text."""
    said = contacts.hear(contact, thread.account.pk, row.text, now)
    if contact.halted:
        going_out.drop_waiting(thread.user)
    if said and said.wish in (Wish.STOP, Wish.CRISIS):
        going_out.say(thread, row.text, Purpose(said.wish.value), now)
    return said


def _mark(thread: Thread, contact: Contact, row: PrivateMessage, said: Said | None, now: datetime) -> None:
    ask = _ask(thread, contact, row, said, now)
    row.stage, row.stage_reason = ask.stage, ask.reason[:255]
    row.save(update_fields=["stage", "stage_reason"])
    if row.stage == Stage.WANTED:
        notify(llm_work.CHANNEL, row._meta.db_table)


def _ask(thread: Thread, contact: Contact, row: PrivateMessage, said: Said | None, now: datetime) -> Ask:
    wish = said.wish if said else None
    if wish in (Wish.STOP, Wish.RESUME):
        return Ask(Stage.NONE)
    if contact.crisis_at:
        return Ask(Stage.PERSON, _("A crisis: a person takes over."))
    if contact.stopped_at or (contact.paused_until and contact.paused_until > now):
        return Ask(Stage.PERSON, _("The person asked for no automatic messages."))
    if thread.user.is_bot:
        return Ask(Stage.PERSON, _("It is a bot."))
    if own := thread.dialogues.rule(thread, row, now):
        return own
    if contact.account_id != thread.account.pk:
        return Ask(Stage.PERSON, _("Another account speaks with this person."))
    if wish == Wish.BOT:
        going_out.say(thread, row.text, Purpose.BOT, now)
        return Ask(Stage.NONE)
    if wish == Wish.HUMAN:
        return Ask(Stage.PERSON, _("The person asks for a human being."))
    if row.media or not row.text.strip():
        return Ask(Stage.PERSON, _("Something came that is not text alone."))
    return Ask(Stage.WANTED)


@transaction.atomic
def alarm(row: PrivateMessage, now: datetime) -> None:
    """The model took a message for a cry for help: the same halt as at a phrase of the list. It clears none."""
    thread = dialogues.find_thread(row.sender_id, row.user_id)
    is_first = contacts.cry(thread.user, thread.account.pk, now)
    going_out.drop_drafts(thread, _("A crisis: a person takes over."))
    going_out.drop_waiting(thread.user)
    if is_first:
        going_out.say(thread, row.text, Purpose.CRISIS, now)
    rows = type(row)._default_manager.filter(pk=row.pk)
    rows.update(stage=Stage.PERSON, stage_reason=_("A crisis: a person takes over."))


def edited(account_id: int, message: Message, now: datetime) -> None:
    """A message changed; a stop or a cry for help that was written into it counts like a new one."""
    account = TelegramAccountSession.objects.get(id=account_id)
    leads = dialogues.of(account)
    if leads is None:
        saw(account_id, message, now)
        return
    rows = leads.kind._default_manager.select_related("user", "chat").filter(sender=account)
    row = rows.filter(message_id=message.id, chat__telegram_id=message.chat.id).first()
    if row is not None and row.chat is not None:
        _changed(Thread(leads, account, row.user, row.chat), row.pk, storable(message.text), now)


@transaction.atomic
def _changed(thread: Thread, row_id: int, text: str, now: datetime) -> None:
    contact = contacts.lock(thread.user)
    row = thread.messages.select_for_update(of=("self",)).get(pk=row_id)
    if row.text == text:
        return
    row.text = text
    row.save(update_fields=["text", "updated_at"])
    if row.direction == Direction.IN:
        _consider_anew(thread, contact, row, now)


def _consider_anew(thread: Thread, contact: Contact, row: PrivateMessage, now: datetime) -> None:
    """What waits for an answer gets it to the new words; what was answered is a person's to look at."""
    was_answered = thread.has_answered(row)
    said = _hear(thread, contact, row, now)
    if was_answered:
        row.stage, row.stage_reason = Stage.PERSON, _("It was changed after it had been answered.")
        row.save(update_fields=["stage", "stage_reason"])
        return
    going_out.drop_drafts(thread, CHANGED)
    last = thread.unanswered() or row
    _mark(thread, contact, last, said if last.pk == row.pk else None, now)


def deleted(account_id: int, message_ids: tuple[int, ...], now: datetime) -> None:
    """Messages of the account's private chats were taken back: kept, marked, and answered no more."""
    leads = dialogues.of(TelegramAccountSession.objects.get(id=account_id))
    if leads is not None:
        heard = leads.kind._default_manager.filter(sender_id=account_id, message_id__in=message_ids)
        users = heard.filter(direction=Direction.IN).order_by().values_list("user_id", flat=True)
        for user_id in set(users):
            _taken_back(dialogues.find_thread(account_id, user_id), message_ids, now)
    for kind in private_models():
        rows = kind._default_manager.filter(sender_id=account_id, message_id__in=message_ids, status=Status.SENT)
        rows.update(status=Status.DELETED, stage=Stage.NONE, is_read=True)


@transaction.atomic
def _taken_back(thread: Thread, message_ids: tuple[int, ...], now: datetime) -> None:
    """What the person still says, if anything waits for an answer, is answered without the words taken back."""
    contact = contacts.lock(thread.user)
    gone = thread.messages.received().filter(message_id__in=message_ids, status=Status.SENT)
    waited = not all(thread.has_answered(row) for row in gone)
    gone.update(status=Status.DELETED, stage=Stage.NONE, is_read=True)
    if not waited:
        return
    going_out.drop_drafts(thread, CHANGED)
    if last := thread.unanswered():
        _mark(thread, contact, last, None, now)


def read(account_id: int, telegram_id: int, up_to: int, *, ours: bool) -> None:
    """Telegram says: read up to here, by the person (ours), or by us on another device."""
    for kind in private_models():
        rows = kind._default_manager.filter(
            sender_id=account_id,
            user__telegram_id=telegram_id,
            message_id__lte=up_to,
            direction=Direction.OUT if ours else Direction.IN,
            is_read=False,
        )
        rows.update(is_read=True)
