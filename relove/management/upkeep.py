"""Bringing the database up to date, and what the cluster `default` then does regularly."""

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_q.models import Schedule

from relove import erasure, roles
from relove.partitions import ensure_partitions

# (task, minutes between runs): hints only, every stage finds its work again by itself
REGULAR = [
    ("commentators.tasks.read_channels", 1),
    ("commentators.tasks.read_metrics", 1),
    ("accounts_mgmt.tasks.expire_calls", 1),
    ("accounts_mgmt.tasks.end_stranded", 1),
    ("accounts_mgmt.tasks.call_on_crises", 1),
    ("accounts_mgmt.tasks.tell_troubles", 1),
    ("accounts_mgmt.tasks.send_alert_mails", 1),
    ("accounts_mgmt.tasks.care_for_accounts", 10),
    ("sales.tasks.remind_silent", 10),
    ("relove.cluster.holders.top_up", 1),
    ("relove.tasks.sum_operations", 1),
    ("relove.tasks.rehearse", 1),
    ("relove.tasks.make_partitions", 24 * 60),
    ("diagnostics.tasks.forget_old", 24 * 60),
]


def bring_up_to_date() -> None:
    """Tables, the cache's table, the coming months' partitions, erasures, the regular tasks; repeatable."""
    if _is_behind():
        call_command("migrate", verbosity=0, interactive=False)
    else:
        # what `migrate` would do besides: the code may give a role other rights than the last one did
        roles.sync()
    call_command("createcachetable", verbosity=0)
    ensure_partitions(timezone.now())
    erasure.reapply(timezone.now())
    sync_schedules()


def _is_behind() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def sync_schedules() -> None:
    """Bring django-q2's schedules in line with REGULAR; repeatable."""
    for task, minutes in REGULAR:
        Schedule.objects.update_or_create(
            name=task,
            defaults={"func": task, "schedule_type": Schedule.MINUTES, "minutes": minutes, "repeats": -1},
        )
    Schedule.objects.filter(name__contains=".").exclude(name__in=[name for name, _ in REGULAR]).delete()
