"""What exists in the sandbox: people, channels, groups, messages, and the numbered changes of every box.

A box is a stream of messages with its own message ids and its own pts: each channel or group is one, and each
person has one for all private messages. What may happen to a world is in rules.py; this is only its memory,
and it can be pickled whole.
"""

import random
import time
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal

from relove.sandbox.tl import RpcError

# of the last two `ids` are the other person and the message up to which is read: by the owner, by the other
EventKind = Literal["new", "edit", "delete", "read_inbox", "read_outbox"]
_FIRST_USER, _FIRST_CHANNEL = 7_000_000_001, 2_000_000_001
_KEPT_EVENTS = 20_000


@dataclass(slots=True, frozen=True)
class Forward:
    """Where a message was forwarded from. `automatic` marks a post's copy in the linked discussion group."""

    date: int
    channel: int | None = None
    message: int | None = None
    name: str | None = None
    automatic: bool = False


@dataclass(slots=True)
class Message:
    """One message of one box. `sender` is None where a channel speaks as itself."""

    id: int
    date: int
    text: str
    sender: int | None
    entities: list[Any] | None = None
    media: Any = None
    reply_to: int | None = None
    top: int | None = None  # first message of the thread this one answers in
    forward: Forward | None = None
    views: int | None = None
    replies: int = 0
    reactions: dict[int, tuple[str, int]] = field(default_factory=dict)  # person -> (emoji, date)
    edited: int | None = None
    grouped: int | None = None
    discussion: int | None = None  # of a post: id of its copy in the discussion group
    peer: int | None = None  # private: the other person
    out: bool = False  # private: written by the owner of the box
    twin: int | None = None  # private: id of the same message in the other person's box


@dataclass(slots=True, frozen=True)
class Event:
    """One numbered change of a box; `pts` is the number after it, `count` how far it moved."""

    pts: int
    count: int
    kind: EventKind
    ids: tuple[int, ...]


@dataclass(slots=True)
class Thread:
    """Ids in ascending order with the reader's mark: a private dialogue or the comments under a post."""

    ids: list[int] = field(default_factory=list)
    read_inbox: int = 0


@dataclass(kw_only=True)
class Box:
    id: int
    messages: dict[int, Message] = field(default_factory=dict)
    ids: list[int] = field(default_factory=list)
    last_id: int = 0
    pts: int = 1
    events: list[Event] = field(default_factory=list)
    moved: float = 0.0  # time of the last event
    version: int = 0  # grows when what others see of the owner changes

    def new_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def put(self, message: Message) -> None:
        self.messages[message.id] = message
        self.ids.append(message.id)

    def drop(self, ids: list[int]) -> list[Message]:
        gone = [self.messages.pop(i) for i in ids if i in self.messages]
        for message in gone:
            remove_sorted(self.ids, message.id)
        return gone

    def record(self, kind: EventKind, ids: tuple[int, ...]) -> Event:
        count = len(ids) if kind == "delete" else 1
        self.pts += count
        self.moved = time.time()
        event = Event(self.pts, count, kind, ids)
        self.events.append(event)
        if len(self.events) > 2 * _KEPT_EVENTS:
            del self.events[:_KEPT_EVENTS]
        return event

    def events_after(self, pts: int) -> list[Event] | None:
        """What happened after `pts`; None where part of it is no longer known."""
        start = bisect_right(self.events, pts, key=lambda event: event.pts)
        if start == 0 and self.events and self.events[0].pts - self.events[0].count > pts:
            return None
        return self.events[start:]


@dataclass(kw_only=True)
class User(Box):
    first_name: str
    last_name: str = ""
    username: str | None = None
    phone: str | None = None
    about: str = ""
    bot: bool = False
    password: str = ""  # asked for after the code
    password_hint: str = ""
    banned: bool = False  # the number may not sign in
    photo: bytes = b""
    photo_id: int = 0
    photo_dc: int = 2  # where it lies
    uninvited: bool = False  # privacy: nobody may add them to groups
    channels: set[int] = field(default_factory=set)
    dialogs: dict[int, Thread] = field(default_factory=dict)


@dataclass(kw_only=True)
class Channel(Box):
    """A broadcast channel or a group ("megagroup"): both have a box and members of their own."""

    title: str
    broadcast: bool
    username: str | None = None
    about: str = ""
    date: int = 0
    linked: int | None = None  # a channel's discussion group, a group's channel
    members: set[int] = field(default_factory=set)
    admins: set[int] = field(default_factory=set)
    banned: set[int] = field(default_factory=set)
    invite: str = ""
    photo: bytes = b""
    pinned: tuple[int, ...] = ()
    closed: bool = False  # nobody but admins may write
    guests: bool = True  # of a discussion group: who has not joined may comment
    slowmode: int = 0
    last_sent: dict[int, float] = field(default_factory=dict)
    threads: dict[int, Thread] = field(default_factory=dict)
    read: dict[int, int] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return "channel" if self.broadcast else "group"


@dataclass(slots=True)
class LedgerEntry:
    """One accepted message; `chat` is the bare id of the receiver, the group or the channel."""

    seq: int
    account: int | None
    chat: int
    chat_kind: str
    message: int
    reply_to: int | None
    top: int | None
    random_id: int | None
    text: str
    time: float


