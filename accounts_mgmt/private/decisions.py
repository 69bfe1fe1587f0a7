"""What people decide in a thread: approve or reject a draft, write by hand, note it as read."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts_mgmt import calls, contacts
from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import CHANNEL, Origin, Status, first_failing
from accounts_mgmt.private import going_out
from accounts_mgmt.private.dialogues import Thread, open_thread
from accounts_mgmt.private.model import PrivateMessage
from relove import oplog, texts
from relove.db import notify
from relove.language import detect_language, storable
from relove.models import Staff, TelegramUser

Stage = PrivateMessage.Stage


@transaction.atomic
def approve(thread: Thread, draft_id: int, text: str, staff: Staff, now: datetime) -> PrivateMessage:
    """Queue a draft, as it is or as the person changed it. Raises ValidationError with the reason."""
    row = _draft(thread, draft_id)
    if text.strip() != row.text.strip():
        row.text, row.origin = text.strip(), Origin.MACHINE_EDITED
        if refusals := thread.dialogues.refusals(thread, row.text):
            raise ValidationError(refusals)
    row.approved_by, row.approved_at = staff, now
    queue(thread, row, now)
    _refuse_now(row)
    _log(row, "approve_direct", staff)
    return row


def queue(thread: Thread, row: PrivateMessage, now: datetime) -> None:
    """Send a machine's reply: with the disclosure where it is due; the thread waits for nothing more."""
    going_out.disclose(row, detect_language(row.text) or "ru")
    row.queue(now)
    row.save()
    thread.messages.asking().update(stage=Stage.NONE)
    thread.dialogues.queued(thread, row, now)
    notify(CHANNEL)


def _draft(thread: Thread, draft_id: int) -> PrivateMessage:
    row: PrivateMessage | None = thread.messages.select_for_update(of=("self",)).filter(id=draft_id).first()
    if row is None:
        raise ValidationError(_("It is gone."))
    if row.status != Status.DRAFT:
        raise ValidationError(_("It is in the state “%(state)s” now.") % {"state": Status(row.status).label})
    return row


def _refuse_now(row: PrivateMessage) -> None:
    """What the send would refuse for good, a person hears at once."""
    rows = type(row)._default_manager.filter(pk=row.pk)
    final = [guard for guard in type(row).guards() if guard.otherwise != Status.PENDING]
    if failed := first_failing(rows, final):
        raise ValidationError(str(failed.reason))


@transaction.atomic
def reject(thread: Thread, draft_id: int, staff: Staff, now: datetime) -> None:
    """Drop a draft; the person's message waits for an answer by hand."""
    row = _draft(thread, draft_id)
    row.status, row.approved_by, row.approved_at = Status.REJECTED, staff, now
    row.save()
    last = thread.messages.received().order_by("-id").first()
    if last:
        last.stage, last.stage_reason = Stage.PERSON, _("The draft was rejected.")
        last.save(update_fields=["stage", "stage_reason"])
    _log(row, "reject_direct", staff)


@transaction.atomic
def write(thread: Thread, text: str, staff: Staff, now: datetime) -> PrivateMessage:
    """Answer by hand; always possible, whatever the machine may not do. Raises ValidationError."""
    text = storable(text).strip()
    if not text or len(text.encode("utf-16-le")) // 2 > texts.MESSAGE_LIMIT:
        raise ValidationError(_("A message has 1 to 4096 characters."))
    contacts.lock(thread.user)
    going_out.leave_to_person(thread)
    row = thread.new(PrivateMessage.Direction.OUT, text, Origin.PERSON)
    row.approved_by, row.approved_at = staff, now
    row.queue(now)
    row.save()
    _refuse_now(row)
    _log(row, "write_direct", staff)
    notify(CHANNEL)
    return row


@transaction.atomic
def write_first(
    account: TelegramAccountSession, user: TelegramUser, text: str, staff: Staff, now: datetime
) -> Thread:
    """A first private message, by hand: to somebody who agreed or wrote to us. Raises ValidationError.

    The account speaks with the person from now on; another that does so already is not pushed aside.
    """
    contact = contacts.lock(user)
    if contact.account_id not in (None, account.pk):
        raise ValidationError(_("Another account speaks with this person."))
    contact.account = account
    contact.save(update_fields=["account"])
    thread = open_thread(account, user)
    write(thread, text, staff, now)
    return thread


def _log(row: PrivateMessage, what: str, staff: Staff) -> None:
    oplog.log_activity(what, staff_id=staff.pk, subject=(row._meta.db_table, row.pk))


@transaction.atomic
def read(thread: Thread, now: datetime) -> None:
    """Somebody of ours has seen the thread: note it, and have Telegram told."""
    unread = thread.messages.unread()
    newest = unread.order_by("-message_id").values_list("message_id", flat=True).first()
    if newest and unread.update(is_read=True):
        arguments = {"user": thread.user.telegram_id, "up_to": newest}
        calls.ask(thread.account.pk, "read_private", arguments, now=now)
