"""What the cluster `default` does regularly: hints only, every stage finds its work again by itself."""

from django_q.models import Schedule

# (task, minutes between runs)
REGULAR = [
    ("commentators.tasks.read_channels", 1),
    ("commentators.tasks.read_metrics", 1),
    ("accounts_mgmt.tasks.expire_calls", 1),
    ("relove.cluster.holders.top_up", 1),
    ("relove.tasks.make_partitions", 24 * 60),
]


def sync_schedules() -> None:
    """Bring django-q2's schedules in line with REGULAR; repeatable."""
    for task, minutes in REGULAR:
        Schedule.objects.update_or_create(
            name=task,
            defaults={"func": task, "schedule_type": Schedule.MINUTES, "minutes": minutes, "repeats": -1},
        )
    Schedule.objects.filter(name__contains=".").exclude(name__in=[name for name, _ in REGULAR]).delete()
