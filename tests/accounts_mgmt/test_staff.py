"""Staff in Telegram: linking by a code, messages that pass every pause, alerts by Telegram or by e-mail."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts_mgmt import alerts, pauses, staff_links
from accounts_mgmt.models import Alert, StaffMessage, StaffTelegram, TelegramAccountSession
from accounts_mgmt.outbox import Status
from relove.management.sandbox_world import VOICES, connect_accounts, description
from relove.models import Staff, UserActivityLog
from relove.sandbox.client import SandboxClient
from relove.telegram.gateway import Message, Peer, PeerKind, Person
from tests.live import running_runner, running_sandbox, wait_for

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
State = TelegramAccountSession.State


@pytest.fixture
def main(db: None) -> TelegramAccountSession:
    return TelegramAccountSession.objects.create(label="Основной", role="main", username="relove_main")


@pytest.fixture
def staff(db: None) -> Staff:
    return Staff.objects.create_superuser("olga", password=None, first_name="Ольга", email="olga@example.org")


def said(text: str, sender: int = 900, **fields: Any) -> Message:
    person = Person(sender, "olga_tg", "Ольга")
    return Message(Peer(PeerKind.USER, sender), 1, text, NOW, person, **fields)


def link(staff: Staff, main: TelegramAccountSession, sender: int = 900) -> StaffTelegram:
    code = staff_links.new_code(staff, NOW)
    assert staff_links.hear(main.pk, said(code, sender), NOW + MINUTE)
    StaffMessage.objects.all().delete()
    return StaffTelegram.objects.get(staff=staff)


# --- linking ----------------------------------------------------------------------------------------


def test_a_code_links_whoever_sends_it_and_serves_once(staff: Staff, main: TelegramAccountSession) -> None:
    code = staff_links.new_code(staff, NOW)
    row = StaffTelegram.objects.get()
    assert not row.is_linked
    assert code not in str(row.__dict__), "of a code only its hash is kept"
    assert staff_links.hear(main.pk, said(code.lower().replace("-", "")), NOW + MINUTE)
    row.refresh_from_db()
    assert row.chat is not None
    assert (row.chat.telegram_id, row.account, row.name) == (900, main, "@olga_tg")
    confirmation = StaffMessage.objects.get()
    assert staff_links.hear(main.pk, said(confirmation.text, out=True), NOW), "it comes back into no dialogue"
    assert (confirmation.purpose, confirmation.status, confirmation.chat) == ("confirmation", "pending", row.chat)
    assert "Ольга" in confirmation.text
    assert UserActivityLog.objects.get().activity_type == "link_telegram"
    assert staff_links.hear(main.pk, said(code, sender=901), NOW + MINUTE), "it is none of a dialogue's business"
    row.refresh_from_db()
    assert row.chat.telegram_id == 900


def test_what_links_nobody(staff: Staff, main: TelegramAccountSession) -> None:
    other = TelegramAccountSession.objects.create(label="Анна", role="commentator")
    code = staff_links.new_code(staff, NOW)
    newest = staff_links.new_code(staff, NOW)
    assert staff_links.hear(main.pk, said(code), NOW + MINUTE), "an earlier code"
    assert staff_links.hear(other.pk, said(newest), NOW + MINUTE), "to another account"
    assert staff_links.hear(main.pk, said(newest), NOW + 11 * MINUTE), "too late"
    assert not staff_links.hear(main.pk, said(newest, out=True), NOW), "by the account itself"
    assert not StaffTelegram.objects.linked().exists()
    assert not staff_links.hear(main.pk, said(f"Мой код: {newest}"), NOW), "inside a sentence"
    assert not StaffTelegram.objects.linked().exists()
    assert not StaffMessage.objects.exists(), "a stranger gets no answer"
    assert staff_links.hear(main.pk, said(newest), NOW + MINUTE)
    assert StaffTelegram.objects.linked().exists()


def test_who_guesses_is_not_looked_at_any_more(staff: Staff, main: TelegramAccountSession) -> None:
    for _number in range(staff_links.ATTEMPTS):
        staff_links.hear(main.pk, said("relove ABCD-EFGH", sender=666), NOW)
    code = staff_links.new_code(staff, NOW)
    staff_links.hear(main.pk, said(code, sender=666), NOW)
    assert not StaffTelegram.objects.linked().exists()
    staff_links.hear(main.pk, said(code, sender=900), NOW)
    assert StaffTelegram.objects.linked().exists(), "others are"


def test_one_telegram_belongs_to_one_person(staff: Staff, main: TelegramAccountSession) -> None:
    link(staff, main)
    second = Staff.objects.create(username="pavel", is_staff=True)
    link(second, main)
    assert StaffTelegram.objects.linked().get().staff == second


def test_the_own_page(client: Client, staff: Staff, main: TelegramAccountSession) -> None:
    page = reverse("admin:accounts_mgmt_stafftelegram_mine")
    staff.is_superuser, staff.is_staff = False, True
    staff.save()
    client.force_login(staff)
    assert "relove_main" not in client.get(page).content.decode()
    shown = client.post(page, {"do": "code"})
    found = re.search(r"relove [0-9A-Z]{4}-[0-9A-Z]{4}", shown.content.decode())
    assert found
    assert "relove_main" in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert client.get(page, headers={"HX-Request": "true"}).status_code == 204
    staff_links.hear(main.pk, said(found[0]), timezone.now())
    assert client.get(page, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert "@olga_tg" in client.get(page).content.decode()
    client.post(page, {"do": "duty"})
    assert not StaffTelegram.objects.on_duty().exists()
    client.post(page, {"do": "test"})
    assert StaffMessage.objects.filter(purpose="test", status="pending").count() == 1
    client.post(page, {"do": "unlink"})
    assert not StaffTelegram.objects.exists()
    assert client.post(page, {"do": "test"}).status_code == 302
    assert StaffMessage.objects.filter(purpose="test").count() == 1, "nobody is linked"


# --- alerts -----------------------------------------------------------------------------------------

STOPPED = _("Account %(account)s has stopped.")


def test_an_alert_reaches_those_on_duty_once(staff: Staff, main: TelegramAccountSession) -> None:
    link(staff, main)
    second = Staff.objects.create(username="pavel", is_staff=True)
    link(second, main, sender=901)
    staff_links.set_duty(second, on_duty=False)
    assert alerts.tell("a", STOPPED, now=NOW, account="«Анна» 100%")
    assert not alerts.tell("a", STOPPED, now=NOW + MINUTE, account="«Анна» 100%")
    message = StaffMessage.objects.get()
    assert (message.staff, message.purpose) == (staff, "alert")
    assert "«Анна» 100%" in message.text
    alert = Alert.objects.get()
    assert (alert.times, alert.told_count, alert.mail_due) == (2, 1, False)
    assert alerts.tell("a", STOPPED, now=NOW + alerts.AGAIN_AFTER, account="Анна"), "half an hour later again"


def test_a_storm_of_alerts_is_cut_short_and_kept(staff: Staff, main: TelegramAccountSession) -> None:
    link(staff, main)
    for number in range(alerts.MOST_AN_HOUR + 5):
        alerts.tell(f"n{number}", STOPPED, now=NOW, account=number)
    assert StaffMessage.objects.count() == alerts.MOST_AN_HOUR
    assert Alert.objects.count() == alerts.MOST_AN_HOUR + 5
    assert alerts.tell("later", STOPPED, now=NOW + timedelta(hours=1), account="Анна")


def test_without_a_linked_telegram_it_goes_by_mail(staff: Staff, settings: Any) -> None:
    alerts.tell("a", STOPPED, now=NOW, account="Анна")
    assert alerts.send_mails(NOW) == 1
    assert alerts.send_mails(NOW) == 0
    letter = mail.outbox[0]
    assert letter.to == ["olga@example.org"]
    assert "Анна" in letter.body
    settings.ALERT_EMAILS = ["duty@example.org"]
    alerts.tell("b", STOPPED, now=NOW, account="Вера")
    alerts.send_mails(NOW)
    assert mail.outbox[1].to == ["duty@example.org"]


@pytest.mark.parametrize(
    "trouble",
    [{"state": State.LIMITED}, {"state": State.SIGNED_OUT}, {"flood_until": timezone.now() + timedelta(hours=2)}],
    ids=["limited", "signed out", "a long wait"],
)
def test_an_account_in_trouble_is_not_asked_to_tell_of_it(
    staff: Staff, main: TelegramAccountSession, trouble: dict[str, Any]
) -> None:
    link(staff, main)
    TelegramAccountSession.objects.update(**trouble)
    alerts.tell("a", STOPPED, now=NOW, account="Основной")
    assert not StaffMessage.objects.exists()
    assert Alert.objects.to_mail().exists()


def test_a_mail_server_that_is_away_gets_it_later(staff: Staff, settings: Any) -> None:
    alerts.tell("a", STOPPED, now=NOW, account="Анна")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert alerts.send_mails(NOW) == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert alerts.send_mails(NOW) == 1


# --- the whole way ----------------------------------------------------------------------------------


@pytest.fixture
def sandbox(transactional_db: None, settings: Any) -> Iterator[SandboxClient]:
    with running_sandbox(settings) as client:
        yield client


def test_a_code_said_in_telegram_is_answered_though_the_account_is_paused(
    sandbox: SandboxClient, staff: Staff
) -> None:
    sandbox.world(description())
    sandbox.settings(people=False)
    account = connect_accounts(sandbox, timezone.now())[0].session
    TelegramAccountSession.objects.exclude(pk=account.pk).update(state=State.DISABLED)
    hour = timezone.now() + timedelta(hours=1)
    TelegramAccountSession.objects.filter(pk=account.pk).update(role="main")
    pauses.set_pause("everything", None, staff)
    pauses.set_pause("account", account.pk, staff, until=hour)
    with running_runner():
        wait_for(lambda: TelegramAccountSession.objects.exclude(last_seen=None).exists(), "the account is held")
        sandbox.say("reader_lena", VOICES[0].username, staff_links.new_code(staff, timezone.now()))
        wait_for(lambda: StaffMessage.objects.filter(status=Status.SENT).exists(), "the confirmation is sent")
    [entry] = [entry for entry in sandbox.ledger() if entry["random_id"]]
    assert "Ольга" in entry["text"]
    assert entry["account"] == account.telegram_user_id
