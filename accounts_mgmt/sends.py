"""How much an account has sent today and may send, for its page."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts_mgmt.limits import pace
from accounts_mgmt.models import AccountSecurityLog, TelegramAccountSession
from accounts_mgmt.outbox import Status, outgoing_models

CHART_DAYS = 14
ANY_CHAT = 0


@dataclass(frozen=True, slots=True)
class Amount:
    """What was sent of a kind; `most` is None where no limit counts it."""

    name: str
    sent: int
    most: int | None


@dataclass(frozen=True, slots=True)
class FloodDay:
    """How long Telegram made the account wait on a day, in seconds, and how often."""

    day: datetime
    seconds: float
    times: int


def today(account: TelegramAccountSession, now: datetime) -> list[Amount]:
    """By kind of message since midnight, against what is planned for a day."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    amounts = []
    for kind in outgoing_models():
        sent = kind._default_manager.filter(sender=account, status=Status.SENT, sent_at__gte=midnight)
        name = str(kind._meta.verbose_name_plural)
        amounts.append(Amount(name, sent.filter(random_id__isnull=False).count(), kind.planned_a_day(account)))
    return [amount for amount in amounts if amount.sent or amount.most]


def busiest_today(now: datetime, most: int) -> dict[TelegramAccountSession, Amount]:
    """The accounts that sent most since midnight, all kinds together; `most` counts what is planned."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    sent: Counter[int] = Counter()
    for kind in outgoing_models():
        rows = kind._default_manager.filter(status=Status.SENT, sent_at__gte=midnight, random_id__isnull=False)
        sent.update(dict(rows.order_by().values_list("sender").annotate(times=Count("*"))))
    accounts = TelegramAccountSession.objects.exclude(state=TelegramAccountSession.State.DISABLED)
    busiest = sorted(accounts.order_by("label"), key=lambda account: -sent[account.pk])[:most]
    planned = {account: sum(kind.planned_a_day(account) or 0 for kind in outgoing_models()) for account in busiest}
    return {account: Amount(account.label, sent[account.pk], planned[account] or None) for account in busiest}


def busiest_chat(account: TelegramAccountSession, now: datetime) -> Amount:
    """What went into the account's busiest chat in the last minute, against its pace there."""
    minute = now - timedelta(minutes=1)
    found = 0
    for kind in outgoing_models():
        rows = kind._default_manager.filter(sender=account, attempted_at__gt=minute).order_by()
        counts = rows.values("chat").annotate(n=Count("pk")).aggregate(most=Coalesce(Max("n"), 0))
        found = max(found, counts["most"])
    own = [limit for limit in pace(account.pk, ANY_CHAT, slowed=bool(account.slowed_at)) if limit.seconds == 60]
    return Amount("", found, own[0].count)


def flood_days(account: TelegramAccountSession, now: datetime) -> list[FloodDay]:
    """The last two weeks, oldest first."""
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=back) for back in reversed(range(CHART_DAYS))]
    rows = AccountSecurityLog.objects.filter(
        account=account, event=AccountSecurityLog.Event.FLOOD, created_at__gte=days[0]
    )
    waits = [(timezone.localtime(row.created_at).date(), float(row.details.get("seconds", 0))) for row in rows]
    return [
        FloodDay(
            day,
            sum(seconds for date, seconds in waits if date == day.date()),
            sum(date == day.date() for date, _seconds in waits),
        )
        for day in days
    ]
