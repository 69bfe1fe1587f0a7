"""What must hold when a private message leaves: the person's wishes, who speaks with them, the disclosure.

The outbox asks them in the statement just before a request, so a stop holds for every account as soon as
it is committed.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest, Now
from django.db.models.lookups import LessThan
from django.utils.translation import gettext_lazy as _

from accounts_mgmt.outbox import Guard, Origin, Status
from accounts_mgmt.pause_models import Pause

if TYPE_CHECKING:
    from accounts_mgmt.private.model import PrivateMessage

DAILY_CAP = 3
BY_PERSON = Q(origin=Origin.PERSON)


def of(kind: "type[PrivateMessage]") -> list[Guard]:
    direction = Guard(Q(direction="out"), Status.CANCELLED, _("It is a message to us."))
    return [direction, *_wishes(kind), *_contact(kind), *_honesty(kind)]


def _free(kind: "type[PrivateMessage]") -> Q:
    """What a stop or a crisis does not hold back: a person's words, and the fixed texts that answer it."""
    return BY_PERSON | Q(purpose__in=(kind.Purpose.STOP, kind.Purpose.CRISIS))


def _wishes(kind: "type[PrivateMessage]") -> list[Guard]:
    free = _free(kind)
    return [
        Guard(
            free | Q(user__contact__stopped_at__isnull=True),
            Status.CANCELLED,
            _("The person asked for no more automatic messages."),
        ),
        Guard(
            free | Q(user__contact__crisis_at__isnull=True),
            Status.CANCELLED,
            _("The person needs a human being now: nothing automatic is sent."),
        ),
        Guard(
            free | Q(user__contact__paused_until__isnull=True) | Q(user__contact__paused_until__lte=Now()),
            Status.PENDING,
            _("The person asked for quiet until a certain time."),
        ),
        Guard(
            free | Pause.none_for(Pause.Level.PERSON, "user"),
            Status.PENDING,
            _("Automatic messages to this person are paused."),
        ),
    ]


def _contact(kind: "type[PrivateMessage]") -> list[Guard]:
    free = _free(kind)
    return [
        Guard(
            # a person's own words too
            Q(user__contact__wrote_at__isnull=False) | Q(user__contact__consent_at__isnull=False),
            Status.CANCELLED,
            _("The person never wrote to us and has not agreed to be written to."),
        ),
        Guard(
            # who an account is, it may say whoever speaks with the person
            free | Q(purpose=kind.Purpose.WHO) | Q(user__contact__account=F("sender")),
            Status.CANCELLED,
            _("Another account speaks with this person."),
        ),
        Guard(
            free | Q(LessThan(_unanswered(kind), DAILY_CAP)),
            Status.CANCELLED,
            _("Three automatic messages today without an answer: the next word is theirs."),
        ),
    ]


def _honesty(kind: "type[PrivateMessage]") -> list[Guard]:
    earlier = kind._default_manager.filter(
        sender=OuterRef("sender"), user=OuterRef("user"), discloses=True, status=Status.SENT
    )
    return [
        Guard(
            BY_PERSON | Q(discloses=True) | Q(Exists(earlier)),
            Status.CANCELLED,
            _("The person has not been told that an AI helps write."),
        ),
        Guard(
            BY_PERSON | (~Q(sender__disclosure="") & Q(sender__disclosure_seen_at__isnull=False)),
            Status.PENDING,
            _("The account's profile does not show that an AI helps write."),
            early=True,
        ),
        Guard(
            BY_PERSON | Q(sender__owner_consent_at__isnull=False),
            Status.PENDING,
            _("The account's owner has not agreed to automatic writing."),
            early=True,
        ),
    ]


def _unanswered(kind: "type[PrivateMessage]") -> Combinable:
    """How many automatic messages the person got in 24 hours, from any account, since they last wrote.

    Every domain's messages count, the row itself apart.
    """
    from accounts_mgmt.private.model import private_models  # the models are complete when this is asked

    count: Combinable = Value(0)
    for other in private_models():
        count = count + _sent_today(other, kind)
    return count


def _sent_today(other: "type[PrivateMessage]", kind: "type[PrivateMessage]") -> Coalesce:
    day = Now() - timedelta(days=1)
    earlier = (
        other._default_manager.filter(user=OuterRef("user"), direction="out", attempted_at__isnull=False)
        .exclude(origin=Origin.PERSON)
        .filter(status__in=(Status.SENDING, Status.SENT, Status.UNKNOWN, Status.DELETED))
        .filter(attempted_at__gt=Greatest(Coalesce(F("user__contact__wrote_at"), day), day))
    )
    if other is kind:
        earlier = earlier.exclude(pk=OuterRef("pk"))
    return Coalesce(Subquery(earlier.order_by().values("user").annotate(n=Count("pk")).values("n")), 0)
