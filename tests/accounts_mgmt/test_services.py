"""Pausing and resuming: seen at once by the outbox, and in the security log with who and why."""

from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from accounts_mgmt import outbox, services
from accounts_mgmt.models import AccountSecurityLog, TelegramAccountSession
from relove.models import Staff


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return TelegramAccountSession.objects.create(label="Анна", role="commentator", state_reason="как было")


@pytest.fixture
def staff(db: None) -> Staff:
    return Staff.objects.create_user("olga")


def test_a_pause_has_an_end_a_reason_and_somebody_who_set_it(
    account: TelegramAccountSession, staff: Staff
) -> None:
    until = timezone.now() + timedelta(hours=8)
    services.pause(account, until, "Отпуск владельца", staff)
    account.refresh_from_db()
    assert (account.paused_until, account.state, account.state_reason) == (until, "active", "как было")
    log = AccountSecurityLog.objects.get()
    assert (log.account, log.event, log.staff) == (account, AccountSecurityLog.Event.PAUSED, staff)
    assert log.details == {"until": until.isoformat(), "reason": "Отпуск владельца"}


@pytest.mark.django_db(transaction=True)
def test_resuming_ends_the_pause_and_wakes_the_runners(account: TelegramAccountSession, staff: Staff) -> None:
    services.pause(account, timezone.now() + timedelta(days=1), "Отпуск", staff)
    parameters = connection.get_connection_params()
    address = {name: parameters[name] for name in ("host", "port", "user", "dbname")}
    with psycopg.connect(**address, password=parameters.get("password"), autocommit=True) as listener:
        listener.execute(f"LISTEN {outbox.CHANNEL}")
        services.resume(account, staff)
        [notice] = listener.notifies(timeout=10, stop_after=1)
    assert notice.payload == str(account.pk)
    account.refresh_from_db()
    assert account.paused_until is None
    assert AccountSecurityLog.objects.latest("id").event == AccountSecurityLog.Event.RESUMED


def test_only_the_pause_is_written(account: TelegramAccountSession, staff: Staff) -> None:
    """The page's copy of the row is old: what a runner wrote meanwhile stays."""
    TelegramAccountSession.objects.update(state="limited", lease_token=5)
    services.pause(account, timezone.now() + timedelta(hours=1), "Проверка", staff)
    services.resume(account, staff)
    account.refresh_from_db()
    assert (account.state, account.lease_token) == ("limited", 5)


def test_a_person_ends_the_stop_after_a_peer_flood(account: TelegramAccountSession, staff: Staff) -> None:
    TelegramAccountSession.objects.update(state="limited", state_reason="PEER_FLOOD")
    account.refresh_from_db()
    services.resume(account, staff)
    account.refresh_from_db()
    assert (account.state, account.state_reason) == ("active", "")


def test_a_changed_disclosure_counts_only_when_telegram_shows_it(
    account: TelegramAccountSession, staff: Staff
) -> None:
    now = timezone.now()
    TelegramAccountSession.objects.update(disclosure="Пишет ИИ", disclosure_seen_at=now)
    account.refresh_from_db()
    call = services.disclose(account, staff, now)
    account.refresh_from_db()
    assert not account.discloses
    assert (call.kind, call.account, call.asked_by) == ("disclose", account, staff)
