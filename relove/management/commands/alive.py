"""manage.py alive: whether a cluster beats, for a container's health check."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from relove import health
from relove.cluster.heartbeats import cluster_names


class Command(BaseCommand):
    help = "Ends with 0 while the cluster beats, else with 1."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cluster", choices=cluster_names())

    def handle(self, *args: Any, cluster: str, **options: Any) -> None:
        if not health.is_alive(cluster):
            raise CommandError(f"the cluster {cluster} does not beat")
