"""Queued messages that no runner would ever bring to an end: found regularly, and ended with a reason."""

from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts_mgmt import reasons
from accounts_mgmt.claims import GUARD, statements
from accounts_mgmt.models import AccountChatHold
from accounts_mgmt.outbox import OutgoingMessage, Status, outgoing_models
from relove import oplog
from relove.telegram.gateway import BannedInChannel


def end_stranded() -> int:
    """Every kind's rows; says how many were too late, shut out, or left behind."""
    return sum(_expire(kind) + _end_shut_out(kind) + _free(kind) for kind in outgoing_models())


def _expire(kind: type[OutgoingMessage]) -> int:
    """Those whose account is not sending never come as far as their guard."""
    late = kind._default_manager.filter(status=Status.PENDING, first_attempt_at=None, expires_at__lte=Now())
    return _end(late, Status.EXPIRED, GUARD, _("It is too late."))


def _end_shut_out(kind: type[OutgoingMessage]) -> int:
    """Claims pass by a chat in which an account may never write again."""
    endless = AccountChatHold.objects.filter(account=OuterRef("sender"), chat=OuterRef("chat"), until=None)
    rows: QuerySet[Any] = kind._default_manager.filter(
        status__in=(Status.PENDING, Status.UNKNOWN), set_aside=False
    )
    behind = rows.annotate(hold=Subquery(endless.values("reason")[:1])).exclude(hold=None)
    ended = 0
    for code in sorted(set(behind.values_list("hold", flat=True))):
        surely_unsent = behind.filter(hold=code, status=Status.PENDING, first_attempt_at=None)
        ended += _end(surely_unsent, Status.FAILED, code, reasons.sentence(BannedInChannel(code)))
    # the others may have been delivered, and the account cannot look there
    unclear = rows.filter(id__in=behind.values("id"), status=Status.UNKNOWN)
    reason = _(reasons.UNREADABLE)
    return ended + unclear.update(set_aside=True, failed_reason=reason, updated_at=Now())


@transaction.atomic
def _end(rows: QuerySet[Any], status: Status, code: str, reason: str) -> int:
    """End what no runner has just claimed."""
    found = list(rows.select_for_update(skip_locked=True).values_list("id", "sender_id"))
    ids = [number for number, _sender in found]
    rows.model._default_manager.filter(id__in=ids).update(
        status=status, failed_code=code, failed_reason=reason, updated_at=Now()
    )
    table = rows.model._meta.db_table
    oplog.log_operations(
        [
            oplog.Operation("send_message", "failed", error=reason, account_id=sender, subject=(table, number))
            for number, sender in found
        ]
    )
    return len(found)


def _free(kind: type[OutgoingMessage]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statements(kind).free, [_(reasons.CRASHED), settings.LEASE_SECONDS])
        return int(cursor.rowcount)
