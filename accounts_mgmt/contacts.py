"""Who speaks with whom, and whether anybody may: stops, pauses, crises, caps per person.

`hear` reads every private message, whatever the account's role, and notes what was asked; what is said in
answer is the domain's. `guards` are asked by the outbox in the statement just before a request, so a stop
holds for every account as soon as it is committed.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, Model, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Greatest, Now
from django.db.models.lookups import LessThan
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts_mgmt.models import Contact, CrisisContact
from accounts_mgmt.outbox import Guard, Origin, Status
from accounts_mgmt.stops import Said, Wish, read
from relove import oplog
from relove.models import Staff, TelegramUser

DAILY_CAP = 3
EMERGENCY = {"ru": "единый номер экстренных служб 112", "en": "the emergency number 112"}


def guards(kind: type[Model], *, by_rule: tuple[str, ...], by_anyone: tuple[str, ...] = ()) -> list[Guard]:
    """The rules of a message to one person: for kinds with the columns user, sender, origin and purpose.

    `by_rule` are the purposes of fixed texts that answer a stop or a crisis and therefore leave after it;
    `by_anyone` those of texts that any account may say, whoever speaks with the person.
    """
    free = Q(origin=Origin.PERSON) | Q(purpose__in=by_rule)
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
            Q(origin=Origin.PERSON)
            | Q(user__contact__wrote_at__isnull=False)
            | Q(user__contact__consent_at__isnull=False),
            Status.CANCELLED,
            _("The person never wrote to us and has not agreed to be written to."),
        ),
        Guard(
            free | Q(purpose__in=by_anyone) | Q(user__contact__account=F("sender")),
            Status.CANCELLED,
            _("Another account speaks with this person."),
        ),
        Guard(
            free | Q(LessThan(_unanswered(kind), DAILY_CAP)),
            Status.CANCELLED,
            _("Three automatic messages today without an answer: the next word is theirs."),
        ),
    ]


def _unanswered(kind: type[Model]) -> Coalesce:
    """How many automatic messages the person got in 24 hours, from any account, since they last wrote."""
    day = Now() - timedelta(days=1)
    earlier = (
        kind._default_manager.filter(user=OuterRef("user"), direction="out", attempted_at__isnull=False)
        .exclude(origin=Origin.PERSON)
        .exclude(pk=OuterRef("pk"))
        .filter(status__in=(Status.SENDING, Status.SENT, Status.UNKNOWN, Status.DELETED))
        .filter(attempted_at__gt=Greatest(Coalesce(F("user__contact__wrote_at"), day), day))
    )
    return Coalesce(Subquery(earlier.order_by().values("user").annotate(n=Count("pk")).values("n")), 0)


def hear(user: TelegramUser, account_id: int, text: str, now: datetime) -> Said | None:
    """Note that the person wrote, and what they asked for; answers what is new in it.

    A stop that stands already, or a second call for help, is noted once: it is answered once. Runs in the
    caller's transaction.
    """
    contact = lock(user)
    contact.wrote_at = now
    contact.account_id = contact.account_id or account_id
    said = read(text, timezone.localtime(now))
    news = said if said and _note(contact, said, now) else None
    contact.save()
    if news:
        oplog.log_activity(news.wish.value, user_id=user.pk, account=account_id)
    return news


def lock(user: TelegramUser) -> Contact:
    """The person's row, made at the first meeting, ours until the transaction ends."""
    Contact.objects.get_or_create(user=user)
    contact: Contact = Contact.objects.select_for_update().get(user=user)
    return contact


def _note(contact: Contact, said: Said, now: datetime) -> bool:
    """Whether it changes something."""
    match said.wish:
        case Wish.CRISIS:
            fresh = contact.crisis_at is None
            # a second cry after somebody took over alerts again, but gets no second fixed reply
            contact.crisis_at, contact.acknowledged_at, contact.acknowledged_by = now, None, None
            return fresh
        case Wish.STOP:
            fresh = contact.stopped_at is None
            contact.stopped_at = contact.stopped_at or now
            return fresh
        case Wish.PAUSE:
            contact.paused_until = said.until
        case Wish.RESUME:
            changed = bool(contact.stopped_at or contact.paused_until)
            contact.stopped_at = contact.paused_until = None
            return changed
    return True


def help_contacts(language: str) -> str:
    """The confirmed help contacts of all countries; the emergency number where there are none."""
    rows = CrisisContact.objects.confirmed().order_by("country")
    named = "; ".join(f"{row.country}: {row.text}" for row in rows)
    return named or EMERGENCY.get(language, EMERGENCY["ru"])


def may_run() -> bool:
    """With the real Telegram nothing runs before one help contact has been confirmed by a named person."""
    return settings.TELEGRAM_GATEWAY == "sandbox" or CrisisContact.objects.confirmed().exists()


# --- what staff do -----------------------------------------------------------------------------------


def acknowledge(contact: Contact, staff: Staff, now: datetime) -> None:
    """A person takes care of it; automation stays off until somebody lets it go on."""
    contact.acknowledged_at, contact.acknowledged_by = now, staff
    contact.save(update_fields=["acknowledged_at", "acknowledged_by"])
    oplog.log_activity("acknowledge_crisis", staff_id=staff.pk, subject=("contacts", contact.pk))


def resume(contact: Contact, staff: Staff, reason: str) -> None:
    """Record the person's request that automation go on. A crisis is taken over first."""
    if contact.crisis_at and not contact.acknowledged_at:
        raise ValueError("a crisis is acknowledged first")
    contact.stopped_at = contact.paused_until = contact.crisis_at = None
    contact.save(update_fields=["stopped_at", "paused_until", "crisis_at"])
    oplog.log_activity("resume_contact", staff_id=staff.pk, subject=("contacts", contact.pk), reason=reason)


def hand_over(contact: Contact, account_id: int, staff: Staff) -> None:
    """From now on another account speaks with the person."""
    contact.account_id = account_id
    contact.save(update_fields=["account"])
    oplog.log_activity("hand_over", staff_id=staff.pk, subject=("contacts", contact.pk), account=account_id)
