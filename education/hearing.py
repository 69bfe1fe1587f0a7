"""What comes from a group's chat: heard by its host alone, stored once, edits and deletions included."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts_mgmt import contacts
from accounts_mgmt.models import Contact, TelegramAccountSession
from accounts_mgmt.outbox import CHANNEL, Origin, Status
from accounts_mgmt.private import going_out
from accounts_mgmt.private.dialogues import open_thread
from accounts_mgmt.private.model import PrivateMessage
from accounts_mgmt.stops import Said, Wish
from education import scenarios, services
from education.document import CLIENT, HOST
from education.models import EducationGroup, GroupMessage
from relove import llm_work, oplog, texts
from relove.db import notify
from relove.language import storable
from relove.models import TelegramUser
from relove.telegram.gateway import Message

Stage, State = GroupMessage.Stage, EducationGroup.State


def hosted(places: Collection[tuple[int, int | None]]) -> set[tuple[int, int | None]]:
    """Of these accounts and Telegram ids of chats those where the account hosts a study group."""
    accounts, chats = {account for account, _chat in places}, {chat for _account, chat in places if chat}
    found = EducationGroup.objects.filter(account_id__in=accounts, chat__telegram_id__in=chats)
    return set(found.values_list("account_id", "chat__telegram_id"))


def heard_by(account_id: int, telegram_id: int) -> EducationGroup | None:
    found: EducationGroup | None = EducationGroup.objects.hearing(account_id, telegram_id).first()
    return found


@transaction.atomic
def saw(group_id: int, message: Message, now: datetime) -> None:
    """A message of the group: one of ours comes back, or a person has written."""
    group = services.locked(group_id)
    if message.is_service or message.sender is None:
        return
    ours = _ours(group, message.sender.id)
    known = GroupMessage.objects.filter(group=group)
    text = storable(message.text)
    if known.filter(message_id=message.id).exists():
        return
    if ours is not None:
        if not known.filter(sender=ours, text=text, message_id=None).unsettled().exists():
            _keep(group, message, ours, None, now)
        return
    user = _person(message)
    row = _keep(group, message, group.account, user, now)
    oplog.log_activity("group_message", user_id=user.pk, subject=("group_messages", row.pk))
    _consider(group, row, user, now)


def _ours(group: EducationGroup, telegram_id: int) -> TelegramAccountSession | None:
    found: TelegramAccountSession | None = TelegramAccountSession.objects.filter(
        telegram_user_id=telegram_id
    ).first()
    return found


def _person(message: Message) -> TelegramUser:
    sender = message.sender
    assert sender is not None
    known = {
        "username": sender.username,
        "first_name": sender.first_name,
        "last_name": sender.last_name,
        "is_bot": sender.is_bot,
    }
    return TelegramUser.objects.get_or_create(telegram_id=sender.id, defaults=known)[0]


def _keep(
    group: EducationGroup,
    message: Message,
    sender: TelegramAccountSession,
    user: TelegramUser | None,
    now: datetime,
) -> GroupMessage:
    """Store what stands in the chat: a person's words, or what the owner of an account wrote elsewhere."""
    place = group.partners.filter(bot__session=sender).first()
    role = (place.role if place else HOST) if user is None else (CLIENT if user.pk == group.user_id else "guest")
    row = GroupMessage(
        group=group,
        sender=sender,
        chat=group.chat,
        user=user,
        direction=GroupMessage.Direction.OUT if user is None else GroupMessage.Direction.IN,
        role=role,
        purpose=GroupMessage.Purpose.HAND if user is None else "",
        text=storable(message.text),
        status=Status.SENT,
        origin=Origin.PERSON,
        message_id=message.id,
        reply_to=message.reply_to,
        media=message.media[:32],
        sent_at=message.date,
        scene=group.scene,
    )
    row.save()
    return row


def _consider(group: EducationGroup, row: GroupMessage, user: TelegramUser, now: datetime) -> None:
    """A person's message holds the scenario back until it is answered; a wish binds us everywhere."""
    services.hold_back(group, _("Somebody in the group waits for an answer."))
    contact = contacts.lock(user)
    said = contacts.hear(contact, group.account_id, row.text, now)
    row.stage, row.stage_reason = _ask(group, row, said, contact, now)
    row.save(update_fields=["stage", "stage_reason"])
    if said and said.wish in (Wish.STOP, Wish.CRISIS):
        _halt(group, row, user, said, now)
    if group.state == State.RUNNING:
        EducationGroup.objects.filter(pk=group.pk).update(due_at=now, attempts=0)
        notify(llm_work.CHANNEL)


