"""Which rows: accounts, calls and outgoing messages."""

from typing import Any

from django.db import models
from django.db.models import Q


class AccountQuerySet(models.QuerySet[Any]):
    def active(self) -> "AccountQuerySet":
        return self.filter(state="active")

    def with_session_version(self) -> "AccountQuerySet":
        """Without the session itself; `session_version` changes whenever it does."""
        version = models.Func("session", function="md5", output_field=models.CharField())
        rows: AccountQuerySet = self.defer("session").annotate(session_version=version)
        return rows

    def who_met_channel(self, telegram_id: int) -> "AccountQuerySet":
        """Those that may address a channel by its bare id."""
        return self.filter(entities__entity_id=-(10**12 + telegram_id))

    def troubled(self) -> "AccountQuerySet":
        """Those that need a person."""
        return self.exclude(state__in=("active", "disabled", "signing_in"))

    def writing_to_staff(self) -> "AccountQuerySet":
        """The main accounts, to which staff link their Telegram."""
        return self.active().filter(role="main")

    def disclosing(self) -> "AccountQuerySet":
        """Those that may write by machine: consent recorded, disclosure seen in the profile."""
        return self.filter(~Q(disclosure=""), disclosure_seen_at__isnull=False, owner_consent_at__isnull=False)


class AccountCallQuerySet(models.QuerySet[Any]):
    def open(self) -> "AccountCallQuerySet":
        return self.filter(state__in=("waiting", "running"))


class ContactQuerySet(models.QuerySet[Any]):
    def halted(self) -> "ContactQuerySet":
        """People for whom automation is off until they or staff say otherwise."""
        return self.filter(models.Q(stopped_at__isnull=False) | models.Q(crisis_at__isnull=False))

    def alerting(self) -> "ContactQuerySet":
        """People in a crisis whom nobody of the staff has taken over yet."""
        return self.filter(crisis_at__isnull=False, acknowledged_at__isnull=True)


class CrisisContactQuerySet(models.QuerySet[Any]):
    def confirmed(self) -> "CrisisContactQuerySet":
        return self.exclude(confirmed_by="").filter(confirmed_at__isnull=False)


class OutgoingQuerySet(models.QuerySet[Any]):
    """Shared by every kind of message."""

    def drafts(self) -> "OutgoingQuerySet":
        return self.filter(status="draft")

    def unsettled(self) -> "OutgoingQuerySet":
        """On their way: queued, in a runner's hands, or of unknown outcome."""
        return self.filter(status__in=("pending", "sending", "unknown"))


class PrivateQuerySet(OutgoingQuerySet):
    def received(self) -> "PrivateQuerySet":
        return self.filter(direction="in")

    def unread(self) -> "PrivateQuerySet":
        return self.received().filter(is_read=False)

    def asking(self) -> "PrivateQuerySet":
        """Those that still ask something of the machine or of a person; few, and by an index of their own."""
        return self.filter(stage__in=("wanted", "person"))

    def thread(self, sender_id: int, user_id: int) -> "PrivateQuerySet":
        """The messages between an account of ours and a person."""
        return self.filter(sender_id=sender_id, user_id=user_id)


class StaffTelegramQuerySet(models.QuerySet[Any]):
    def linked(self) -> "StaffTelegramQuerySet":
        return self.filter(chat__isnull=False, account__isnull=False, staff__is_active=True)

    def on_duty(self) -> "StaffTelegramQuerySet":
        """Whom alerts are sent to."""
        return self.linked().filter(on_duty=True)


class AlertQuerySet(models.QuerySet[Any]):
    def to_mail(self) -> "AlertQuerySet":
        return self.filter(mail_due=True)
