"""Clusters tell the other processes, through the cache, that they live."""

import time
from typing import Any

from django.conf import settings
from django.core.cache import cache

EVERY_SECONDS = 5.0


def _key(cluster: str) -> str:
    return f"cluster-heartbeat:{cluster}"


def record_heartbeat(cluster: str) -> None:
    # Kept for ever, so that a cluster that went away is told from one that never ran.
    cache.set(_key(cluster), time.time(), None)


def cluster_names() -> list[str]:
    configuration: dict[str, Any] = settings.Q_CLUSTER
    return [configuration["name"], *configuration["ALT_CLUSTERS"]]


def live_heartbeats() -> dict[str, float | None]:
    """Age in seconds of the youngest heartbeat of each configured cluster, None where there never was one.

    A running cluster beats every five seconds; a cluster older than a minute is gone or stuck.
    """
    names = cluster_names()
    beats = cache.get_many([_key(name) for name in names])
    now = time.time()
    return {name: max(now - beats[_key(name)], 0.0) if _key(name) in beats else None for name in names}
