"""Pausing and resuming: seen at once by the outbox, and in the security log with who and why."""

from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from accounts_mgmt import outbox, pauses, services
from accounts_mgmt.models import AccountSecurityLog, TelegramAccountSession
from relove.models import Staff


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return TelegramAccountSession.objects.create(label="Анна", role="commentator", state_reason="как было")


@pytest.fixture
def staff(db: None) -> Staff:
    return Staff.objects.create_user("olga")


@pytest.mark.django_db(transaction=True)
def test_resuming_ends_the_pause_and_wakes_the_runners(account: TelegramAccountSession, staff: Staff) -> None:
    pauses.set_pause("account", account.pk, staff, until=timezone.now() + timedelta(days=1), reason="Отпуск")
    parameters = connection.get_connection_params()
    address = {name: parameters[name] for name in ("host", "port", "user", "dbname")}
    with psycopg.connect(**address, password=parameters.get("password"), autocommit=True) as listener:
        listener.execute(f"LISTEN {outbox.CHANNEL}")
        services.resume(account, staff)
        assert list(listener.notifies(timeout=10, stop_after=1))
    assert pauses.standing("account", account.pk) is None
    assert AccountSecurityLog.objects.latest("id").event == AccountSecurityLog.Event.RESUMED


def test_only_the_pause_is_written(account: TelegramAccountSession, staff: Staff) -> None:
    """The page's copy of the row is old: what a runner wrote meanwhile stays."""
    TelegramAccountSession.objects.update(state="limited", lease_token=5)
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
