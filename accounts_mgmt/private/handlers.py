"""What the core of private messages hears from Telegram, and the account call it brings."""

from typing import Any

from django.utils import timezone

from accounts_mgmt import calls, staff_links, updates
from accounts_mgmt.private import coming_in
from relove.telegram.gateway import (
    DeletedMessages,
    EditedMessage,
    Gateway,
    MessagesRead,
    NewMessage,
    Peer,
    PeerKind,
    Update,
)


@updates.on(NewMessage.kind, look=updates.is_private)
@updates.on(EditedMessage.kind, look=updates.is_private)
def seen(account_id: int, update: Update) -> None:
    assert isinstance(update, NewMessage | EditedMessage)
    message, now = update.message, timezone.now()
    if staff_links.hear(account_id, message, now):
        return
    saw = coming_in.saw if isinstance(update, NewMessage) else coming_in.edited
    saw(account_id, message, now)


@updates.on(DeletedMessages.kind)
def taken_back(account_id: int, update: Update) -> None:
    assert isinstance(update, DeletedMessages)
    if update.chat is None:
        coming_in.deleted(account_id, update.ids, timezone.now())


@updates.on(MessagesRead.kind)
def were_read(account_id: int, update: Update) -> None:
    assert isinstance(update, MessagesRead)
    coming_in.read(account_id, update.chat.id, update.up_to, ours=update.ours)


@calls.kind("read_private", repeatable=True)
async def read_private(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Tell Telegram up to where a private chat has been read."""
    await gateway.mark_read(Peer(PeerKind.USER, call.arguments["user"]), call.arguments["up_to"])
    return {"read": True}
