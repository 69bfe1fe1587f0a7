"""The messenger's page: what is shown first, what a person may do there, and who may not."""

import json

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts_mgmt.models import Contact, TelegramAccountSession
from accounts_mgmt.outbox import Origin, Status
from commentators.direct import DirectDialogues
from commentators.models import DirectMessage
from relove import desk
from relove.models import Staff
from relove.telegram.gateway import Peer, PeerKind, Person
from tests.commentators.conftest import commentator
from tests.commentators.test_direct import draft, say

INBOX = "admin:commentators_directmessage_inbox"

url = DirectDialogues().address


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return commentator(1).session


@pytest.fixture
def page(client: Client, db: None) -> Client:
    client.force_login(Staff.objects.create_superuser("anna", password=None))
    return client


def act(page: Client, row: DirectMessage, what: str, **fields: object) -> int:
    return done(page, row, what, **fields).status_code


def done(page: Client, row: DirectMessage, what: str, **fields: object) -> HttpResponse:
    address = reverse(f"{INBOX}_act", args=[row.sender_id, row.user_id])
    return page.post(address, {"what": what, **fields})


def test_an_empty_inbox_says_how_it_fills(page: Client) -> None:
    assert page.get(reverse(INBOX)).status_code == 200


def test_a_cry_for_help_stands_first_then_what_is_unread(page: Client, account: TelegramAccountSession) -> None:
    texts = {901: "Я не хочу жить", 902: "Уже прочитано", 903: "Новый вопрос"}
    for number, text in texts.items():
        say(
            account, text, number, chat=Peer(PeerKind.USER, number), sender=Person(number, "", f"Человек {number}")
        )
    DirectMessage.objects.filter(message_id=902).update(is_read=True)
    DirectMessage.objects.filter(message_id=901).update(is_read=True)
    shown = page.get(reverse(INBOX)).content.decode()
    places = [shown.index(f"Человек {number}") for number in (901, 903, 902)]
    assert places == sorted(places)


def test_threads_are_found_by_name_and_state(page: Client, account: TelegramAccountSession) -> None:
    for number, name in ((901, "Ольга"), (902, "Вера")):
        say(account, "Вопрос", number, chat=Peer(PeerKind.USER, number), sender=Person(number, "", name))
    DirectMessage.objects.filter(message_id=901).update(is_read=True)
    assert page.get(reverse(INBOX)).content.decode().count("rl-queue-top") == 2
    for query in ({"q": "вер"}, {"show": "unread"}):
        shown = page.get(reverse(INBOX), query).content.decode()
        assert "Вера" in shown
        assert shown.count("rl-queue-top") == 1
    assert "rl-queue-top" not in page.get(reverse(INBOX), {"q": "\0%", "show": "crisis"}).content.decode()


def test_looking_at_a_thread_changes_nothing_and_reading_it_does(
    page: Client, account: TelegramAccountSession
) -> None:
    row = say(account, "<script>alert(1)</script>")
    shown = page.get(url(row.sender_id, row.user_id)).content.decode()
    assert "<script>alert(1)" not in shown
    assert DirectMessage.objects.unread().exists()
    act(page, row, "read")
    assert not DirectMessage.objects.unread().exists()


def test_a_draft_is_approved_changed_and_rejected(page: Client, account: TelegramAccountSession) -> None:
    first = draft(account)
    act(page, first, "approve", draft=first.pk, text="Начните с одного дела на вечер.")
    first.refresh_from_db()
    assert (first.status, first.origin) == (Status.PENDING, Origin.MACHINE_EDITED)
    second = draft(account)
    act(page, second, "reject", draft=second.pk)
    second.refresh_from_db()
    assert second.status == Status.REJECTED


def test_a_refusal_is_said_in_words(page: Client, account: TelegramAccountSession) -> None:
    made = draft(account)
    answer = done(page, made, "approve", draft=made.pk, text="Мой муж тоже так начинал, мне помогло")
    assert "reason" in json.loads(answer.content)
    assert made.text in page.get(url(made.sender_id, made.user_id)).content.decode()
    assert act(page, made, "approve", draft="9" * 30) == 200
    made.refresh_from_db()
    assert made.status == Status.DRAFT


def test_a_person_takes_over_writes_and_lets_it_go_on(page: Client, account: TelegramAccountSession) -> None:
    row = say(account, "Я не хочу жить")
    act(page, row, "resume")
    assert Contact.objects.get().halted
    act(page, row, "acknowledge")
    act(page, row, "write", text="Ольга, это Анна. Я рядом.")
    act(page, row, "resume")
    contact = Contact.objects.get()
    assert contact.acknowledged_by
    assert not contact.halted
    assert DirectMessage.objects.get(origin=Origin.PERSON, direction="out").approved_by


def test_only_those_with_the_right_see_and_act(client: Client, account: TelegramAccountSession) -> None:
    row = say(account, "Привет")
    client.force_login(Staff.objects.create_user("olga", is_staff=True))
    assert client.get(reverse(INBOX)).status_code == 403
    assert act(client, row, "write", text="Привет") == 403


def test_nobody_opens_a_thread_that_is_not_there(page: Client) -> None:
    assert page.get(url(10**30, 1)).status_code == 404


def test_the_first_page_lists_what_waits_and_leads_there(page: Client, account: TelegramAccountSession) -> None:
    first = page.get(reverse("admin:index")).content.decode()
    assert "?show=unread" not in first
    say(account, "Я не хочу жить")
    desk.forget_counts()
    shown = page.get(reverse("admin:index")).content.decode()
    assert f"{reverse(INBOX)}?show=unread" in shown
    assert f"{reverse(INBOX)}?show=waits" in shown
    assert reverse("admin:accounts_mgmt_contact_changelist") in shown
    assert "&lt;" not in shown.split("rl-lines")[1]
