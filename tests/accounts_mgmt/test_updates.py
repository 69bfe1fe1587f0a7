"""Who hears which update: what is nobody's business is told by its look, the rest by one question for many."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from accounts_mgmt import updates
from relove.telegram.gateway import Message, NewMessage, Peer, PeerKind, Update


def said(chat: int, kind: PeerKind = PeerKind.CHANNEL) -> NewMessage:
    return NewMessage(
        Message(chat=Peer(kind, chat), id=1, text="", date=datetime.now(UTC), sender=None, out=False)
    )


def test_one_question_for_all_that_is_heard_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(updates._handlers, NewMessage.kind, [])
    asked: list[int] = []
    heard: list[str] = []

    def hosted(many: Sequence[updates.Heard]) -> list[bool]:
        asked.append(len(many))
        return [isinstance(one, NewMessage) and one.message.chat.id == 7 for _account, one in many]

    def in_group(update: Update) -> bool:
        return isinstance(update, NewMessage) and update.message.chat.kind == PeerKind.CHANNEL

    updates.on(NewMessage.kind, updates.is_private)(lambda account, update: heard.append("private"))
    assert not updates.may_concern(said(7)), "nobody looks for groups yet"
    updates.on(NewMessage.kind, in_group, hosted)(lambda account, update: heard.append("group"))

    private = said(1, PeerKind.USER)
    assert updates.surely_concerns(private)
    assert not updates.surely_concerns(said(7))
    assert updates.concerned([(5, said(7)), (5, said(8)), (6, private)]) == [True, False, True]
    assert asked == [3]
    updates.dispatch(5, private)
    updates.dispatch(5, said(7))
    assert heard == ["private", "group"]
