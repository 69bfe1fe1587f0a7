"""The gateway over MTProto: one Telethon client for one account."""

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from telethon import events, functions, types
from telethon.tl.types import messages as message_types

from relove.telegram import convert
from relove.telegram.client import Client, is_ours, make_client
from relove.telegram.errors import translate
from relove.telegram.gateway import (
    ChannelInfo,
    Counts,
    GatewayError,
    Listener,
    Message,
    OutcomeUnknown,
    Outgoing,
    Peer,
    PeerUnknown,
    Profile,
    Refused,
    Sent,
)
from relove.telegram.groups import Groups
from relove.telegram.session import SessionData, SessionStore, StoredSession, UpdateState

logger = logging.getLogger(__name__)

INVITE = re.compile(r"(?:t\.me/|telegram\.me/)(?:\+|joinchat/)([\w-]+)", re.I)
NAME = re.compile(r"(?:(?:https?://)?(?:t\.me|telegram\.me)/|@)?([A-Za-z]\w{3,31})/?$")
HISTORY_DEPTH = 200
# How far back an own message is looked for, and how far our clocks and Telegram's may lie apart.
SEARCH_DEPTH = 3000
CLOCK_MARGIN = timedelta(minutes=5)
PAGE = 100


class MtprotoGateway(Groups):
    """`relove.telegram.gateway.Gateway` with Telethon."""

    def __init__(
        self,
        data: SessionData,
        store: SessionStore,
        *,
        local_addr: str | None = None,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        self._session = StoredSession(data)
        self._store = store
        self._local_addr, self._may_send = local_addr, may_send
        self._client: Client | None = None
        self._listener: Listener | None = None
        self._flushing = asyncio.Lock()
        # what the store is known to have of the update states
        self._saved: dict[int, UpdateState] = {}
        # a handler failed: nothing after it may count as handled on this connection
        self._broken = False

    # --- connection ------------------------------------------------------------------------------

    async def connect(self, listener: Listener | None) -> Profile:
        self._listener = listener
        self._client = make_client(
            self._session,
            receive_updates=listener is not None,
            local_addr=self._local_addr,
            may_send=self._may_send,
        )
        if listener:
            self._client.add_event_handler(self._heard, events.Raw())
        try:
            async with asyncio.timeout(settings.TELEGRAM_REQUEST_TIMEOUT):
                await self._client.connect()
            profile = await self.profile()
        except BaseException as error:
            await self.close()
            if isinstance(error, GatewayError) or is_ours(error):
                raise
            raise translate(error) from error
        try:
            # shielded: a cancelled statement waits on for a database that is silent
            await asyncio.shield(self.flush())
        except BaseException:
            await self.close()
            raise
        return profile

    async def disconnect(self) -> None:
        """Handlers finish first, then the state is stored: Telethon by itself would cancel them."""
        try:
            await self.flush()
        finally:
            await self.close()

    async def close(self) -> None:
        if self._client is not None:
            with contextlib.suppress(ConnectionError, TimeoutError):
                await self._client.disconnect()

    @property
    def connected(self) -> bool:
        return self._client is not None and bool(self._client.is_connected()) and not self._broken

    # --- coming in -------------------------------------------------------------------------------

    async def _heard(self, raw: Any) -> None:
        update = convert.update(raw, raw._entities)
        if update is None or self._listener is None:
            return
        try:
            await self._listener(update)
        except BaseException:
            self._broken = True
            raise

    async def flush(self) -> None:
        """Store what is new of entities and update states.

        1. The states are read together with the handlers running at that moment: between Telethon's
           moving a state and its starting the handlers nothing else runs in the loop.
        2. Those handlers end. 3. Only then are the states stored; if one failed, never.
        """
        async with self._flushing:
            if self._client is None or not self._client.is_connected():
                # a client that gave up may have moved states without starting handlers
                return
            account, channels = self._client._message_box.session_state()
            running = set(self._client._event_handler_tasks)
            await self._save_entities()
            if running:
                await asyncio.wait(running)
            if self._listener is None or self._broken or not account["pts"]:
                return
            states = {0: UpdateState(account["pts"], account["qts"], account["seq"], account["date"])}
            states |= {entity: UpdateState(pts) for entity, pts in channels.items()}
            if moved := dict(states.items() - self._saved.items()):
                await self._store.save_states(moved)
                self._saved = states

    async def _save_entities(self) -> None:
        fresh = self._session.take_fresh()
        try:
            if fresh:
                await self._store.save_entities(fresh)
        except BaseException:
            self._session.put_back(fresh)
            raise

    # --- asking ----------------------------------------------------------------------------------

    def _input(self, peer: Peer) -> Any:
        try:
            return self._session.get_input_entity(convert.marked_id(peer))
        except ValueError as error:
            raise PeerUnknown("ENTITY_NOT_MET") from error

    async def send(self, message: Outgoing) -> Sent:
        reply = types.InputReplyToMessage(message.reply_to) if message.reply_to else None
        peer, shared = self._input(message.peer), {"random_id": message.random_id, "reply_to": reply}
        if message.photo:
            media = await self._uploaded(message.photo)
            request = functions.messages.SendMediaRequest(peer, media, message.text, **shared)
        else:
            request = functions.messages.SendMessageRequest(peer, message.text, no_webpage=True, **shared)
        return _sent(await self._call(request), message.random_id)

    async def _uploaded(self, jpeg: bytes) -> types.InputMediaUploadedPhoto:
        async with self._asking() as client:
            return types.InputMediaUploadedPhoto(await client.upload_file(jpeg, file_name="photo.jpg"))

    async def find_own(self, message: Outgoing, not_before: datetime, *, any_text: bool = False) -> list[Sent]:
        since, depth = not_before - CLOCK_MARGIN, 0
        found: list[Sent] = []
        async for page in self._pages(message.peer):
            same = (one for one in page if _is_same(one, message, any_text))
            found += [Sent(one.id, one.date) for one in same if one.date >= since]
            depth += len(page)
            if page and page[-1].date < since:
                break
            if depth >= SEARCH_DEPTH:
                # too much was written since: not finding it would prove nothing
                raise OutcomeUnknown("HISTORY_TOO_LONG")
        return found

    async def comment_place(self, channel: Peer, post_id: int) -> tuple[Peer, int]:
        found = await self._call(functions.messages.GetDiscussionMessageRequest(self._input(channel), post_id))
        if not found.messages:
            raise Refused("MSG_ID_INVALID")
        first = min(found.messages, key=lambda message: message.id)
        return convert.peer(first.peer_id), first.id

    async def resolve(self, name: str) -> ChannelInfo:
        if INVITE.search(name):
            raise PeerUnknown("INVITE_LINK")
        match = NAME.match(name.strip())
        if not match:
            raise PeerUnknown("USERNAME_INVALID")
        found = await self._call(functions.contacts.ResolveUsernameRequest(match[1]))
        if not isinstance(found.peer, types.PeerChannel):
            raise PeerUnknown("NOT_A_CHANNEL")
        return await self.channel(convert.peer(found.peer))

    async def meet(self, person: Peer, name: str) -> None:
        found = await self._call(functions.contacts.ResolveUsernameRequest(name))
        if convert.peer(found.peer) != person:
            raise PeerUnknown("USERNAME_OF_ANOTHER")

    async def channel(self, peer: Peer) -> ChannelInfo:
        full = await self._call(functions.channels.GetFullChannelRequest(self._input(peer)))
        channel = next(chat for chat in full.chats if chat.id == peer.id)
        return convert.channel_info(channel, full.full_chat)

    async def join(self, peer: Peer) -> None:
        await self._call(functions.channels.JoinChannelRequest(self._input(peer)))

    async def history(self, peer: Peer, *, after: int = 0, before: int = 0, limit: int = 100) -> list[Message]:
        newest: list[Message] = []
        async for page in self._pages(peer, after=after, before=before, size=min(limit, PAGE)):
            newest += page
            if len(newest) >= limit:
                break
        return newest[:limit][::-1]

    async def _pages(
        self, peer: Peer, *, after: int = 0, before: int = 0, size: int = PAGE
    ) -> AsyncIterator[list[Message]]:
        """The history in pages, newest first, as long as somebody asks."""
        offset = before
        while True:
            found = await self._call(
                functions.messages.GetHistoryRequest(self._input(peer), offset, None, 0, size, 0, after, 0)
            )
            yield sorted(_messages(found), key=lambda message: -message.id)
            if isinstance(found, message_types.MessagesNotModified) or len(found.messages) < size:
                return
            offset = found.messages[-1].id

    async def messages(self, peer: Peer, ids: Sequence[int]) -> list[Message]:
        return _messages(await self._messages_by_id(peer, ids))

    async def thumbnails(self, peer: Peer, ids: Sequence[int]) -> dict[int, bytes]:
        found = await self._messages_by_id(peer, ids)
        media = {raw.id: raw.media for raw in found.messages if _is_pictured(getattr(raw, "media", None))}
        loaded = {number: await self._thumbnail(thing) for number, thing in media.items()}
        return {number: data for number, data in loaded.items() if data}

    async def _thumbnail(self, media: Any) -> bytes | None:
        """None for what Telegram does not hand out, which is no reason to leave out the others."""
        try:
            async with self._asking() as client:
                # m is 320 pixels at most; Telethon goes to the data centre where it lies
                data: bytes | None = await client.download_media(media, bytes, thumb="m")
        except Refused:
            return None
        return data

    async def _messages_by_id(self, peer: Peer, ids: Sequence[int]) -> Any:
        wanted = [types.InputMessageID(number) for number in ids]
        target = self._input(peer)
        request = (
            functions.channels.GetMessagesRequest(target, wanted)
            if isinstance(target, types.InputPeerChannel)
            else functions.messages.GetMessagesRequest(wanted)
        )
        return await self._call(request)

    async def post_counts(self, channel: Peer, ids: Sequence[int]) -> dict[int, Counts]:
        # read as messages, never by GetMessagesViews: nothing here can count as a view
        return {message.id: message.counts for message in await self.messages(channel, ids)}

    async def delete(self, peer: Peer, ids: Sequence[int]) -> None:
        target = self._input(peer)
        await self._call(
            functions.channels.DeleteMessagesRequest(target, list(ids))
            if isinstance(target, types.InputPeerChannel)
            else functions.messages.DeleteMessagesRequest(list(ids), revoke=True)
        )

    async def mark_read(self, peer: Peer, up_to: int) -> None:
        await self._call(functions.messages.ReadHistoryRequest(self._input(peer), up_to))


def _is_pictured(media: Any) -> bool:
    """A photo, or a file that Telegram made a preview of."""
    has_preview = isinstance(media, types.MessageMediaDocument) and getattr(media.document, "thumbs", None)
    return isinstance(media, types.MessageMediaPhoto) or bool(has_preview)


def _is_same(found: Message, message: Outgoing, any_text: bool) -> bool:
    """Whether it is our own message with this text (Telegram trims it), in reply to the same."""
    text_fits = any_text or found.text.strip() == message.text.strip()
    return found.out and text_fits and found.reply_to == message.reply_to


def _sent(result: Any, random_id: int) -> Sent:
    """The id that the server gave, from whichever form its answer takes."""
    if isinstance(result, types.UpdateShortSentMessage):
        return Sent(result.id, result.date)
    updates = getattr(result, "updates", [])
    ids = {u.random_id: u.id for u in updates if isinstance(u, types.UpdateMessageID)}
    dates = {
        u.message.id: u.message.date
        for u in updates
        if isinstance(u, types.UpdateNewMessage | types.UpdateNewChannelMessage)
    }
    if random_id in ids:
        number = ids[random_id]
        return Sent(number, dates.get(number, result.date))
    raise OutcomeUnknown("ANSWER_WITHOUT_ID")


def _messages(found: Any) -> list[Message]:
    """Messages of an answer, without the empty places of deleted ones."""
    if isinstance(found, message_types.MessagesNotModified):
        return []
    people = convert.people_of(found.users)
    return [convert.message(raw, people) for raw in found.messages if not isinstance(raw, types.MessageEmpty)]
