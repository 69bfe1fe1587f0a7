"""Whatever dies between a client's message and its answer: it leaves once, and nothing is paid for twice."""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import Status
from relove.management import sandbox_world
from relove.models import LLMCall, SessionLog
from sales.models import ClientConversation, ConversationMessage
from tests.accounts_mgmt.scene import Scene, cluster, stage
from tests.live import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

# Each once; the model is asked twice for a line of the script. A process counts anew, so the deaths are
# spread over the messages: with one in hand that killed three processes nobody is troubled again.
MODEL = ("model_answered:1", "model_answered:2", "reply_stored:2")
SENDING = ("after_claim", "before_request", "answer_read:2", "after_commit:2")
SAID = (
    "Здравствуйте",
    "После развода тяжело, хочу найти опору",
    "Устала всё тянуть одна",
    "Сколько это стоит?",
)


def test_an_answer_leaves_once_and_is_paid_for_once(transactional_db: None, settings: Any, tmp_path: Path) -> None:
    with stage(settings, tmp_path) as scene:
        TelegramAccountSession.objects.update(state="disabled")
        main = sandbox_world.connect_main(scene.client, timezone.now())
        sandbox_world.add_script(timezone.now(), automatic=True)
        flag = tmp_path / "died"
        faults = {"RELOVE_FAULT_FLAG": str(flag), "RELOVE_LLM_CLAIM_SECONDS": "3"}
        telegram = faults | {"RELOVE_FAULT_POINT": ",".join(SENDING)}
        llm = faults | {"RELOVE_FAULT_POINT": ",".join(MODEL), "Q_CLUSTER_NAME": "llm"}
        with cluster(scene, **telegram), cluster(scene, **llm):
            connected = SessionLog.objects.filter(account_id=main.pk, status="active")
            wait_for(connected.exists, "the account is connected")
            for number, text in enumerate(SAID, 1):
                scene.client.say("reader_lena", "relove_main", text)
                wait_for(lambda count=number: is_answered(count), f"message {number} is answered", 60)
        died = {each.name.removeprefix("died.") for each in tmp_path.glob("died.*")}
        assert died == {*MODEL, *SENDING}
        assert_once(scene)


def is_answered(count: int) -> bool:
    heard = ConversationMessage.objects.received()
    waiting = heard.filter(stage="wanted") | ConversationMessage.objects.unsettled()
    return heard.count() == count and not waiting.exists()


def assert_once(scene: Scene) -> None:
    """The sandbox is the judge: of what left, and of what was paid for."""
    answers = ConversationMessage.objects.filter(direction="out").order_by("id")
    assert set(answers.values_list("status", flat=True)) == {Status.SENT}
    assert len(answers) == len(SAID)
    assert [entry["random_id"] for entry in scene.accepted()] == [row.random_id for row in answers]
    assert ClientConversation.objects.get().lead == "script"
    stats = scene.client.call("GET", "llm/stats")
    assert stats["repeated"] == 0
    assert stats["answered"] == LLMCall.objects.filter(status="answered").count() == LLMCall.objects.count()
