"""Run one django-q2 cluster, chosen by Q_CLUSTER_NAME in the environment."""

import gc
import sys
from importlib import import_module

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.module_loading import import_string
from django_q.conf import Conf
from django_q.management.commands import qcluster

from relove import serving
from relove.cluster import holders
from relove.cluster.processes import Cluster

# Thousands of rows in hand are tens of thousands of living objects: by Python's own threshold of 700 new ones a
# runner spends a seventh of its time on looking through them and finding nothing.
GC_THRESHOLDS = (20_000, 10, 10)


class Command(qcluster.Command):  # type: ignore[misc]
    help = "Runs a django-q2 cluster that stops and dies safely; Q_CLUSTER_NAME names it."

    def handle(self, *args: object, run_once: bool, cluster_name: str | None, **options: object) -> None:
        if cluster_name and cluster_name != Conf.CLUSTER_NAME:
            # django-q2 has read its configuration before the command line was.
            raise CommandError(f"Name the cluster in the environment: Q_CLUSTER_NAME={cluster_name}")
        if refusal := serving.refusal():
            raise CommandError(refusal)
        # Before the fork: a worker that replaces another need not import it again.
        for module in settings.CLUSTER_PRELOAD.get(Conf.CLUSTER_NAME, []):
            import_module(module)
        if path := holders.long_task():
            import_string(path)
        holders.forget_old_messages()
        holders.connect()
        # what is loaded by now stays: a collection that looks through all of it stops a runner for long
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        cluster = Cluster()
        if run_once:
            cluster.request_stop()
        sys.exit(cluster.run())
