"""What must hold when a private message leaves: the person's wishes, who speaks with them, the disclosure.

The outbox asks them in the statement just before a request, so a stop holds for every account as soon as
it is committed.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest, Now
from django.db.models.lookups import GreaterThanOrEqual, LessThan
from django.utils.translation import gettext_lazy as _

from accounts_mgmt.outbox import Guard, Origin, Status
from accounts_mgmt.pause_models import Pause
from relove.zones import DAY_FROM, DAY_TO, hour_there

if TYPE_CHECKING:
    from accounts_mgmt.private.model import PrivateMessage

DAILY_CAP, NUDGES_A_DAY = 3, 2
BY_PERSON = Q(origin=Origin.PERSON)


def of(kind: "type[PrivateMessage]") -> list[Guard]:
    direction = Guard(Q(direction="out"), Status.CANCELLED, _("It is a message to us."))
    return [direction, *_wishes(kind), *_contact(kind), *_unasked(kind), *_honesty(kind)]


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


def _unasked(kind: "type[PrivateMessage]") -> list[Guard]:
    """What we say into a silence: twice a day at most over all accounts, and by day, by the person's clock."""
    other = ~Q(purpose=kind.Purpose.NUDGE)
    hour = hour_there("user__zone")
    return [
        Guard(
            other | Q(GreaterThanOrEqual(hour, DAY_FROM)) & Q(LessThan(hour, DAY_TO)),
            Status.PENDING,
            _("It is night where the person is."),
        ),
        Guard(
            other | Q(LessThan(_nudges(kind), NUDGES_A_DAY)),
            Status.CANCELLED,
            _("Two reminders today already."),
        ),
    ]


def _nudges(kind: "type[PrivateMessage]") -> Combinable:
    """How many reminders the person got in 24 hours; whether they answered does not matter."""
    from accounts_mgmt.private.model import private_models

    day = Q(purpose=kind.Purpose.NUDGE, attempted_at__gt=Now() - timedelta(days=1))
    count: Combinable = Value(0)
    for other in private_models():
        count = count + _count(_ours(other, kind).filter(day))
    return count


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
    since = Greatest(Coalesce(F("user__contact__wrote_at"), day), day)
    return _count(_ours(other, kind).exclude(origin=Origin.PERSON).filter(attempted_at__gt=since))


def _ours(other: "type[PrivateMessage]", kind: "type[PrivateMessage]") -> Any:
    """What has gone out to the row's person, the row itself apart."""
    earlier = other._default_manager.filter(
        user=OuterRef("user"),
        direction="out",
        attempted_at__isnull=False,
        status__in=(Status.SENDING, Status.SENT, Status.UNKNOWN, Status.DELETED),
    )
    return earlier.exclude(pk=OuterRef("pk")) if other is kind else earlier


def _count(rows: Any) -> Coalesce:
    return Coalesce(Subquery(rows.order_by().values("user").annotate(n=Count("pk")).values("n")), 0)