@dataclass
class Settings:
    """Knobs that can be turned while the server runs. Durations in seconds."""

    forget_random_ids: float = 86_400.0
    duplicate_answer: Literal["error", "echo"] = "error"
    duplicated_key_window: float = 5.0
    # whether messages dated too early or too late are objected to
    checks_dates: bool = True
    rate: int | None = None  # accepted messages per second for the whole server
    difference_slice: int = 500
    channel_too_long: int = 5_000  # more missed events than this: ChannelDifferenceTooLong
    people: bool = False
    code_seconds: float = 300.0  # how long a code for signing in counts
    resend_seconds: int = 60  # after this long it may be asked for again
    link_seconds: float = 30.0


@dataclass
class World:
    seed: str = "sandbox"
    settings: Settings = field(default_factory=Settings)
    users: dict[int, User] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    usernames: dict[str, Box] = field(default_factory=dict)
    invites: dict[str, Channel] = field(default_factory=dict)
    ledger: list[LedgerEntry] = field(default_factory=list)
    sent: dict[int, OrderedDict[int, tuple[float, int, int]]] = field(default_factory=dict)
    people: list[dict[str, Any]] = field(default_factory=list)
    grouped: int = 10**12
    photos: dict[int, bytes] = field(default_factory=dict)  # uploaded ones, by id

    def add_user(self, *, id: int | None = None, username: str | None = None, **fields: Any) -> User:
        """Raises ValueError where the id or the username is taken."""
        number = id or max(self.users, default=_FIRST_USER - 1) + 1
        if number in self.users:
            raise ValueError(f"there is a person {number} already")
        user = User(id=number, username=username, **fields)
        self._take_username(user, username)
        self.users[number] = user
        return user

    def add_channel(
        self,
        *,
        id: int | None = None,
        username: str | None = None,
        members: set[int] | None = None,
        **fields: Any,
    ) -> Channel:
        """Raises ValueError where the id or the username is taken."""
        number = id or max(self.channels, default=_FIRST_CHANNEL - 1) + 1
        if number in self.channels:
            raise ValueError(f"there is a channel or group {number} already")
        channel = Channel(id=number, username=username, date=int(time.time()), **fields)
        channel.invite = channel.invite or self.digest("invite", number).hex()[:16]
        self._take_username(channel, username)
        self.channels[number] = channel
        self.invites[channel.invite] = channel
        for member in members or ():
            channel.members.add(member)
            self.users[member].channels.add(number)
        return channel

    def link(self, channel: Channel, group: Channel) -> None:
        channel.linked, group.linked = group.id, channel.id

    def rename(self, owner: User | Channel, username: str | None) -> None:
        if owner.username:
            self.usernames.pop(owner.username.lower(), None)
        self._take_username(owner, username)
        owner.username = username
        owner.version += 1

    def _take_username(self, owner: Box, username: str | None) -> None:
        if not username:
            return
        if username.lower() in self.usernames:
            raise ValueError(f"the username {username} is taken")
        self.usernames[username.lower()] = owner

    def digest(self, *parts: object) -> bytes:
        text = "|".join(str(part) for part in (self.seed, *parts))
        return blake2b(text.encode(), digest_size=16).digest()

    def access_hash(self, viewer: int, kind: str, id: int) -> int:
        """Signed 64 bits, another for every viewer."""
        return int.from_bytes(self.digest("hash", viewer, kind, id)[:8], "little", signed=True)

    def random(self, *parts: object) -> random.Random:
        return random.Random(self.digest("random", *parts))

    def new_group_id(self) -> int:
        self.grouped += 1
        return self.grouped

    def write_ledger(self, chat: int, kind: str, message: Message, random_id: int | None) -> None:
        self.ledger.append(
            LedgerEntry(
                seq=len(self.ledger) + 1,
                account=message.sender,
                chat=chat,
                chat_kind=kind,
                message=message.id,
                reply_to=message.reply_to,
                top=message.top,
                random_id=random_id,
                text=message.text,
                time=time.time(),
            )
        )

    def remembered(self, account: int, random_id: int) -> tuple[int, int] | None:
        """(box id, message id) of an earlier message with this random_id, while it is remembered."""
        sent = self.sent.setdefault(account, OrderedDict())
        limit = time.time() - self.settings.forget_random_ids
        while sent and next(iter(sent.values()))[0] < limit:
            sent.popitem(last=False)
        found = sent.get(random_id)
        return (found[1], found[2]) if found else None

    def remember(self, account: int, random_id: int, box: int, message: int) -> None:
        sent = self.sent.setdefault(account, OrderedDict())
        sent[random_id] = (time.time(), box, message)
        sent.move_to_end(random_id)

    def channel(self, id: int) -> Channel:
        if id not in self.channels:
            raise RpcError("CHANNEL_INVALID")
        return self.channels[id]


def remove_sorted(ids: list[int], id: int) -> None:
    place = bisect_left(ids, id)
    if place < len(ids) and ids[place] == id:
        del ids[place]
