"""django-q2 clusters whose tasks may live for hours: they stop, die and come back safely.

`drain` tells a long task when to end, `live_heartbeats` tells whether clusters are alive.
"""

from relove.cluster.draining import DRAIN_SECONDS, Drain, drain
from relove.cluster.heartbeats import live_heartbeats

__all__ = ["DRAIN_SECONDS", "Drain", "drain", "live_heartbeats"]
