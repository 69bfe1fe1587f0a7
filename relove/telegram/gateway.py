"""The door to Telegram: what may be asked of it, in our own words.

`Gateway` is a Protocol; `relove.telegram.mtproto` implements it with Telethon. Ids are bare
(a channel is 1234, never -1001234), times are aware and in UTC.

Errors, all `GatewayError`; `permanent` means that trying again cannot help, `retry_after` is in seconds:

    GatewayError
    ├── Waiting                 Telegram names a time; it costs no attempt
    │   ├── FloodWait           the account sends nothing until then (also FLOOD_PREMIUM_WAIT)
    │   └── SlowMode            this account waits in this chat only
    ├── Refused                 permanent, about this message or chat
    │   ├── ChatForbidden       CHAT_WRITE_FORBIDDEN, CHAT_GUEST_SEND_FORBIDDEN, CHANNEL_PRIVATE …
    │   ├── BannedInChannel     USER_BANNED_IN_CHANNEL: the account stops there, a person is told
    │   ├── PostGone            MSG_ID_INVALID: the post is deleted or its comments are off
    │   ├── PeerUnknown         no such user or chat, or never met by this account
    │   ├── BadMessage          empty, too long, or otherwise not to be sent
    │   └── PasswordNeeded      SESSION_PASSWORD_NEEDED: signing in goes on with the second password
    ├── AccountStopped          the account may not go on by itself
    │   ├── PeerFlood           PEER_FLOOD: it writes too much to strangers
    │   └── SessionLost         signed out, revoked, duplicated or banned; `code` tells which
    ├── AlreadySent             RANDOM_ID_DUPLICATE: delivered earlier, the answer has no message id
    ├── OutcomeUnknown          time-out or a cut connection: it may have been delivered
    └── Temporary               5xx: Telegram failed; it may have been delivered
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class GatewayError(Exception):
    """`code` is Telegram's own name for it, for logs and the details of a page."""

    permanent = False
    retry_after: float | None = None

    def __init__(self, code: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(code or type(self).__name__)
        self.code = code or type(self).__name__
        self.retry_after = retry_after


class Waiting(GatewayError):
    """Telegram asks to wait `retry_after` seconds."""


class FloodWait(Waiting):
    pass


class SlowMode(Waiting):
    pass


class Refused(GatewayError):
    permanent = True


class ChatForbidden(Refused):
    pass


class BannedInChannel(Refused):
    pass


class PostGone(Refused):
    pass


class PeerUnknown(Refused):
    pass


class BadMessage(Refused):
    pass


class PasswordNeeded(Refused):
    pass


class AccountStopped(GatewayError):
    permanent = True


class PeerFlood(AccountStopped):
    pass


class SessionLost(AccountStopped):
    pass


class AlreadySent(GatewayError):
    pass


class OutcomeUnknown(GatewayError):
    pass


class Temporary(GatewayError):
    pass


class PeerKind(StrEnum):
    """Telegram's three kinds of address; a supergroup is a channel to it."""

    USER = "user"
    CHAT = "chat"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Peer:
    """An address. The access hash is looked up in the account's own entities, never carried over."""

    kind: PeerKind
    id: int


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    username: str = ""
    first_name: str = ""
    last_name: str = ""
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A text to be sent. `random_id` was stored before the first attempt and never changes.

    With a `photo`, a JPEG, the text is its caption: at most 1024 UTF-16 units.
    """

    peer: Peer
    text: str
    random_id: int
    reply_to: int | None = None
    photo: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    message_id: int
    date: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """What Telegram counts of a message; None where it does not (views of group messages)."""

    views: int | None = None
    forwards: int | None = None
    replies: int | None = None
    reactions: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was seen. `sender` is None for anonymous and channel posts.

    `names` are those of people in the text, as far as Telegram knows: its signature, and who is mentioned
    by name instead of a username.
    """

    chat: Peer
    id: int
    text: str
    date: datetime
    sender: Person | None = None
    out: bool = False
    is_post: bool = False
    edited_at: datetime | None = None
    reply_to: int | None = None
    thread: int | None = None
    album: int | None = None
    media: str = ""
    forwarded: bool = False
    is_service: bool = False
    names: tuple[str, ...] = ()
    counts: Counts = field(default_factory=Counts)


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """A channel as Telegram shows it to this account."""

    peer: Peer
    title: str
    username: str
    description: str
    members_count: int | None
    is_broadcast: bool
    is_member: bool
    linked_group: Peer | None


@dataclass(frozen=True, slots=True)
class GroupInfo:
    """A group this account is in; `is_own` marks those it has made."""

    peer: Peer
    title: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """The account itself. The phone is kept out of reprs, and so out of logs and tracebacks."""

    id: int
    username: str
    first_name: str
    last_name: str
    phone: str = field(repr=False)
    bio: str
    # 0 without a photo
    photo_id: int = 0


@dataclass(frozen=True, slots=True)
class Authorization:
    """A place where the account is signed in. `number` names it to Telegram; `is_own` marks this connection's."""

    number: int
    is_own: bool
    device: str
    system: str
    app: str
    ip: str
    country: str
    since: datetime
    active: datetime


@dataclass(frozen=True, slots=True)
class NewMessage:
    kind = "new_message"
    message: Message


@dataclass(frozen=True, slots=True)
class EditedMessage:
    kind = "edited_message"
    message: Message


@dataclass(frozen=True, slots=True)
class DeletedMessages:
    """`chat` is None for private chats and small groups: Telegram names only the ids there."""

    kind = "deleted_messages"
    chat: Peer | None
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReactionsChanged:
    kind = "reactions"
    chat: Peer
    message_id: int
    reactions: int


@dataclass(frozen=True, slots=True)
class MessagesRead:
    """Read up to a message of a private chat: our messages by the person (`ours`), theirs by us elsewhere."""

    kind = "messages_read"
    chat: Peer
    up_to: int
    ours: bool


Update = NewMessage | EditedMessage | DeletedMessages | ReactionsChanged | MessagesRead
# Awaited for every update; when it raises, the update counts as not received.
Listener = Callable[[Update], Awaitable[None]]


class Gateway(Protocol):
    """One account's connection. Every method raises GatewayError and nothing else of its own."""

    async def connect(self, listener: Listener | None) -> Profile:
        """Connect, check that the session is alive, and fetch what was missed. Without a listener: sends only.

        When it raises, nothing is connected.
        """

    async def disconnect(self) -> None:
        """Let running handlers finish, store the update state, close the connection."""

    async def close(self) -> None:
        """Close the connection at once: handlers are cancelled, nothing is stored."""

    async def flush(self) -> None:
        """Store entities met since, and the update state up to which every handler has ended well."""

    @property
    def connected(self) -> bool:
        """False once the connection is gone for good."""

    async def send(self, message: Outgoing) -> Sent:
        """Send once. AlreadySent when Telegram had it before and does not say under which id."""

    async def find_own(self, message: Outgoing, not_before: datetime, *, any_text: bool = False) -> list[Sent]:
        """Own messages of the recent history with this text and reply_to, newest first; or with any text."""

    async def comment_place(self, channel: Peer, post_id: int) -> tuple[Peer, int]:
        """Where comments on a channel's post go: the linked group and the message to reply to."""

    async def resolve(self, name: str) -> ChannelInfo:
        """Look a channel up by @name or t.me link."""

    async def meet(self, person: Peer, name: str) -> None:
        """Make a person known to this account by their @name. PeerUnknown where the name is another's now."""

    async def channel(self, peer: Peer) -> ChannelInfo:
        """A channel this account has met, as it is now."""

    async def join(self, peer: Peer) -> None: ...

    async def history(self, peer: Peer, *, after: int = 0, before: int = 0, limit: int = 100) -> list[Message]:
        """Messages with an id above `after` and below `before`, oldest first, at most `limit` of the newest."""

    async def messages(self, peer: Peer, ids: Sequence[int]) -> list[Message]:
        """Messages by id; deleted ones are missing from the answer."""

    async def thumbnails(self, peer: Peer, ids: Sequence[int]) -> dict[int, bytes]:
        """Small pictures of messages with a photo or a previewed file, as Telegram made them, by message id."""

    async def post_counts(self, channel: Peer, ids: Sequence[int]) -> dict[int, Counts]:
        """Views, forwards, comments and reactions of posts; never counts as a view itself."""

    async def delete(self, peer: Peer, ids: Sequence[int]) -> None:
        """Delete own messages for everybody; those that are gone already count as deleted."""

    async def mark_read(self, peer: Peer, up_to: int) -> None:
        """The messages of a private chat up to this id have been read by the account."""

    async def create_group(self, title: str, about: str) -> Peer:
        """Make a group. Not to be repeated blindly: `groups` tells whether it is there."""

    async def groups(self) -> list[GroupInfo]:
        """The groups among the newest hundred dialogues; asking makes this account meet them."""

    async def set_group(self, peer: Peer, *, title: str, about: str, photo: bytes) -> None:
        """Title, description and, if one is given, the photo (a JPEG)."""

    async def invite_link(self, peer: Peer) -> str: ...

    async def come_in(self, link: str) -> None:
        """Join by an invite link; being there already is fine."""

    async def invite(self, group: Peer, person: Peer) -> bool:
        """Bring a person in; False where their privacy does not allow it."""

    async def is_member(self, group: Peer, person: Peer) -> bool: ...

    async def pin(self, peer: Peer, message_id: int) -> None: ...

    async def delete_group(self, peer: Peer) -> None:
        """For everybody in it."""

    async def close_group(self, peer: Peer) -> None:
        """From now on nobody but its admins may write there."""

    async def profile(self) -> Profile: ...

    async def set_profile(
        self, *, first_name: str | None = None, last_name: str | None = None, bio: str | None = None
    ) -> None:
        """Change what is given, leave the rest as it is."""

    async def photo(self) -> bytes:
        """The account's photo, a JPEG; nothing without one."""

    async def set_photo(self, jpeg: bytes) -> None: ...

    async def authorizations(self) -> list[Authorization]:
        """Where the account is signed in, this connection included."""

    async def end_authorization(self, number: int) -> None:
        """Sign the account out elsewhere."""
