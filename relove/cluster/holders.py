"""Long tasks: one holder per worker, asked for by the worker itself.

`settings.LONG_TASKS` names the clusters that run one long task, and its path. A message is only a wish for
a holder: K workers make exactly K holders, however many messages there are.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.models import Q
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signals import post_spawn, pre_execute
from django_q.tasks import async_task

from relove.cluster.draining import drain

# A message older than this found no worker in an earlier life of its cluster.
_STALE = timedelta(seconds=60)


def long_task() -> str | None:
    """The path of the long task of this process's cluster, None in an ordinary cluster."""
    path: str | None = settings.LONG_TASKS.get(Conf.CLUSTER_NAME)
    return path


def connect() -> None:
    """Listen, in the processes of a cluster, to the birth of workers and the start of tasks."""
    post_spawn.connect(ask_for_holder)
    pre_execute.connect(acknowledge_long_task)


def ask_for_holder(**_: Any) -> None:
    """A worker born is a message: nothing else needs to count holders."""
    path = long_task()
    if path and not drain.is_set():
        async_task(path, cluster=Conf.CLUSTER_NAME)


def acknowledge_long_task(func: Callable[..., Any], task: dict[str, Any], **_: Any) -> None:
    """Acknowledge at the start what ends hours later, so that it is never delivered a second time."""
    if task["func"] == long_task() and "ack_id" in task:
        get_broker().acknowledge(task["ack_id"])
        # This thread will not touch the database again for hours.
        connections.close_all()


def forget_old_messages() -> None:
    """Before a cluster starts: drop what an earlier life asked for, whether it was fetched then or not."""
    if not long_task():
        return
    now = timezone.now()
    fetched_long_ago = Q(lock__gt=now, lock__lt=now + timedelta(seconds=Conf.RETRY) - _STALE)
    OrmQ.objects.filter(Q(lock__lt=now - _STALE) | fetched_long_ago, key=Conf.CLUSTER_NAME).delete()
    connections.close_all()


def top_up() -> None:
    """Task for a schedule: make sure that a worker whose message was lost finds another one."""
    for cluster, path in settings.LONG_TASKS.items():
        if not OrmQ.objects.filter(key=cluster, lock__lte=timezone.now()).exists():
            async_task(path, cluster=cluster)
