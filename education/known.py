"""What education knows of a person, for the page that shows their history, the export and the erasure."""

from typing import Any

from django.utils.translation import gettext as _

from accounts_mgmt.outbox import Status
from education.models import EducationGroup, GroupMessage, GroupPartner
from relove import people
from relove.models import TelegramUser


def in_flight(user: TelegramUser) -> list[str]:
    """A group that still goes on is ended first."""
    groups = EducationGroup.objects.filter(user=user).open()
    return [_("The study group “%(title)s” still goes on: end it first.") % {"title": group} for group in groups]


def erase(user: TelegramUser) -> None:
    """The person's groups with all that was said there; in groups of others, their own words."""
    groups = EducationGroup.objects.filter(user=user)
    GroupMessage.objects.filter(group__in=groups).delete()
    GroupMessage.objects.filter(user=user).delete()
    GroupPartner.objects.filter(group__in=groups).delete()
    groups.delete()


@people.provider(EducationGroup, GroupPartner, GroupMessage, erase=erase, in_flight=in_flight)
def told(user: TelegramUser) -> list[people.Event]:
    """The person's groups, and what was said in them."""
    groups: Any = EducationGroup.objects.filter(user=user)
    said: Any = GroupMessage.objects.filter(group__in=groups, status__in=(Status.SENT, Status.DELETED))
    rows = said.select_related("sender", "user").order_by("-id")[: people.LIMIT]
    return [
        *(people.Event(group.created_at, str(group._meta.verbose_name), group.title, group) for group in groups),
        *(
            people.Event(
                row.sent_at or row.created_at, f"{row.user or row.sender}: {_('study group')}", row.text, row
            )
            for row in rows
        ),
    ]
