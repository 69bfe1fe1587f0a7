"""What the machine says by rule, the disclosure, and what it takes back.

A draft holds the answer alone. The disclosure is put to it when it is queued, where this account has not
yet told this person: so nobody edits it away, and a new account tells it again.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts_mgmt import contacts
from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import CHANNEL, Origin, Status
from accounts_mgmt.private.dialogues import Thread
from accounts_mgmt.private.model import PrivateMessage, private_models
from relove import texts
from relove.db import notify
from relove.language import detect_language
from relove.models import TelegramUser

Purpose, Stage = PrivateMessage.Purpose, PrivateMessage.Stage


def say(thread: Thread, heard: str, purpose: str, now: datetime) -> None:
    """Send the fixed text of a rule, in the language of what was heard."""
    language = detect_language(heard) or "ru"
    owner = thread.account.owner
    text = {
        Purpose.STOP: lambda: texts.get("stop.confirmation", language),
        Purpose.CRISIS: lambda: texts.get("crisis.reply", language, contacts=contacts.help_contacts(language)),
        Purpose.BOT: lambda: texts.get("bot.question", language, owner=owner),
    }[Purpose(purpose)]()
    queue_fixed(thread, text, purpose, language, now)


def queue_fixed(thread: Thread, text: str, purpose: str, language: str, now: datetime) -> None:
    row = thread.new(PrivateMessage.Direction.OUT, text, Origin.MACHINE)
    row.purpose = purpose
    disclose(row, language)
    row.queue(now)
    row.save()
    notify(CHANNEL)


def disclose(row: PrivateMessage, language: str) -> None:
    """Put the disclosure to a machine's text where this account has not told this person yet. Does not save.

    Before a reply; after a fixed text, which somebody in need must see first.
    """
    thread = type(row)._default_manager.filter(sender_id=row.sender_id, user_id=row.user_id)
    told = thread.filter(discloses=True, status=Status.SENT)
    if row.origin == Origin.PERSON or row.discloses or told.exists():
        return
    opening = opening_text(row.sender, language)
    row.text = f"{row.text}\n\n{opening}" if row.purpose else f"{opening}\n\n{row.text}"
    row.discloses = True


def opening_text(account: TelegramAccountSession, language: str) -> str:
    return texts.get("disclosure.opening", language, owner=account.owner, privacy=settings.PRIVACY_URL)


def drop_drafts(thread: Thread, reason: Any) -> None:
    """Drafts, reminders and wishes for drafts have become pointless; `reason` is a sentence."""
    unsent = Q(status=Status.DRAFT) | Q(status=Status.PENDING, purpose=Purpose.NUDGE, first_attempt_at=None)
    thread.messages.filter(unsent).update(status=Status.CANCELLED, failed_reason=str(reason))
    thread.messages.filter(stage=Stage.WANTED).update(stage=Stage.NONE)


def drop_waiting(user: TelegramUser) -> None:
    """Take every automatic message to the person out of the queue, whichever account it waits at."""
    for kind in private_models():
        rows = kind._default_manager.filter(user=user, status__in=(Status.DRAFT, Status.PENDING))
        _cancel(rows, _("The person asked for no more automatic messages."))


def leave_to_person(thread: Thread) -> None:
    """Somebody of ours has answered: what the machine had in hand is not needed."""
    reason = _("A person has answered.")
    drop_drafts(thread, reason)
    _cancel(thread.messages.filter(status=Status.PENDING), reason)
    thread.messages.asking().update(stage=Stage.NONE)


def _cancel(rows: Any, reason: str) -> None:
    """What has surely not left, and is neither a person's nor the answer to a stop or a crisis."""
    machine = rows.filter(first_attempt_at=None).exclude(origin=Origin.PERSON)
    machine.exclude(purpose__in=(Purpose.STOP, Purpose.CRISIS)).update(
        status=Status.CANCELLED, failed_reason=reason
    )
