"""Consent to be written to, and the first private message by hand: the pages, and who finds the way."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts_mgmt.models import Contact, TelegramAccountSession
from accounts_mgmt.outbox import Origin, Status
from commentators.models import DirectMessage
from relove.models import Staff, TelegramUser, UserActivityLog
from relove.telegram.gateway import Peer, PeerKind, PeerUnknown
from tests.commentators.conftest import commentator
from tests.commentators.test_direct import attempt
from tests.relove.gateway_scene import scene


@pytest.fixture
def user(db: None) -> TelegramUser:
    return TelegramUser.objects.create(telegram_id=900, first_name="Вера", username="vera")


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return commentator(1).session


@pytest.fixture
def page(client: Client, db: None) -> Client:
    client.force_login(Staff.objects.create_superuser("anna", password=None))
    return client


def consent(page: Client, user: TelegramUser, **fields: str) -> Any:
    now = timezone.localtime()
    values = {"given_at_0": now.strftime("%d.%m.%Y"), "given_at_1": now.strftime("%H:%M"), "how": "анкета"}
    return page.post(reverse("admin:accounts_mgmt_contact_consent", args=[user.pk]), values | fields)


def write(page: Client, user: TelegramUser, account: TelegramAccountSession, text: str = "Здравствуйте") -> Any:
    address = reverse("admin:accounts_mgmt_contact_write", args=[user.pk])
    return page.post(address, {"account": account.pk, "text": text})


def test_consent_opens_the_way_to_a_first_message(
    page: Client, user: TelegramUser, account: TelegramAccountSession
) -> None:
    address = reverse("admin:accounts_mgmt_contact_write", args=[user.pk])
    assert reverse("admin:accounts_mgmt_contact_consent", args=[user.pk]) in page.get(address).content.decode()
    assert write(page, user, account).status_code == 200
    assert not DirectMessage.objects.exists()
    assert consent(page, user).status_code == 302
    contact = Contact.objects.get()
    assert (contact.consent_note, str(contact.consent_by)) == ("анкета", "anna")
    answer = write(page, user, account)
    row = DirectMessage.objects.get()
    assert answer.url.endswith(f"?account={account.pk}&user={user.pk}")
    assert (row.status, row.origin, row.user) == (Status.PENDING, Origin.PERSON, user)
    assert Contact.objects.get().account == account
    assert attempt(row)


def test_another_account_does_not_push_in(
    page: Client, user: TelegramUser, account: TelegramAccountSession
) -> None:
    consent(page, user)
    other = commentator(2).session
    Contact.objects.update(account=account)
    assert write(page, user, other).status_code == 200
    assert not DirectMessage.objects.exists()


def test_a_consent_names_its_past_moment_and_its_way(page: Client, user: TelegramUser) -> None:
    tomorrow = (timezone.localtime() + timedelta(days=1)).strftime("%d.%m.%Y")
    assert consent(page, user, given_at_0=tomorrow).status_code == 200
    assert consent(page, user, how="").status_code == 200
    assert not Contact.objects.filter(consent_at__isnull=False).exists()


def test_a_consent_taken_back_closes_it_again(
    page: Client, user: TelegramUser, account: TelegramAccountSession
) -> None:
    consent(page, user)
    write(page, user, account)
    page.post(
        reverse("admin:accounts_mgmt_contact_consent", args=[user.pk]), {"do": "withdraw", "how": "передумала"}
    )
    assert not attempt(DirectMessage.objects.get())
    shown = page.get(reverse("admin:relove_telegramuser_change", args=[user.pk])).content.decode()
    assert "анкета" in shown
    assert "передумала" in shown
    assert UserActivityLog.objects.filter(subject_table="contacts").count() == 2


def test_only_those_with_the_right(client: Client, user: TelegramUser, account: TelegramAccountSession) -> None:
    client.force_login(Staff.objects.create_user("olga", is_staff=True))
    assert consent(client, user).status_code == 403
    assert write(client, user, account).status_code == 403


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_somebody_not_met_is_found_by_name_if_it_is_still_theirs() -> None:
    async with scene() as s, s.gateway() as gateway:
        with pytest.raises(PeerUnknown):
            await gateway.send(s.to_boris())
        await gateway.meet(Peer(PeerKind.USER, s.boris.id), "boris")
        assert (await gateway.send(s.to_boris())).message_id
        s.world.rename(s.boris, None)
        s.world.add_user(first_name="Другой", username="boris")
        with pytest.raises(PeerUnknown, match="ANOTHER"):
            await gateway.meet(Peer(PeerKind.USER, s.boris.id), "boris")
