"""The cache's server goes away: pages, counters and locks go on without what it remembered."""

import logging
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from commentators import locks
from relove import checkup, desk
from relove.cachelog import Brief
from relove.checkup import Trouble
from relove.embedded import free_port
from tests.admin_scene import Scene


@pytest.fixture
def away(settings: Any, db: None) -> Scene:
    """A back office whose REDIS_URL leads to a port where nobody listens."""
    if not settings.REDIS_URL:
        pytest.skip("this run has no Redis or Valkey")
    place = settings.CACHES["default"] | {"LOCATION": f"redis://:canary@127.0.0.1:{free_port()}/0"}
    settings.CACHES = {"default": place}
    return Scene(rows=1)


PAGES = [
    "admin:index",
    "admin:commentators_generatedcomment_review",
    "admin:relove_operationlog_changelist",
    "admin:relove_sessionlog_changelist",
    "admin:section_system",
]


@pytest.mark.parametrize("name", PAGES)
def test_pages_open(client: Client, away: Scene, name: str) -> None:
    client.force_login(away.staff)

    assert client.get(reverse(name)).status_code == 200


def test_numbers_beside_the_sidebar_are_counted_each_time(away: Scene) -> None:
    assert desk.counts()["drafts"] == 1
    assert desk.row_name("telegram_account_sessions", away.account.pk) == "Мария"


def test_a_draft_is_nobodys_so_everybody_may_decide(away: Scene) -> None:
    draft = away.comments["draft"][0]

    assert locks.take(draft.pk, away.staff).acquired
    assert locks.held_by_others([draft.pk], away.staff) == {}


def test_the_doctor_still_says_so(away: Scene) -> None:
    for check in (checkup.check_cache, checkup.check_clusters):
        with pytest.raises(Trouble, match=r"refused|does not answer"):
            check()


def test_it_is_logged_in_one_line_and_without_the_password(away: Scene, caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("relove.cache")
    # a command run earlier in this process may have set the logs up anew, which adds another filter
    for brief in [one for one in logger.filters if isinstance(one, Brief)]:
        brief._said = None  # whatever it said before
    logger.addHandler(caplog.handler)
    logger.disabled = False

    for _ in range(20):
        cache.get("anything")

    logger.removeHandler(caplog.handler)
    # by either way, each record once
    said = list({id(record): record for record in caplog.records if record.name == "relove.cache"}.values())
    assert len(said) == 1
    assert said[0].getMessage().startswith("The cache does not answer")
    assert said[0].exc_info is None
    assert "canary" not in caplog.text
