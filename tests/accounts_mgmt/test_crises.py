"""A cry for help: one of the staff is told at once, the next after ten minutes, until somebody takes over."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts_mgmt import alerts, contacts, crises
from accounts_mgmt.models import Alert, Contact, StaffMessage, StaffTelegram, TelegramAccountSession
from relove.models import Chat, Staff, TelegramUser, UserActivityLog

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def main(db: None) -> TelegramAccountSession:
    return TelegramAccountSession.objects.create(label="Основной", role="main")


@pytest.fixture
def user(db: None) -> TelegramUser:
    return TelegramUser.objects.create(telegram_id=900, first_name="Вера")


def on_duty(main: TelegramAccountSession, *names: str) -> list[Staff]:
    people = [Staff.objects.create_user(name, is_staff=True) for name in names]
    for number, person in enumerate(people, 1):
        chat = Chat.objects.create(kind=Chat.Kind.PRIVATE, telegram_id=number)
        StaffTelegram.objects.create(staff=person, account=main, chat=chat)
    return people


def told() -> list[str]:
    return list(StaffMessage.objects.order_by("id").values_list("staff__username", flat=True))


def cry(main: TelegramAccountSession, user: TelegramUser, now: datetime = NOW) -> None:
    contacts.hear(contacts.lock(user), main.pk, "Я не хочу жить", now)


def test_the_next_is_told_every_ten_minutes_and_then_the_first_again(
    main: TelegramAccountSession, user: TelegramUser
) -> None:
    on_duty(main, "anna", "boris")
    cry(main, user)
    assert told() == ["anna"]
    assert crises.call_on(NOW + 9 * MINUTE) == 0
    for minutes in (10, 15, 20):
        crises.call_on(NOW + minutes * MINUTE)
    assert told() == ["anna", "boris", "anna"]
    assert UserActivityLog.objects.filter(activity_type="tell_crisis").count() == 3


def test_nobody_is_told_once_somebody_has_taken_over(main: TelegramAccountSession, user: TelegramUser) -> None:
    [anna, _boris] = on_duty(main, "anna", "boris")
    cry(main, user)
    contacts.acknowledge(Contact.objects.get(), anna, NOW + MINUTE)
    assert crises.call_on(NOW + 60 * MINUTE) == 0
    assert told() == ["anna"]


def test_a_second_cry_alerts_anew_only_after_it_was_taken_over(
    main: TelegramAccountSession, user: TelegramUser
) -> None:
    [anna] = on_duty(main, "anna")
    cry(main, user)
    cry(main, user, NOW + MINUTE)
    assert told() == ["anna"]
    contacts.acknowledge(Contact.objects.get(), anna, NOW + 2 * MINUTE)
    cry(main, user, NOW + 3 * MINUTE)
    assert told() == ["anna", "anna"]
    assert Contact.objects.alerting().exists()


def test_without_anybody_in_telegram_it_goes_by_mail(main: TelegramAccountSession, user: TelegramUser) -> None:
    cry(main, user)
    alert = Alert.objects.get()
    assert (alert.mail_due, "Вера" in alert.text, "жить" in alert.text) == (True, True, False)
    on_duty(main, "anna")
    TelegramAccountSession.objects.update(state="banned")
    Alert.objects.update(mail_due=False)
    crises.call_on(NOW + 10 * MINUTE)
    assert Alert.objects.get().mail_due, "the account that would tell is in trouble itself"


def test_no_limit_of_alerts_holds_it_back(main: TelegramAccountSession, user: TelegramUser) -> None:
    on_duty(main, "anna")
    Alert.objects.bulk_create(
        Alert(key=str(number), text="…", happened_at=NOW, told_at=NOW) for number in range(alerts.MOST_AN_HOUR)
    )
    cry(main, user)
    assert told() == ["anna"]
