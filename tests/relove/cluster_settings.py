"""The project's settings with a harmless long task: what the clusters of test_cluster.py run with."""

from relove.settings import *  # noqa: F403
from relove.settings import LONG_CLUSTER, Q_CLUSTER, env

CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "relove_cache"}}
Q_CLUSTER = {
    **Q_CLUSTER,
    "poll": 0.1,
    "ALT_CLUSTERS": {"telegram": {**LONG_CLUSTER, "workers": env.int("TEST_HOLDERS", default=1)}},
}
LONG_TASKS = {"telegram": "tests.relove.longtask.hold"}
CLUSTER_PRELOAD = {"telegram": ["tests.relove.longtask"]}
CLUSTER_SILENT_AFTER = env.float("TEST_SILENT_AFTER", default=40.0)
CLUSTER_STOP_WITHIN = env.int("TEST_STOP_WITHIN", default=20)
