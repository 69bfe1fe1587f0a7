"""What this app holds of a person beside rows with a key to them, and when they cannot be erased yet."""

from django.db import connection
from django.utils.translation import gettext as _

from accounts_mgmt.models import AccountEntity, Contact
from accounts_mgmt.outbox import Status
from accounts_mgmt.private.model import private_models
from relove.models import TelegramUser

# A Telegram id in what a call was asked or answered: as a whole number, wherever it stands.
BLANK_CALLS = """
UPDATE account_calls SET arguments = '{}', result = NULL
WHERE arguments::text ~ %(whole)s OR result::text ~ %(whole)s
"""


def in_flight(user: TelegramUser) -> list[str]:
    """A message that may have left has to be settled first: nobody could tell what was sent."""
    moving = (Status.SENDING, Status.UNKNOWN)
    if any(model._default_manager.filter(user=user, status__in=moving).exists() for model in private_models()):
        return [_("A message to this person is on its way, or its outcome is unknown: settle it first.")]
    return []


def erase(user: TelegramUser) -> None:
    """The contact, the accounts' acquaintance with the person, and calls that named them."""
    Contact.objects.filter(user=user).delete()
    AccountEntity.objects.filter(entity_id=user.telegram_id).delete()
    with connection.cursor() as cursor:
        cursor.execute(BLANK_CALLS, {"whole": rf"\m{user.telegram_id}\M"})
