"""Staff link their own Telegram: a code from their page, sent to a main account, binds the two.

A code has 40 random bits, serves once and for ten minutes, and only its keyed hash is stored. Whoever sends
wrong ones gets no answer, and after ten of them is not listened to until an hour of silence has passed.
"""

import re
import secrets
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts_mgmt import outbox
from accounts_mgmt.models import StaffMessage, StaffTelegram, TelegramAccountSession
from accounts_mgmt.outbox import Origin
from accounts_mgmt.querysets import AccountQuerySet
from relove import oplog, texts
from relove.db import notify
from relove.fields import keyed_hash
from relove.models import Chat, Staff
from relove.telegram.gateway import Message

Purpose = StaffMessage.Purpose
CODE_LASTS = timedelta(minutes=10)
# without letters and digits that look alike
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 8
CODE = re.compile(rf"\s*relove[\s-]+([{ALPHABET}]{{4}})-?([{ALPHABET}]{{4}})\s*", re.I)
ATTEMPTS = 10
ATTEMPTS_SECONDS = 3600


def new_code(staff: Staff, now: datetime) -> str:
    """A fresh code, "relove 4F7K-9QZM", to be shown once; an earlier one counts no more."""
    letters = "".join(secrets.choice(ALPHABET) for _number in range(LENGTH))
    StaffTelegram.objects.update_or_create(
        staff=staff, defaults={"code_hash": _hash(letters), "code_until": now + CODE_LASTS}
    )
    return f"relove {letters[:4]}-{letters[4:]}"


def hear(account_id: int, message: Message, now: datetime) -> bool:
    """Bind whoever sent a code, in a private chat, to the staff member whose it is.

    Answers whether the message belongs to no dialogue: it was a code, or our own message to staff coming back.
    """
    if message.out:
        own = StaffMessage.objects.filter(sender_id=account_id, chat__telegram_id=message.chat.id)
        return own.filter(text=message.text).exists()
    match = CODE.fullmatch(message.text)
    if match is None:
        return False
    main = TelegramAccountSession.objects.filter(id=account_id, role=TelegramAccountSession.Role.MAIN)
    if main.exists() and _may_try(message.chat.id):
        _bind(account_id, message, "".join(match.groups()).upper(), now)
    return True


def unlink(staff: Staff) -> None:
    """Nothing is sent to the person's Telegram from now on."""
    with transaction.atomic():
        if StaffTelegram.objects.filter(staff=staff).delete()[0]:
            oplog.log_activity("unlink_telegram", staff_id=staff.pk)


def set_duty(staff: Staff, on_duty: bool) -> None:
    with transaction.atomic():
        if StaffTelegram.objects.filter(staff=staff).exclude(on_duty=on_duty).update(on_duty=on_duty):
            oplog.log_activity("change_alerts", staff_id=staff.pk, on_duty=on_duty)


def senders(link: StaffTelegram) -> AccountQuerySet:
    """Accounts that can write to a linked staff member: the one they linked with, and those that met them."""
    assert link.chat is not None
    has_met = Q(entities__entity_id=link.chat.telegram_id)
    found: AccountQuerySet = TelegramAccountSession.objects.active()
    return found.filter(has_met | Q(id=link.account_id)).distinct().order_by("id")


def write(
    link: StaffTelegram,
    text: str,
    purpose: str,
    now: datetime,
    lasts: timedelta | None = None,
    sender: TelegramAccountSession | None = None,
) -> StaffMessage:
    """Queue a message to a linked staff member; it leaves though everything is paused.

    It is written by the account they linked with, or by another of `senders`.
    """
    account_id = sender.pk if sender else link.account_id
    assert account_id is not None
    row = StaffMessage(
        sender_id=account_id,
        staff_id=link.staff_id,
        chat_id=link.chat_id,
        # a character may count twice
        text=text[: texts.MESSAGE_LIMIT // 2],
        purpose=purpose,
        origin=Origin.MACHINE,
        expires_at=now + lasts if lasts else None,
    )
    row.queue(now)
    row.save()
    notify(outbox.CHANNEL, str(account_id))
    return row


@transaction.atomic
def _bind(account_id: int, message: Message, letters: str, now: datetime) -> None:
    open_codes = StaffTelegram.objects.select_for_update(of=("self",)).select_related("staff")
    link = open_codes.filter(code_hash=_hash(letters), code_until__gt=now, staff__is_active=True).first()
    if link is None:
        return
    chat = Chat.objects.get_or_create(kind=Chat.Kind.PRIVATE, telegram_id=message.chat.id)[0]
    # one Telegram belongs to one person: the newest code decides
    StaffTelegram.objects.filter(chat=chat).exclude(pk=link.pk).delete()
    sender = message.sender
    link.account_id, link.chat, link.linked_at = account_id, chat, now
    link.name = f"@{sender.username}" if sender and sender.username else (sender.first_name if sender else "")
    link.code_hash = link.code_until = None
    link.save()
    oplog.log_activity("link_telegram", staff_id=link.staff_id, account=account_id)
    with translation.override(link.staff.language):
        words = _("This Telegram is linked to %(staff)s in reLove. Alerts and test messages come here.")
    write(link, words % {"staff": link.staff.get_full_name() or link.staff.username}, Purpose.CONFIRMATION, now)


def _may_try(telegram_id: int) -> bool:
    key = f"relove:link:{telegram_id}"
    tried = cache.get(key, 0) + 1
    cache.set(key, tried, ATTEMPTS_SECONDS)
    return bool(tried <= ATTEMPTS)


def _hash(letters: str) -> str:
    return keyed_hash(f"staff link {letters}")


def link_of(staff: Staff) -> StaffTelegram | None:
    """The person's link, or the code they wait with."""
    found: StaffTelegram | None = (
        StaffTelegram.objects.select_related("account", "chat").filter(staff=staff).first()
    )
    return found


def waits_for_code(link: StaffTelegram | None) -> bool:
    return bool(link and link.code_until and link.code_until > timezone.now())