def _ask(
    group: EducationGroup, row: GroupMessage, said: Said | None, contact: Contact, now: datetime
) -> tuple[str, str]:
    wish = said.wish if said else None
    if wish in (Wish.STOP, Wish.RESUME):
        return Stage.NONE, ""
    if contact.crisis_at:
        return Stage.PERSON, _("A crisis: a person takes over.")
    if contact.halted or (contact.paused_until and contact.paused_until > now):
        return Stage.PERSON, _("The person asked for no automatic messages.")
    if wish == Wish.BOT:
        _tell_bot(group, row, now)
        return Stage.NONE, ""
    if row.role != CLIENT:
        return Stage.PERSON, _("Somebody else has written in the group.")
    if wish == Wish.HUMAN:
        return Stage.PERSON, _("The person asks for a human being.")
    if row.media or not row.text.strip():
        return Stage.PERSON, _("Something came that is not text alone.")
    if group.state != State.RUNNING:
        return Stage.PERSON, _("The scenario does not go on by itself now.")
    return Stage.WANTED, ""


def _tell_bot(group: EducationGroup, row: GroupMessage, now: datetime) -> None:
    """The fixed truthful answer."""
    text = texts.get("bot.question", scenarios.language_of(row.text), owner=group.account.owner)
    answer = services.new(group, HOST, text, GroupMessage.Purpose.ANSWER)
    answer.origin = Origin.MACHINE
    services.send(answer, now)


def _halt(group: EducationGroup, row: GroupMessage, user: TelegramUser, said: Said, now: datetime) -> None:
    """The fixed reply goes out privately, never before the others; the client's group stands still."""
    going_out.drop_waiting(user)
    going_out.say(open_thread(group.account, user), row.text, PrivateMessage.Purpose(said.wish.value), now)
    if row.role == CLIENT and group.state in (State.CREATING, State.RUNNING):
        group.pause(_("The person asked for no automatic messages.") if said.wish == Wish.STOP else _("A crisis."))
        group.save()
        machine: Any = GroupMessage.objects.filter(group=group, first_attempt_at=None, direction="out")
        machine.filter(status__in=(Status.DRAFT, Status.PENDING)).exclude(origin=Origin.PERSON).update(
            status=Status.CANCELLED, failed_reason=group.state_reason
        )
    notify(CHANNEL)


def leave_to_person(group: EducationGroup, row: GroupMessage, now: datetime, *, is_crisis: bool) -> None:
    """The model finds no answer in the scenario, or a cry for help: the same halt as at a phrase of the list."""
    reason = (
        _("A crisis: a person takes over.") if is_crisis else _("The scenario does not say: a person answers.")
    )
    GroupMessage.objects.filter(pk=row.pk).update(stage=Stage.PERSON, stage_reason=reason)
    if is_crisis and row.user and contacts.cry(row.user, group.account_id, now):
        _halt(group, row, row.user, Said(Wish.CRISIS), now)


@transaction.atomic
def edited(group_id: int, message: Message, now: datetime) -> None:
    """A message changed: the earlier wording stays beside it. New words of a person are heard like new ones."""
    group = services.locked(group_id)
    rows = GroupMessage.objects.select_for_update(of=("self",)).select_related("user")
    row = rows.filter(group=group, message_id=message.id).first()
    text = storable(message.text)
    if row is None or row.text == text:
        return
    row.edits = [*row.edits, {"at": now.isoformat(), "text": row.text}]
    row.text = text
    row.save(update_fields=["text", "edits", "updated_at"])
    if row.direction == GroupMessage.Direction.IN and row.user:
        _consider(group, row, row.user, now)


def deleted(group_id: int, message_ids: tuple[int, ...]) -> None:
    """Taken back: kept, marked, and answered no more."""
    rows = GroupMessage.objects.filter(group=group_id, message_id__in=message_ids, status=Status.SENT)
    rows.update(status=Status.DELETED, stage=Stage.NONE)
