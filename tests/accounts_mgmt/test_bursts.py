"""The ceiling holds at the server, also after the database has held everything up for a while."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command

from relove.management.benchmark.ceiling import worst_window
from tests.accounts_mgmt.scene import cluster, stage

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
CEILING = {"RELOVE_SEND_CEILING": "28", "RELOVE_LEASE_SECONDS": "30"}
HELD_UP_SECONDS = 3
POSTS = 40


# with Redis, and with PostgreSQL alone
@pytest.mark.parametrize("redis", [{}, {"REDIS_URL": ""}], ids=["redis", "postgresql"])
def test_what_was_held_up_does_not_leave_at_once(settings: Any, tmp_path: Path, redis: dict[str, str]) -> None:
    # where the cache is without Redis
    call_command("createcachetable", "relove_cache", verbosity=0)
    with stage(settings, tmp_path) as scene:
        ids = scene.queue(posts=POSTS)
        assert len(ids) > 28 * (HELD_UP_SECONDS + 1), "enough is waiting"
        with cluster(scene, **CEILING, **redis):
            scene.wait_until_accepted(10)
            with psycopg.connect(scene.environment["DATABASE_URL"]) as database:
                # limits are granted meanwhile, the last checks wait
                database.execute("LOCK TABLE generated_comments IN SHARE MODE")
                database.execute("SELECT pg_sleep(%s)", [HELD_UP_SECONDS])
            scene.wait_until_settled()
        scene.assert_each_sent_once(ids)
        assert worst_window(sorted(entry["time"] for entry in scene.accepted())) <= 30
