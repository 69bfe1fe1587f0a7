"""The page of leases: what stands there, and to whom."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts_mgmt import calls
from accounts_mgmt.models import AccountCall, TelegramAccountSession
from relove.models import Staff

PAGE = "admin:accounts_mgmt_telegramaccountsession_leases"


@pytest.fixture
def staff(db: None) -> Staff:
    return Staff.objects.create_superuser("anna", password=None)


def account(label: str, **fields: object) -> TelegramAccountSession:
    return TelegramAccountSession.objects.create(label=label, role="commentator", **fields)


def test_who_holds_what_and_since_when(client: Client, staff: Staff) -> None:
    now = timezone.now()
    lease = {
        "lease_token": 1,
        "lease_host": "машина-1",
        "lease_pid": 4711,
        "lease_since": now - timedelta(hours=1),
    }
    beat = timedelta(seconds=3)
    account("Живой", **lease, heartbeat_at=now - beat, lease_until=now + beat)
    account("Пропавший", **lease, heartbeat_at=now - 30 * beat, lease_until=now - beat)
    account("Ничей")
    account("Выключенный", state="disabled")
    client.force_login(staff)
    answer = client.get(reverse(PAGE))
    rows = {row["account"].label: row for row in answer.context["held"]}
    assert {label: row["overdue"] for label, row in rows.items()} == {"Живой": False, "Пропавший": True}
    assert 3 <= rows["Живой"]["age"] <= 5
    assert "машина-1" in answer.content.decode()
    assert "4711" in answer.content.decode()
    assert "Ничей" in answer.content.decode()
    assert "Выключенный" not in answer.content.decode()
    part = client.get(reverse(PAGE), headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith("<section")
    staff.is_superuser, staff.is_staff = False, True
    staff.save()
    assert client.get(reverse(PAGE)).status_code == 403


def test_a_call_that_a_wait_made_late_says_so(staff: Staff) -> None:
    now = timezone.now()
    waits = account("Ждёт", flood_until=now + timedelta(hours=1))
    free = account("Ничей")
    for one in (waits, free):
        calls.ask(one.pk, "profile", {}, now=now - timedelta(minutes=10))
    assert calls.expire(now) == 2
    errors = dict(AccountCall.objects.values_list("account__label", "error"))
    assert errors["Ждёт"] != errors["Ничей"]
    assert set(AccountCall.objects.values_list("state", flat=True)) == {"expired"}
