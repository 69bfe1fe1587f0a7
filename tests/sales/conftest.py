"""A script of each test's own, and somebody who keeps it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from relove.models import Staff
from sales import kinds, services
from sales.kinds import Turn
from sales.models import SalesScript
from sales.sales_kind import SALES

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def document(text: str = "Здравствуйте", **more: Any) -> dict[str, Any]:
    """A small script: a greeting that asks, and an end."""
    start = {
        "key": "start",
        "stage": "начало",
        "lines": [{"variants": [text]}],
        "transitions": [{"intent": "согласие", "to": "end"}],
    }
    end = {"key": "end", "lines": [{"variants": ["Спасибо"]}]}
    price = {"key": "price", "kind": "words", "words": ["цена"], "to": "end"}
    return {"steps": [start, end], "triggers": [price], **more}


def echo(document: Any, state: dict[str, Any], message: str, client: Any) -> Turn:
    """A player whose every answer is the first step's first wording."""
    count = state.get("count", 0) + 1
    reply = document.start.lines[0].variants[0]
    return Turn({"count": count}, f"{reply} {count}", strategy="script_80", step=document.start.key)


@pytest.fixture
def staff(db: None) -> Staff:
    member: Staff = Staff.objects.create_user("olga")
    return member


@pytest.fixture
def make(staff: Staff) -> Callable[..., SalesScript]:
    """Make a script of kind sales with a version 1 that is not published."""

    def make(name: str = "Продажи", **more: Any) -> SalesScript:
        return services.create("sales", name, document(**more), reason="первая", who=staff, now=NOW)

    return make


@pytest.fixture
def echoing() -> Iterator[None]:
    """The kind sales, its dialogues led by `echo`."""
    known = kinds.get("sales")
    kinds.register(replace(SALES, player=echo))
    yield
    kinds.register(known)
