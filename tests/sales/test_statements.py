"""How much an answer asks of the database: the time of our own is made of these statements."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from django.db.backends.signals import connection_created

from accounts_mgmt.private import coming_in
from relove import llm
from sales import answering
from sales.models import ConversationMessage
from tests.live import running_sandbox
from tests.sales.scene import NOW, live_script, main_account, message, say

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements of all threads, transactions' own left out."""
    said: list[str] = []

    def note(execute: Any, sql: str, *arguments: Any) -> Any:
        said.append(sql)
        return execute(sql, *arguments)

    def wrap(connection: Any, **_kwargs: Any) -> None:
        if note not in connection.execute_wrappers:
            connection.execute_wrappers.append(note)

    connection_created.connect(wrap)
    connections["default"].execute_wrappers.append(note)
    try:
        yield said
    finally:
        connections["default"].execute_wrappers.remove(note)
        connection_created.disconnect(wrap)


async def answered(message_id: int) -> None:
    try:
        await answering.advance_one(message_id)
    finally:
        await llm.aclose()


def test_a_message_and_its_answer_take_few_statements(settings: Any) -> None:
    account = main_account()
    live_script("automatic")
    with running_sandbox(settings):
        asyncio.run(answered(say(account, "Здравствуйте").pk))
        with counted() as hearing:
            coming_in.saw(account.pk, message(2, "Устала всё тянуть одна"), NOW)
        heard = ConversationMessage.objects.received().get(message_id=2)
        with counted() as answer:
            asyncio.run(answered(heard.pk))
    assert ConversationMessage.objects.filter(direction="out", status="pending").count() == 2
    assert 10 < len(hearing) <= 16
    assert 10 < len(answer) <= 20
