"""What a person on duty asks, for Prometheus: counted from the database when /metrics is read.

So every process may answer, and figures outlive a restart. Apps register here, by name and meaning, from a
module called `measures`. docs/operations/ holds a board and alert rules that name them.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import accumulate

from django.db import connection
from django.db.models import Count, Sum
from django.db.models.functions import Now, TruncDay
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from relove import partitions, rollups
from relove.cluster import live_heartbeats
from relove.models import LLMCall, RollupMark

Measure = Callable[[datetime], Iterable[Metric]]
_measures: list[Measure] = []
EPOCH = datetime(2000, 1, 1, tzinfo=timezone.get_fixed_timezone(0))


def measure(function: Measure) -> Measure:
    """Register figures; the function is asked at every reading."""
    _measures.append(function)
    return function


class _FromDatabase(Collector):
    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        for function in _measures:
            yield from function(now)


def exposition() -> bytes:
    """All figures in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_FromDatabase())
    return generate_latest(registry)


@measure
def operations(now: datetime) -> Iterator[Metric]:
    found: dict[rollups.Kind, rollups.Sums] = {}
    rows = rollups.series("day", EPOCH, now)
    for kind in {kind for _at, kind in rows}:
        found[kind] = rollups.total(sums for (_at, other), sums in rows.items() if other == kind)
    counts = CounterMetricFamily(
        "relove_operations", "Operations by how they ended", labels=["operation", "table", "status"]
    )
    durations = HistogramMetricFamily(
        "relove_operation_seconds", "How long operations took that ended well", labels=["operation", "table"]
    )
    for kind, sums in found.items():
        labels = [kind.operation, kind.table]
        counts.add_metric([*labels, "success"], sums.done)
        counts.add_metric([*labels, "failed"], sums.failed)
        ends = [*(str(end / 1000) for end in rollups.SLOTS), "+Inf"]
        buckets = list(zip(ends, map(float, accumulate(sums.slots)), strict=True))
        durations.add_metric(labels, buckets, sums.total_ms / 1000)
    yield counts
    yield durations
    with connection.cursor() as cursor:
        cursor.execute(rollups.DRAWN)
        drawn = int(cursor.fetchone()[0])
    folded = RollupMark.objects.values_list("folded_to", flat=True).first() or 0
    yield GaugeMetricFamily("relove_operations_unsummed", "Rows of the log not in its sums", drawn - folded)


@measure
def language_model(now: datetime) -> Iterator[Metric]:
    today = LLMCall.objects.filter(created_at__gte=TruncDay(Now(), tzinfo=UTC))
    calls = GaugeMetricFamily("relove_llm_calls_today", "Calls of the day (UTC) by status", labels=["status"])
    for status, count in today.values_list("status").annotate(Count("pk")).order_by():
        calls.add_metric([status], count)
    yield calls
    sums = today.aggregate(
        into=Sum("prompt_tokens"), out=Sum("completion_tokens"), cost=Sum("cost"), took=Sum("duration_ms")
    )
    tokens = GaugeMetricFamily("relove_llm_tokens_today", "Tokens of the day (UTC)", labels=["direction"])
    tokens.add_metric(["in"], sums["into"] or 0)
    tokens.add_metric(["out"], sums["out"] or 0)
    yield tokens
    yield GaugeMetricFamily("relove_llm_cost_usd_today", "USD of the day (UTC)", float(sums["cost"] or 0))
    yield GaugeMetricFamily(
        "relove_llm_seconds_today", "Time of calls of the day (UTC)", (sums["took"] or 0) / 1000
    )


@measure
def upkeep(now: datetime) -> Iterator[Metric]:
    missing = len(partitions.missing(now))
    yield GaugeMetricFamily("relove_partitions_missing", "Months that should be there ahead and are not", missing)
    ages = GaugeMetricFamily(
        "relove_cluster_heartbeat_age_seconds", "Since a cluster last beat", labels=["cluster"]
    )
    for name, age in live_heartbeats().items():
        ages.add_metric([name], float("inf") if age is None else age)
    yield ages
