"""Accounts and the queue for Prometheus."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.db.models.functions import Coalesce
from prometheus_client.core import GaugeMetricFamily, Metric

from accounts_mgmt import freezing
from accounts_mgmt.models import AccountSecurityLog, TelegramAccountSession
from accounts_mgmt.outbox import outgoing_models
from relove.measures import measure

# A sent row rests; these are on their way or wait for somebody.
ON_THE_WAY = ("draft", "pending", "sending", "unknown")


@measure
def queue(now: datetime) -> Iterator[Metric]:
    rows = GaugeMetricFamily("relove_queue_rows", "Messages not settled yet", labels=["kind", "status"])
    ages = GaugeMetricFamily(
        "relove_queue_overdue_seconds", "How long the oldest is due that waits", labels=["kind"]
    )
    for kind in outgoing_models():
        table = kind._meta.db_table
        waiting = kind._default_manager.filter(status__in=ON_THE_WAY).order_by()
        counts = dict(waiting.values_list("status").annotate(Count("pk")))
        for status in ON_THE_WAY:
            rows.add_metric([table, status], counts.get(status, 0))
        due = kind._default_manager.filter(status="pending").aggregate(
            oldest=Min(Coalesce("next_retry", "scheduled_at"))
        )["oldest"]
        ages.add_metric([table], max((now - due).total_seconds(), 0) if due else 0)
    yield rows
    yield ages


@measure
def freeze(now: datetime) -> Iterator[Metric]:
    frozen = int(freezing.standing() is not None)
    yield GaugeMetricFamily("relove_outbox_frozen", "Whether sending waits for a person to confirm it", frozen)


@measure
def accounts(now: datetime) -> Iterator[Metric]:
    states = GaugeMetricFamily("relove_accounts", "Accounts by state", labels=["state"])
    known = dict(TelegramAccountSession.objects.order_by().values_list("state").annotate(Count("pk")))
    for state in TelegramAccountSession.State.values:
        states.add_metric([state], known.get(state, 0))
    yield states
    held = TelegramAccountSession.objects.filter(lease_until__gt=now).count()
    yield GaugeMetricFamily("relove_accounts_held", "Accounts that a runner holds", held)
    waits = TelegramAccountSession.objects.filter(flood_until__gt=now).count()
    yield GaugeMetricFamily("relove_accounts_waiting", "Accounts that Telegram asks to wait", waits)
    day = AccountSecurityLog.objects.filter(
        event=AccountSecurityLog.Event.FLOOD, created_at__gt=now - timedelta(days=1)
    )
    yield GaugeMetricFamily("relove_flood_waits_day", "Waits that Telegram asked for in 24 hours", day.count())
