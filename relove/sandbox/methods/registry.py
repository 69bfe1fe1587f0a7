"""Which function answers which request, and what it is given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from telethon.tl import types

from relove.sandbox.core import Core, Key
from relove.sandbox.rules import Change, may_read
from relove.sandbox.tl import RpcError
from relove.sandbox.updates import Listener
from relove.sandbox.world import Box, Channel, Message, User, World

Handler = Callable[["Call", Any], Any]
_HANDLERS: dict[type, Handler] = {}


def handles(*requests: type) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        for request in requests:
            _HANDLERS[request] = handler
        return handler

    return register


def find_handler(request: type) -> Handler | None:
    return _HANDLERS.get(request)


@dataclass(slots=True)
class Call:
    """One request: who asks, and the world as that person may see it."""

    core: Core
    key: Key
    origin: Listener

    @property
    def world(self) -> World:
        return self.core.world

    @property
    def user(self) -> User:
        if self.key.user is None:
            raise RpcError("AUTH_KEY_UNREGISTERED")
        return self.world.users[self.key.user]

    def channel(self, given: Any, *, to_write: bool = False) -> Channel:
        """The channel that is named, if the hash is this person's.

        It has to be readable; for writing, rules.may_write has the word.
        """
        channel = self.world.channels.get(getattr(given, "channel_id", 0))
        if channel is None or given.access_hash != self._hash("channel", channel.id):
            raise RpcError("CHANNEL_INVALID")
        if not to_write:
            may_read(self.world, self.user, channel)
        return channel

    def person(self, given: Any) -> User:
        """The person an InputUser or InputPeerUser names, if the hash is this person's."""
        if isinstance(given, types.InputPeerSelf | types.InputUserSelf):
            return self.user
        person = self.world.users.get(getattr(given, "user_id", 0))
        if person is self.user:
            return self.user
        if person is None or given.access_hash != self._hash("user", person.id):
            raise RpcError("USER_ID_INVALID" if isinstance(given, types.InputUser) else "PEER_ID_INVALID")
        return person

    def peer(self, given: Any, *, to_write: bool = False) -> User | Channel:
        if isinstance(given, types.InputPeerChannel | types.InputChannel):
            return self.channel(given, to_write=to_write)
        return self.person(given)

    def box(self, peer: User | Channel) -> Box:
        """Where messages with this peer are kept: the channel's box, or one's own."""
        return peer if isinstance(peer, Channel) else self.user

    def _hash(self, kind: str, id: int) -> int:
        return self.core.views.access_hash(self.user.id, kind, id)

    def commit(self, changes: list[Change]) -> None:
        self.core.commit(changes, self.origin)

    def updates(self, box: Box, messages: list[Message], updates: list[Any]) -> Any:
        return self.core.hub.bundle(self.user, box, messages, updates)
