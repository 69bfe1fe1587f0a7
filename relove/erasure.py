"""Everything about one person: out as JSON, or gone.

Erasing deletes the rows that apps answer for, blanks what a model was asked and answered about them, takes
the words out of the logs by the SQL function `relove_erase_person`, and leaves a person without a name and
a hash in `suppression`. Files of the archive that hold such words are rewritten. What is in flight is
awaited first.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import Model
from django.forms.models import model_to_dict
from django.utils.translation import gettext as _

from relove import archive, archive_return, oplog, people, suppression
from relove.archive_files import ArchiveError
from relove.fields import SealedField
from relove.models import Chat, LLMCall, Staff, TelegramUser

Subject = tuple[str, int]
JSON = DjangoJSONEncoder


class NotYet(Exception):
    """Something about the person is on its way; the message is a sentence for the person who asked."""


def export(user: TelegramUser) -> dict[str, Any]:
    """Every row about the person by table, as plain values; nothing sealed."""
    tables: dict[str, Any] = {TelegramUser._meta.db_table: [_plain(user)]}
    for model in sorted(people.covered(), key=lambda model: model._meta.db_table):
        rows = model._default_manager.filter(**{people.key_of(model): user}).order_by("pk")
        tables[model._meta.db_table] = [_plain(row) for row in rows]
    return tables


def _plain(row: Model) -> dict[str, Any]:
    names = [field.name for field in row._meta.concrete_fields if not isinstance(field, SealedField)]
    # model_to_dict leaves out what no form may change: times of creation above all
    kept = {field.name: field.value_from_object(row) for field in row._meta.concrete_fields if field.name in names}
    return model_to_dict(row, fields=names) | kept


def erase(user: TelegramUser, now: datetime, staff: Staff | None = None) -> None:
    """Erase the person, whole or not at all. Raises NotYet."""
    with transaction.atomic():
        person = _locked(user)
        for reason in people.in_flight(person):
            raise NotYet(reason)
        _hold_archive(whole=True)
        _erase(person, staff)


def _locked(user: TelegramUser) -> TelegramUser:
    person: TelegramUser = TelegramUser.objects.select_for_update().get(pk=user.pk)
    return person


def _erase(person: TelegramUser, staff: Staff | None = None) -> None:
    subjects = list(_subjects(person))
    _blank_model_calls(subjects)
    people.erase(person)
    _take_words_from_logs(person, subjects)
    archive_return.forget(person.pk, subjects)
    kept = suppression.add(person.telegram_id)
    _make_nobody(person)
    who = {"staff_id": staff.pk} if staff else {"user_id": person.pk}
    oplog.log_activity("erase_person", subject=(TelegramUser._meta.db_table, person.pk), **who)
    transaction.on_commit(lambda: suppression.keep(kept))


def _subjects(user: TelegramUser) -> Iterator[Subject]:
    """The rows about the person, as the logs name them."""
    yield TelegramUser._meta.db_table, user.pk
    for model in people.covered():
        rows = model._default_manager.filter(**{people.key_of(model): user})
        for key in rows.values_list("pk", flat=True):
            yield model._meta.db_table, key


def _blank_model_calls(subjects: list[Subject]) -> None:
    """What a question cost stays; what was asked and answered goes."""
    by_table: dict[str, list[int]] = {}
    for table, key in subjects:
        by_table.setdefault(table, []).append(key)
    for table, keys in by_table.items():
        calls = LLMCall.objects.filter(subject_table=table, subject_id__in=keys)
        calls.update(request={}, response=None, error="")


def _take_words_from_logs(user: TelegramUser, subjects: list[Subject]) -> None:
    tables, keys = zip(*subjects, strict=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT relove_erase_person(%s, %s, %s)", [user.pk, list(tables), list(keys)])


def _hold_archive(*, whole: bool) -> None:
    """Until the transaction ends. Raises NotYet where somebody writes it, or files that it needs are not here."""
    try:
        archive.lock_until_commit()
        if whole:
            archive.check()
    except archive.Busy as error:
        raise NotYet(_("The archive is being written just now. Try again in a few minutes.")) from error
    except ArchiveError as error:
        text = _("A part of the archive cannot be reached from here. Erase on the machine where its folder is.")
        raise NotYet(text) from error


def _make_nobody(user: TelegramUser) -> None:
    """The row stays for the logs' sake, with a number that is no Telegram id."""
    nobody = TelegramUser(pk=user.pk, telegram_id=-user.pk, is_active=False)
    chats = Chat.objects.filter(kind=Chat.Kind.PRIVATE, telegram_id=user.telegram_id)
    for chat in chats:
        Chat.objects.filter(pk=chat.pk).update(telegram_id=-user.pk, title="", username="")
    nobody.registration_date = user.registration_date
    nobody.save()


def reapply(now: datetime) -> int:
    """Erase again whom an older backup has brought back; says how many.

    Nothing is awaited: what the backup takes to be on its way has long left, or never does. Files of the
    archive that are out of reach were rewritten when the person was erased.
    """
    with transaction.atomic():
        returned = suppression.forgotten()
        if returned:
            _hold_archive(whole=False)
        for user in returned:
            _erase(_locked(user))
    return len(returned)
