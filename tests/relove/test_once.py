"""relove.once: answered once while a request is under way, and anew outside of one."""

from itertools import count

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from relove import desk, once
from relove.models import OperationLog, Staff

pytestmark = pytest.mark.django_db


def test_a_request_is_answered_once_and_the_next_anew() -> None:
    numbers = count()

    def ask() -> int:
        return once.per_request("number", lambda: next(numbers))

    with once.request():
        assert [ask(), ask()] == [0, 0]
        once.forget("number")
        assert ask() == 1
    with once.request():
        assert ask() == 2
    assert [ask(), ask()] == [3, 4]


def test_nothing_is_remembered_too_when_the_answer_is_none() -> None:
    asked = []
    with once.request():
        for _time in range(2):
            assert once.per_request("nothing", lambda: asked.append(1)) is None
    assert asked == [1]


def test_a_page_asks_for_the_second_factor_once_and_for_names_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    OperationLog.objects.bulk_create(
        OperationLog(operation_type="draft", status="success", account_id=number, created_at=timezone.now())
        for number in range(5)
    )
    client.force_login(Staff.objects.create_superuser("chief", password=None))
    asked: list[str] = []
    monkeypatch.setitem(desk._names, "telegram_account_sessions", lambda: asked.append("names") or {0: "Мария"})
    monkeypatch.setattr(desk.cache, "get_or_set", lambda _key, function, _seconds: function())
    page = reverse("admin:relove_operationlog_changelist")
    with CaptureQueriesContext(connection) as queries:
        assert "Мария" in client.get(page).content.decode()
    assert asked == ["names"]
    assert sum("staff_authenticators" in query["sql"] for query in queries) == 1
