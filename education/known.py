"""What education knows of a person, for the page that shows their history, the export and the erasure."""

from typing import Any

from django.utils.translation import gettext as _

from accounts_mgmt.models import AccountCall
from accounts_mgmt.outbox import Status
from education.models import EducationGroup, GroupMessage, GroupPartner
from relove import people
from relove.models import TelegramUser


def in_flight(user: TelegramUser) -> list[str]:
    """A group that still goes on is ended first, and what is on its way into it is settled."""
    groups = EducationGroup.objects.filter(user=user).open()
    found = [_("The study group “%(title)s” still goes on: end it first.") % {"title": group} for group in groups]
    if GroupMessage.objects.filter(group__user=user, status__in=(Status.SENDING, Status.UNKNOWN)).exists():
        found.append(_("A message to a study group is on its way, or its outcome is unknown: settle it first."))
    return found


def erase(user: TelegramUser) -> None:
    """The person's groups with all that was said there; in groups of others, their own words."""
    groups = EducationGroup.objects.filter(user=user)
    for title in groups.values_list("title", flat=True):
        # it has the client's name, and was asked of Telegram
        AccountCall.objects.filter(arguments__title__startswith=title).update(arguments={}, result=None)
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
