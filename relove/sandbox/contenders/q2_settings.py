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
    # a worker that ended would take along what it has handed to its clients
    "recycle": 1_000_000,
    # what the product does regularly has no part in this
    "scheduler": False,
}
