"""Private messages, whichever domain leads the dialogue: what binds every account."""

from datetime import UTC, datetime

import pytest

from accounts_mgmt.models import Contact, TelegramAccountSession
from accounts_mgmt.private import coming_in, dialogues
from accounts_mgmt.private.model import private_models
from relove.models import Chat
from relove.telegram.gateway import Message, Peer, PeerKind, Person

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
PERSON = Person(900, "olga", "Ольга")


@pytest.fixture
def unled(db: None, monkeypatch: pytest.MonkeyPatch) -> TelegramAccountSession:
    """An account whose role no domain has registered for."""
    monkeypatch.delitem(dialogues._by_role, "main", raising=False)
    account: TelegramAccountSession = TelegramAccountSession.objects.create(label="Главный", role="main")
    return account


def test_wishes_are_heard_where_nobody_leads_the_dialogue(unled: TelegramAccountSession) -> None:
    said = Message(Peer(PeerKind.USER, PERSON.id), 1, "не пишите мне больше", NOW, PERSON)
    for _ in range(2):
        coming_in.saw(unled.pk, said, NOW)
    contact = Contact.objects.get()
    assert (contact.stopped_at, contact.wrote_at, contact.account) == (NOW, NOW, unled)
    assert not any(kind._default_manager.exists() for kind in private_models())
    assert not Chat.objects.exists()


def test_a_cry_for_help_may_be_written_into_an_old_message(unled: TelegramAccountSession) -> None:
    chat = Peer(PeerKind.USER, PERSON.id)
    coming_in.edited(unled.pk, Message(chat, 1, "Я не хочу жить", NOW, PERSON), NOW)
    assert Contact.objects.get().crisis_at == NOW
