"""A person's page: every app's events in time order, and no table about people that nobody answers for."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from accounts_mgmt import contacts
from accounts_mgmt.private import coming_in
from relove import people
from relove.models import OperationLog, Staff, TelegramUser, UserActivityLog
from relove.telegram.gateway import Message, Peer, PeerKind, Person
from tests.commentators.conftest import NOW, commentator

# The system's own log names a person, but tells what a machine did.
TECHNICAL = {OperationLog}


def test_every_table_about_people_has_somebody_who_answers_for_it() -> None:
    about = {
        model
        for model in apps.get_models()
        if any(field.related_model is TelegramUser for field in model._meta.fields)
    }
    assert about - TECHNICAL - people.covered() == set()


@pytest.fixture
def user(db: None) -> TelegramUser:
    account = commentator(1).session
    for number, text in enumerate(["Здравствуйте! <b>", "стоп"], 1):
        date = NOW + timedelta(minutes=number)
        sender = Person(900, "olga", "Ольга")
        message = Message(Peer(PeerKind.USER, 900), number, text, date, sender)
        coming_in.saw(account.pk, message, date)
    user: TelegramUser = TelegramUser.objects.get()
    contacts.record_consent(user, NOW, "анкета", Staff.objects.create_user("boris"))
    return user


def test_events_of_all_apps_stand_in_time_order(user: TelegramUser) -> None:
    events = people.timeline(user)
    assert [event.at for event in events] == sorted((event.at for event in events), reverse=True)
    texts = [event.text for event in events]
    assert texts.index("анкета") < texts.index("стоп") < texts.index("Здравствуйте! <b>")
    assert any(event.row and event.row._meta.model_name == "useractivitylog" for event in events)


def test_the_page_shows_them(user: TelegramUser, client: Client) -> None:
    client.force_login(Staff.objects.create_superuser("anna", password=None))
    page = client.get(reverse("admin:relove_telegramuser_change", args=[user.pk])).content.decode()
    assert "Здравствуйте! &lt;b&gt;" in page
    assert "анкета" in page
    seen = UserActivityLog.objects.get(activity_type="view_sensitive")
    assert (seen.subject_table, seen.subject_id) == ("users", user.pk)
