"""Against the sandbox's model: what was paid for is not paid for again, and an answer is queued once."""

import asyncio
from typing import Any

import pytest

from accounts_mgmt.models import TelegramAccountSession
from relove import llm
from relove.models import LLMCall
from sales import answering
from sales.models import ConversationMessage
from tests.live import running_sandbox
from tests.sales.scene import live_script, main_account, say

pytestmark = pytest.mark.django_db(transaction=True)


async def answered(*ids: int) -> list[Any]:
    try:
        return await asyncio.gather(*map(answering.advance_one, ids), return_exceptions=True)
    finally:
        await llm.aclose()


async def half_way(message_id: int) -> None:
    """A process that dies when the model has answered and nothing is stored yet."""
    setting = await answering.in_thread(answering.find_setting, message_id)
    assert setting.script is not None
    try:
        await answering.analyse(setting.script, setting.progress.step, setting.said, setting.about)
    finally:
        await llm.aclose()


def test_who_takes_over_uses_the_paid_analysis_and_two_at_once_queue_one_answer(settings: Any) -> None:
    account: TelegramAccountSession = main_account()
    live_script("automatic")
    row = say(account, "Здравствуйте")
    with running_sandbox(settings) as telegram:
        asyncio.run(half_way(row.pk))
        assert LLMCall.objects.get(subject_id=row.pk).status == "answered"
        asyncio.run(answered(row.pk, row.pk))
        asyncio.run(answered(row.pk))
        stats = telegram.call("GET", "llm/stats")
    assert (stats["answered"], stats["repeated"]) == (2, 0)
    (answer,) = ConversationMessage.objects.filter(direction="out")
    assert answer.status == "pending"
    assert answer.tokens > 0


@pytest.mark.parametrize("kind", ["nan", "malformed", "refusal"])
def test_an_answer_that_is_none_leaves_the_dialogue_to_a_person(settings: Any, kind: str) -> None:
    account: TelegramAccountSession = main_account()
    live_script("automatic")
    row = say(account, "Здравствуйте")
    with running_sandbox(settings) as telegram:
        telegram.call("POST", "llm/faults", {"kind": kind})
        asyncio.run(answered(row.pk))
    row.refresh_from_db()
    assert (row.stage, row.conversation.lead) == ("person", "person")
    assert row.stage_reason
    assert not ConversationMessage.objects.filter(direction="out").exists()
