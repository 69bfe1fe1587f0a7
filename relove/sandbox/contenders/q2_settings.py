"""Our settings with a cluster of one worker: one process with Telethon clients, as everybody has."""

from relove.settings import *  # noqa: F403

Q_CLUSTER = {
    # also what packages are signed with
    "name": "default",
    "orm": "default",
    "workers": 1,
    "timeout": 60,
    "retry": 600,
    # all results are kept
    "save_limit": 0,
    # it never waits for the broker
    "bulk": 10,
    "queue_limit": 100,
    "poll": 0.05,
    # what the product does regularly has no part in this
    "scheduler": False,
}
