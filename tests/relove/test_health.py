"""What machines ask the web process, who may ask, and that board and alerts name figures there are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from relove import oplog
from relove.cluster.heartbeats import _key, record_heartbeat
from relove.oplog import Operation
from tests.admin_scene import Scene

pytestmark = pytest.mark.django_db
FOLDER = Path(project.BASE_DIR) / "docs" / "operations"


@pytest.fixture
def samples(client: Client) -> dict[str, list[Any]]:
    """All samples by name, as Prometheus reads them."""
    Scene(rows=2)
    oplog.log_operations([Operation("send_message", "success", ms) for ms in (40, 60, 4_000)])
    record_heartbeat("llm")
    text = client.get("/metrics").content.decode()
    found: dict[str, list[Any]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


def test_figures_are_those_of_the_database(samples: dict[str, list[Any]]) -> None:
    def value(name: str, **labels: str) -> float:
        return next(s.value for s in samples[name] if s.labels.items() >= labels.items())

    assert value("relove_queue_rows", kind="generated_comments", status="pending") == 2
    assert value("relove_accounts", state="active") == 1
    assert value("relove_operations_total", operation="send_message", table="", status="success") == 3
    assert value("relove_operation_seconds_bucket", operation="send_message", table="", le="0.075") == 2
    assert value("relove_operation_seconds_sum", operation="send_message", table="") == 4.1
    assert value("relove_llm_tokens_today", direction="in") == 840
    assert value("relove_cluster_heartbeat_age_seconds", cluster="llm") < 60


@pytest.mark.parametrize("name", ["alerts.yml", "grafana.json"])
def test_board_and_alerts_name_figures_there_are(name: str, samples: dict[str, list[Any]]) -> None:
    text = (FOLDER / name).read_text()
    named = set(re.findall(r"\brelove_\w+", text))
    assert len(named) > 5
    assert sorted(named - set(samples)) == []
    if name.endswith("json"):
        assert json.loads(text)["panels"]


def test_figures_are_for_this_machine_or_whoever_has_the_token(client: Client, settings: Any) -> None:
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.7").status_code == 403
    assert client.get("/metrics").status_code == 200
    settings.METRICS_TOKEN = "s3cret"
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
    shown = client.get("/metrics", REMOTE_ADDR="10.0.0.7", headers={"Authorization": "Bearer s3cret"})
    assert shown.status_code == 200


def test_each_cluster_is_asked_by_itself(client: Client) -> None:
    assert client.get("/readyz").json() == {"database": "ready"}
    record_heartbeat("telegram")
    cache.set(_key("llm"), 1, None)
    assert client.get("/readyz/telegram").status_code == 200
    assert client.get("/readyz/llm").status_code == 503
    assert client.get("/readyz/nothing").status_code == 404
    call_command("alive", "telegram")
    with pytest.raises(CommandError, match="llm"):
        call_command("alive", "llm")
